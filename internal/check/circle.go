package check

import (
	"slices"

	"fleet/internal/jinja"
	"fleet/internal/source"
)

// circle notes a variable whose value uses the variable itself, by way of others too.
func (p *play) circle(r jinja.Ref, s site) bool {
	if len(p.within) == 0 || !r.Always || p.learnt.open || p.learnt.has(r.Name) {
		return false
	}
	scopes := p.scopesAt(s.entry)
	for _, scope := range scopes {
		value, _ := scope.Lookup(r.Name)
		v, isTemplate := value.(template)
		if !isTemplate || !slices.Contains(p.within, v) {
			return false
		}
	}
	if len(scopes) > 0 {
		p.doubt(source.Errorf(r.Pos, "the value of %s uses %s itself", jinja.Repr(r.Name), jinja.Repr(r.Name)).
			WithHint("give one of the two another name"), s.certain && p.Refused == nil)
	}
	return len(scopes) > 0
}
