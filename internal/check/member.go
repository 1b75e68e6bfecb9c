package check

import (
	"slices"
	"strings"

	"fleet/internal/jinja"
	"fleet/internal/source"
)

// members checks what is taken of a variable, where its value is known as far as that
// matters. Where failures are caught, one may be wanted.
func (p *play) members(r jinja.Ref, s site) {
	if len(r.Path) == 0 || strings.HasPrefix(r.Path[0], "is ") || len(p.hosts) == 0 || p.forgiving > 0 {
		return
	}
	s.certain = s.certain && r.Always
	if strings.Contains(r.Path[0], "{{") {
		p.doubt(source.Errorf(r.StepPos(0), "braces within braces are no template: %s is taken as it is written", jinja.Repr(r.Path[0])).
			WithHint("a variable within {{ }} stands there by its name alone"), false)
		return
	}
	switch {
	case p.learnt.open:
	case s.locals[r.Name]:
		p.member(r, s.items[r.Name], s)
	case r.Name == "groups" || r.Name == "hostvars":
		p.inInventory(r, s)
	case p.recorded(r.Name, s) != nil:
		p.inResult(r, p.recorded(r.Name, s), s)
	default:
		p.member(r, p.valuesOf(r.Name, s), s)
	}
}

// valuesOf returns the values that a variable has on the play's hosts; none where a
// task may set another, or a host has none.
func (p *play) valuesOf(name string, s site) []any {
	if p.learnt.has(name) {
		return nil
	}
	var out []any
	for _, scope := range p.scopesAt(s.entry) {
		v, ok := scope.Lookup(name)
		if !ok {
			return nil
		}
		out = append(out, v)
	}
	return out
}

// lacks notes a member that a value does not have.
func (p *play) lacks(r jinja.Ref, s site, hint string) {
	owner := strings.Join(append([]string{r.Name}, r.Path[:len(r.Path)-1]...), ".")
	e := source.Errorf(r.StepPos(len(r.Path)-1), "%s has no attribute %s", jinja.Repr(owner), jinja.Repr(r.Path[len(r.Path)-1]))
	e.Hint = hint
	p.doubt(e, s.certain && !s.lenient && p.Refused == nil)
}

// member checks the first step of a path against all values that the variable has.
func (p *play) member(r jinja.Ref, all []any, s site) {
	if len(all) == 0 {
		return
	}
	name, texts := r.Path[0], 0
	var there []string
	for _, v := range all {
		switch v := v.(type) {
		case *jinja.Map:
			if v.Has(name) || jinja.IsDictMethod(name) {
				return
			}
			for key := range v.All() {
				there = append(there, jinja.Str(key))
			}
		case string:
			if jinja.IsTextMethod(name) {
				return
			}
			texts++
		default:
			return
		}
	}
	slices.Sort(there)
	r.Path = r.Path[:1]
	hint := source.DidYouMean(name, slices.Compact(there))
	switch {
	case hint != "":
	case texts > 0:
		hint = "it is a text"
	case s.turns == "items" && (name == "key" || name == "value"):
		hint = "with_items takes a mapping for one item: use with_dict"
	}
	p.lacks(r, s, hint)
}

// inInventory checks the name of a group or a host.
func (p *play) inInventory(r jinja.Ref, s site) {
	name := r.Path[0]
	if p.learnt.hosts[name] || jinja.IsDictMethod(name) {
		return
	}
	var all []string
	if r.Name == "hostvars" {
		if _, known := p.Inventory.Host(name); known || isLocal(name) {
			return
		}
		for _, h := range p.Inventory.Hosts() {
			all = append(all, h.Name)
		}
	} else {
		for _, g := range p.Inventory.Groups() {
			all = append(all, g.Name)
		}
	}
	if name == "all" || name == "ungrouped" || slices.Contains(all, name) {
		return
	}
	near := slices.ContainsFunc(all, func(other string) bool { return slip(name, other) })
	if !near && !s.certain {
		return // it may be there in another inventory, where that is reached
	}
	kind := map[string]string{"groups": "group", "hostvars": "host"}[r.Name]
	hint := source.DidYouMean(name, all)
	if hint == "" {
		hint = "the inventory has no " + kind + " of that name"
	}
	r.Path = r.Path[:1]
	p.lacks(r, s, hint)
}
