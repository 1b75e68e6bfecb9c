package check

import (
	"slices"
	"strings"

	"fleet/internal/argument"
	"fleet/internal/jinja"
	"fleet/internal/playbook"
	"fleet/internal/source"
	"fleet/internal/spec"
)

// forms checks arguments that are written in a language of their own, such as
// regular expressions, where they stand as they will be.
func (p *play) forms(t *playbook.Task, g *given, s site) {
	if g.module == nil {
		return
	}
	for name, v := range g.values {
		a, _ := spec.Find(g.module.Args(), name)
		if p.Forms[a.Form] == nil || v == nil || v == (opaque{}) || a.Form == spec.Mode && v == "preserve" {
			continue
		}
		if n, number := v.(int); number && a.Form == spec.Mode {
			p.decimal(g, name, n)
		} else if err := p.Forms[a.Form](v); err != nil {
			p.add(source.Errorf(g.pos[name], "%s: argument %q: %w", g.module.Name, name, err), s.certain)
		}
	}
}

// decimal warns about a mode that is written like an octal number and is none.
func (p *play) decimal(g *given, name string, n int) {
	if written := g.nodes[name]; !written.Exists() || n < 8 || strings.HasPrefix(written.Text(), "0") {
		return
	}
	p.doubt(source.Errorf(g.pos[name], "%s: argument %q: %d is a decimal number, %04o as a mode", g.module.Name, name, n, n).
		WithHint(`write it as "%04d", in quotes`, n), false)
}

// patternError returns what is wrong with the regular expressions that filters and
// tests are called with.
func (r *run) patternError(calls []jinja.Call) *source.Error {
	test := r.Forms[spec.Regexp]
	if test == nil {
		return nil
	}
	for _, c := range calls {
		pattern, found := patternOf(argument.ShortName(c.Name), c.Args)
		if !found {
			continue
		}
		if err := test(pattern); err != nil {
			return source.Errorf(c.Pos, "%s: %w", c.Name, err)
		}
	}
	return nil
}

// patternOf returns the regular expression among the first arguments of a filter or
// a test: of those that call another one by its name, that one's.
func patternOf(name string, args []string) (string, bool) {
	switch name {
	case "regex_replace", "regex_search", "regex_findall", "match", "search", "regex":
		if len(args) > 0 {
			return args[0], true
		}
	case "select", "reject", "map":
		if len(args) > 1 && !slices.Contains([]string{"select", "reject", "map"}, args[0]) {
			return patternOf(args[0], args[1:])
		}
	case "selectattr", "rejectattr":
		if len(args) > 2 {
			return patternOf(args[1], args[2:])
		}
	}
	return "", false
}
