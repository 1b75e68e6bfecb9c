package engine

import (
	"errors"
	"fmt"
	"strings"

	"fleet/internal/jinja"
	"fleet/internal/playbook"
	"fleet/internal/source"
	"fleet/internal/vars"
)

// loopItems evaluates what a loop runs over.
func (u *turn) loopItems(c *jinja.Context) ([]any, error) {
	loop := u.task.Loop
	if loop.Lookup == "first_found" {
		return u.firstFound(c)
	}
	v, err := u.engine.value(c, loop.Items)
	if err != nil {
		return nil, err
	}
	switch loop.Lookup {
	case "":
		if m, ok := v.(jinja.Tuple); ok {
			return m, nil
		}
		l, ok := v.([]any)
		if !ok {
			return nil, loop.Items.Errorf("loop wants a list, not %s", short(jinja.Repr(v))).
				WithHint("a mapping becomes a list with `| dict2items`, text with `| split`")
		}
		return l, nil
	case "list":
		if l, ok := v.([]any); ok {
			return l, nil
		}
		return nil, loop.Items.Errorf("with_list expects a list, not %s", short(jinja.Repr(v)))
	case "items":
		return flatten(v), nil
	}
	return u.lookup(c, loop, v)
}

func short(s string) string {
	if len(s) > 80 {
		return s[:77] + "..."
	}
	return s
}

// flatten makes a list of v, in which lists lose one level.
func flatten(v any) []any {
	l, ok := v.([]any)
	if !ok {
		return []any{v}
	}
	var out []any
	for _, e := range l {
		if inner, ok := e.([]any); ok {
			out = append(out, inner...)
		} else {
			out = append(out, e)
		}
	}
	return out
}

// lookup runs the lookup behind with_NAME.
func (u *turn) lookup(c *jinja.Context, loop *playbook.Loop, terms any) ([]any, error) {
	expr, err := u.engine.exprs.of("query('"+strings.ReplaceAll(loop.Lookup, "'", "")+"', *fleet_terms)", loop.Pos)
	if err != nil {
		return nil, err
	}
	if _, ok := terms.(*jinja.Map); ok && loop.Lookup == "indexed_items" {
		return nil, source.Errorf(loop.Pos, "with_indexed_items expects a list")
	}
	if _, ok := terms.([]any); !ok {
		terms = []any{terms}
	}
	scope, ok := c.Scope.(*vars.Scope)
	if !ok {
		return nil, errors.New("no variables here")
	}
	v, err := expr.Value(c.With(scope.With(map[string]any{"fleet_terms": terms})))
	if err != nil {
		return nil, err
	}
	l, ok := v.([]any)
	if !ok {
		return nil, fmt.Errorf("with_%s gives no list", loop.Lookup)
	}
	return l, nil
}

// firstFound keeps the terms of with_first_found together: they may be a list of
// names or a mapping. They are looked for among the files that the module is for.
func (u *turn) firstFound(c *jinja.Context) ([]any, error) {
	v, err := defined(c, u.engine.Vars.Value(u.task.Loop.Items))
	if err != nil {
		return nil, err
	}
	env := *c.Env
	env.Lookups = u.engine.lookups(u.searchFor(u.task), kindOf(u.task.Module))
	among := c.With(c.Scope)
	among.Env = &env
	return u.lookup(among, u.task.Loop, v)
}

// defined evaluates a value and leaves out the elements of lists that need an
// undefined variable: such a name is of a file that is not there.
func defined(c *jinja.Context, v any) (any, error) {
	switch v := v.(type) {
	case []any:
		out := []any{}
		for _, e := range v {
			d, err := defined(c, e)
			if jinja.IsUndefined(err) {
				continue
			}
			if err != nil {
				return nil, err
			}
			out = append(out, d)
		}
		return out, nil
	case *jinja.Map:
		out := jinja.NewMap()
		for k, e := range v.All() {
			d, err := defined(c, e)
			if err != nil {
				return nil, err
			}
			out.Set(k, d)
		}
		return out, nil
	}
	return jinja.Deep(c, v)
}

// kindOf returns which files a module is for.
func kindOf(module string) string {
	for _, kind := range []string{"template", "var"} {
		if strings.Contains(module, kind) {
			return kind + "s"
		}
	}
	return "files"
}
