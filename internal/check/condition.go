package check

import (
	"slices"

	"fleet/internal/source"
)

// conditions checks conditions that stand around s, and returns the site behind
// them.
func (p *play) conditions(list []source.Node, s site) site {
	for _, n := range list {
		if v := source.Scalar(n); v == true {
			continue
		} else if v == false || v == nil {
			s = s.perhaps()
			s.never = s.never || v == false
			continue
		}
		p.constant(n)
		t := p.condition(n)
		p.use(t, s)
		s = s.perhaps()
		s.tested = s.tested.with(tests(t)...)
	}
	return s
}

// unconditional reports whether conditions always hold.
func unconditional(list []source.Node) bool {
	return !slices.ContainsFunc(list, func(n source.Node) bool { return source.Scalar(n) != true })
}

// condition returns a bare expression, or the template that stands in its place.
func (p *play) condition(n source.Node) *text {
	if n.IsString() && p.template(n) != nil {
		p.doubt(source.Errorf(n.Pos(), "a condition is an expression already").WithHint("leave out {{ and }}"), false)
	}
	return p.judged(n)
}

// judged is condition where a template may well be meant: in an argument.
func (p *play) judged(n source.Node) *text {
	if n.IsString() {
		if t := p.template(n); t != nil {
			return t
		}
	}
	return p.expression(n)
}

// tests returns the variables that a text asks for.
func tests(t *text) []string {
	var out []string
	for _, r := range t.refs {
		if r.Guarded {
			out = append(out, r.Name)
		}
	}
	return out
}
