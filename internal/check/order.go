package check

import (
	"fleet/internal/argument"
	"fleet/internal/jinja"
	"fleet/internal/playbook"
	"fleet/internal/source"
)

// setNames returns the variables that a task sets by register and set_fact.
func (p *play) setNames(t *playbook.Task) []string {
	var out []string
	if t.Register != "" {
		out = append(out, t.Register)
	}
	if argument.ShortName(t.Module) == "set_fact" {
		for name := range p.given(t).values {
			out = append(out, name)
		}
	}
	return out
}

// sets notes that the walk has come to a task that sets variables.
func (p *play) sets(t *playbook.Task) {
	for _, name := range p.setNames(t) {
		p.sofar[name] = true
	}
}

// tooEarly notes a variable that is used before any task can have set it. Facts
// that an earlier run has kept are not reckoned with: whoever keeps some, asks for
// them by default() or a test.
func (p *play) tooEarly(r jinja.Ref, s site) {
	set, later := p.learnt.later[r.Name]
	if !later || p.learnt.elsewhere[r.Name] || p.sofar[r.Name] || p.learnt.open || p.learnt.isFact(r.Name) {
		return
	}
	e := source.Errorf(r.Pos, "%q is used before a task sets it", r.Name).WithHint("it is set at %s", set)
	p.doubt(e, s.certain && !s.lenient && p.Refused == nil)
}
