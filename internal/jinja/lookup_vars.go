package jinja

import (
	"fmt"

	"fleet/internal/source"
)

func lookupVars(c *Context, terms []any, kw *Map) ([]any, error) {
	otherwise, hasDefault := kw.Get("default")
	out := []any{}
	for _, t := range terms {
		name, isText := t.(string)
		if !isText {
			return nil, newError("Invalid setting identifier, \"%s\" is not a string", Str(t)).WithHint("the lookup vars takes names of variables")
		}
		v, ok := c.Scope.Lookup(name)
		if ok {
			var err error
			if v, err = Deep(c, v); err != nil && (!hasDefault || !IsUndefined(err)) {
				return nil, err
			} else if err != nil {
				v = otherwise
			}
		} else if v = otherwise; !hasDefault {
			return nil, &source.Error{Msg: fmt.Sprintf("No variable found with this name: %s", name),
				Hint: source.DidYouMean(name, sorted(c.Scope.Names())), Err: errUndefined}
		}
		out = append(out, v)
	}
	return out, nil
}

func lookupVarnames(c *Context, terms []any, _ *Map) ([]any, error) {
	names := c.Scope.Names()
	out := []any{}
	for _, t := range terms {
		if _, ok := t.(string); !ok {
			return nil, newError("Invalid setting identifier, %s is not a string, it is a %s", Repr(t), typeName(t))
		}
		re, err := regexCompile(t, false, false)
		if err != nil {
			return nil, newError("Unable to use %s as a search parameter: %w", Repr(t), err)
		}
		for _, n := range names {
			m, err := re.Search(n, 0, false)
			if err != nil {
				return nil, err
			}
			if m != nil {
				out = append(out, n)
			}
		}
	}
	return out, nil
}

// lookupByFilter is a lookup that is a filter on its first term; names are those
// that its terms can be given by.
func lookupByFilter(filter string, names ...string) LookupFunc {
	return func(c *Context, terms []any, kw *Map) ([]any, error) {
		a := Args{Pos: terms, Kw: kw.Clone()}
		if len(terms) == 0 {
			first, ok := kw.Get(names[0])
			if !ok {
				return nil, newError("the lookup %q needs a term", filter)
			}
			a.Pos = []any{first}
			a.Kw.Delete(names[0])
		}
		if len(a.Pos) > len(names) {
			return nil, newError("the lookup %q takes at most %d terms", filter, len(names))
		}
		def, err := c.tables.find("filter", filter)
		if err != nil {
			return nil, err
		}
		v, err := c.apply(def, "filter", a.Pos[0], Args{Pos: a.Pos[1:], Kw: a.Kw})
		if err != nil {
			return nil, err
		}
		if _, isList := v.([]any); isList {
			return listed(v.([]any)), nil
		}
		return []any{v}, nil
	}
}
