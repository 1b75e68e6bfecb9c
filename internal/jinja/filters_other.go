package jinja

import (
	"sort"
	"strings"
)

var jinjaOnlyFilters = []filter{
	{name: "attr", params: "name", takes: takesLazy, fn: func(c *Context, v any, a []any) (any, error) {
		name, err := textArg("name", a[0])
		if err != nil {
			return nil, err
		}
		if m, ok := v.(*Map); ok && !c.tables.isMethod(m, name) {
			return &Undefined{Name: name, owner: v, attr: true}, nil
		}
		return c.attr(v, name, place{})
	}},
}

var formatFilters = []filter{
	{name: "pprint", fn: func(c *Context, v any, _ []any) (any, error) { return pprint(v, 0, 80), nil }},
}

// pprint is Python's pprint.pformat: a value on one line where it fits, else an
// element a line; keys sorted.
func pprint(v any, indent, width int) string {
	flat := Repr(v)
	if len(flat) > 1<<20 {
		return flat // too large to lay out
	}
	v = sortKeys(v, 0)
	if flat = Repr(v); len([]rune(flat)) <= width-indent {
		return flat
	}
	switch x := v.(type) {
	case []any:
		return pprintItems("[", "]", x, indent, width)
	case Tuple:
		return pprintItems("(", ")", x, indent, width)
	case *Map:
		var lines []string
		for i, k := range x.keys {
			key := Repr(k) + ": "
			tail := 1
			if i == len(x.keys)-1 {
				tail = 1
			}
			lines = append(lines, key+pprint(x.vals[i], indent+1+len([]rune(key)), width-tail))
		}
		return "{" + strings.Join(lines, ",\n"+strings.Repeat(" ", indent+1)) + "}"
	}
	return flat
}

func pprintItems(open, end string, items []any, indent, width int) string {
	lines := make([]string, len(items))
	for i, e := range items {
		lines[i] = pprint(e, indent+1, width-1)
	}
	return open + strings.Join(lines, ",\n"+strings.Repeat(" ", indent+1)) + end
}

// sortKeys returns v with the keys of all dictionaries in order.
func sortKeys(v any, depth int) any {
	if depth > maxDepth {
		return v
	}
	switch x := v.(type) {
	case []any:
		out := make([]any, len(x))
		for i, e := range x {
			out[i] = sortKeys(e, depth+1)
		}
		return out
	case Tuple:
		return Tuple(sortKeys([]any(x), depth).([]any))
	case *Map:
		keys := x.Keys()
		sort.SliceStable(keys, func(i, j int) bool {
			o, err := order(keys[i], keys[j])
			if err != nil {
				return typeName(keys[i]) < typeName(keys[j])
			}
			return o < 0
		})
		out := &Map{}
		for _, k := range keys {
			e, _ := x.Get(k)
			out.Set(k, sortKeys(e, depth+1))
		}
		return out
	}
	return v
}
