package demand

import (
	"slices"
	"strings"

	"fleet/internal/jinja"
	"fleet/internal/source"
)

// node takes in all texts of a node. Each is taken for whatever it could be: a
// template, or an expression without braces.
func (r *run) node(n source.Node) {
	if !n.Exists() || !r.meets(n.Node) {
		return
	}
	switch {
	case n.IsMap():
		for _, p := range n.Pairs() {
			if jinja.IsTemplate(p.Key.Text()) {
				r.node(p.Key)
			}
			if p.Key.Text() == "ansible_connection" {
				r.connection(p.Value)
			}
			r.node(p.Value)
		}
	case n.IsList():
		for _, item := range n.Items() {
			r.node(item)
		}
	case strings.HasPrefix(n.Tag, "!") && !strings.HasPrefix(n.Tag, "!!"):
		if n.Tag != "!unsafe" {
			r.anything() // what is encrypted may be a template
		}
	case n.IsString() && jinja.IsTemplate(n.Text()):
		r.value(r.Vars.Value(n))
	case n.IsString() && !r.values:
		r.text(n.Text(), n.Pos())
	}
}

// value takes in a value of variables.
func (r *run) value(v any) {
	switch v := v.(type) {
	case *jinja.Map:
		if v == nil {
			return
		}
		for _, e := range v.All() {
			r.value(e)
		}
	case []any:
		for _, e := range v {
			r.value(e)
		}
	case interface {
		Template() (*jinja.Template, error)
	}:
		r.template(v.Template())
	case jinja.Lazy:
		r.anything()
	}
}

// text takes in a text without braces. A text that is no expression is read by
// nobody, unless it holds others, as in "var=a msg=b".
func (r *run) text(s string, pos source.Pos) {
	x, err := jinja.ParseExpr(s, pos)
	switch {
	case err == nil:
		r.uses(x.Uses())
	case strings.Contains(s, "="):
		r.words(s)
	}
}

// words takes every word of a text for a variable that is read as a whole.
func (r *run) words(s string) {
	for _, word := range strings.FieldsFunc(s, func(c rune) bool {
		return c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z')
	}) {
		r.reads(word, nil)
	}
}

func (r *run) template(t *jinja.Template, err error) {
	if err != nil {
		r.anything()
		return
	}
	if r.meets(t) {
		r.uses(t.Uses())
	}
}

// uses takes in what a text reads.
func (r *run) uses(u jinja.Uses) {
	lookups := 0
	for _, ref := range u.Refs {
		switch ref.Name {
		case "lookup", "query", "q":
			lookups++
		default:
			r.reads(ref.Name, ref.Path)
		}
	}
	for _, c := range u.Calls {
		if c.Kind == "lookup" {
			lookups--
			r.lookup(c.Name)
		}
	}
	if lookups != 0 || u.Loads {
		r.anything()
	}
}

// reads notes that members of a variable are read.
func (r *run) reads(name string, path []string) {
	switch name {
	case "vars", "hostvars":
		r.anything()
		return
	}
	paths := r.demand.uses[name]
	if !slices.ContainsFunc(paths, func(p []string) bool { return slices.Equal(p, path) }) {
		r.demand.uses[name] = append(paths, path)
	}
}

// lookup notes that a lookup is used: those that read no variables but their
// terms are named here.
func (r *run) lookup(name string) {
	name = name[strings.LastIndexByte(name, '.')+1:]
	if !slices.Contains([]string{"cartesian", "config", "csvfile", "dict", "env", "file", "fileglob", "first_found", "flattened", "indexed_items",
		"ini", "items", "lines", "list", "nested", "password", "pipe", "random_choice", "sequence", "subelements", "together", "url"}, name) {
		r.anything()
	}
	r.writes = r.writes || name == "pipe" || name == "password"
}
