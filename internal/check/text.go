package check

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	"fleet/internal/argument"
	"fleet/internal/jinja"
	"fleet/internal/source"
)

// text is a template or an expression of the operator, read once.
type text struct {
	err   *source.Error
	refs  []jinja.Ref
	maybe bool // it may turn out to be omitted
	// indirect: variables are looked up by their names, as texts.
	indirect bool
}

// parsed is what templates and expressions have in common.
type parsed interface {
	Names() []jinja.Ref
	Calls() []jinja.Call
}

// template is a value that is a template.
type template interface {
	jinja.Lazy
	parsed
	Check() error
	Source() string
	Pos() source.Pos
}

// template returns what a scalar holds that is a template, or nil.
func (r *run) template(n source.Node) *text {
	if t, known := r.texts[n.Node]; known {
		return t
	}
	var t *text
	if lazy, ok := jinja.FromYAML(n).(template); ok {
		t = r.lazy(lazy)
	}
	r.texts[n.Node] = t
	return t
}

// lazy returns what a value holds that is a template.
func (r *run) lazy(v template) *text {
	if t, known := r.texts[v]; known {
		return t
	}
	t := r.newText(v, v.Check(), v.Source(), v.Pos())
	r.texts[v] = t
	return t
}

// expression is a bare expression's key in the texts.
type expression struct{ n any }

// expression returns what a bare expression holds.
func (r *run) expression(n source.Node) *text {
	if t, known := r.texts[expression{n.Node}]; known {
		return t
	}
	x, err := jinja.ParseExpr(n.Text(), n.TextPos())
	t := r.newText(x, err, n.Text(), n.TextPos())
	r.texts[expression{n.Node}] = t
	return t
}

func (r *run) newText(p parsed, err error, src string, pos source.Pos) *text {
	if err != nil {
		return &text{err: asError(err, pos)}
	}
	t := &text{maybe: strings.Contains(src, "omit"), err: r.lookupError(p.Calls())}
	if t.err == nil {
		t.err = r.patternError(p.Calls())
	}
	if t.err == nil {
		t.err = r.callError(p.Calls())
	}
	t.refs, t.indirect = p.Names(), slices.ContainsFunc(p.Calls(), byName) || takesIn().MatchString(src)
	return t
}

// byName reports whether a call looks variables up by their names.
func byName(c jinja.Call) bool {
	return c.Kind == "lookup" && slices.Contains([]string{"vars", "varnames", "template", "merge_variables"}, argument.ShortName(c.Name))
}

// takesIn matches a template that takes in others, whose variables are not seen.
var takesIn = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`\{%-?\s*(?:include|import|from|extends)\b`)
})

// lookupError returns what is wrong with the names of lookups.
func (r *run) lookupError(calls []jinja.Call) *source.Error {
	for _, c := range calls {
		name := argument.ShortName(c.Name)
		if c.Kind == "lookup" && !slices.Contains(r.lookups, name) {
			e := source.Errorf(c.Pos, "unknown lookup %q", c.Name)
			e.Hint = jinja.LookupHint(name, r.lookups)
			return e
		}
	}
	return nil
}

// leaf calls f for every scalar in a node that is a template.
func (r *run) leaf(n source.Node, f func(source.Node, *text)) {
	switch {
	case n.IsMap():
		for _, p := range n.Pairs() {
			r.leaf(p.Value, f)
		}
	case n.IsList():
		for _, item := range n.Items() {
			r.leaf(item, f)
		}
	case n.IsString():
		if t := r.template(n); t != nil {
			f(n, t)
		}
	}
}

// isTemplate reports whether a node is text with a template in it.
func (r *run) isTemplate(n source.Node) bool { return n.IsString() && r.template(n) != nil }

// literal returns a scalar's text where it is no template.
func (r *run) literal(n source.Node) (string, bool) {
	if !n.Exists() || n.IsMap() || n.IsList() || n.IsNull() || r.isTemplate(n) {
		return "", false
	}
	return strings.TrimSpace(n.Text()), true
}
