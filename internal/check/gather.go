package check

import (
	"slices"
	"strings"

	"fleet/internal/jinja"
	"fleet/internal/source"
)

// gathers reports whether the play finds the facts of its hosts. What is not known
// before the run may.
func (p *play) gathers() bool {
	yes, isBool := source.Scalar(p.src.GatherFacts).(bool)
	return !p.src.GatherFacts.Exists() || !isBool || yes
}

// ungathered notes a fact that nothing has asked the hosts for.
func (p *play) ungathered(r jinja.Ref, s site) {
	if p.Kept || p.gathered || p.learnt.open || p.Extra.Has("ansible_facts") {
		return
	}
	name, isFact := strings.CutPrefix(r.Name, "ansible_")
	if r.Name == "ansible_facts" {
		if len(r.Path) == 0 || strings.HasPrefix(r.Path[0], "is ") {
			return
		}
		name = r.Path[0]
	}
	if !isFact || !slices.Contains(p.Facts, name) || p.learnt.has(name) || p.learnt.has("ansible_"+name) {
		return
	}
	s.certain = s.certain && r.Always
	hint := "the play gathers no facts: leave out gather_facts: false, or run the module setup first"
	if r.Name == "ansible_facts" {
		r.Path = r.Path[:1]
		p.lacks(r, s, hint)
		return
	}
	e := source.Errorf(r.Pos, "%s is undefined", jinja.Repr(r.Name)).WithHint("%s", hint)
	p.doubt(e, s.certain && !s.lenient && p.Refused == nil)
}
