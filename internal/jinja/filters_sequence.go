package jinja

import (
	crand "crypto/rand"
	"math/big"
	"slices"
	"unicode/utf8"
)

// sequenceFilters are Jinja's filters for lists and dictionaries.
var sequenceFilters = []filter{
	{name: "batch", params: "linecount fill_with=none", fn: filterBatch},
	{name: "count length", takes: takesLazy, fn: filterLength},
	{name: "d default", params: "default_value='' boolean=false", takes: takesUndefined | takesLazy, fn: filterDefault},
	{name: "dictsort", params: "case_sensitive=false by=key reverse=false", fn: filterDictsort},
	{name: "first", takes: takesLazy, fn: func(c *Context, v any, _ []any) (any, error) { return c.edge(v, "first") }},
	{name: "last", takes: takesLazy, fn: func(c *Context, v any, _ []any) (any, error) { return c.edge(v, "last") }},
	{name: "groupby", params: "attribute default=none case_sensitive=false", fn: filterGroupby},
	{name: "items", takes: takesUndefined, fn: filterItems},
	{name: "join", params: "d='' attribute=none", fn: filterJoin},
	{name: "list", fn: filterList},
	{name: "map", params: "*args **kwargs", fn: filterMap},
	{name: "max", params: "case_sensitive=false attribute=none", fn: func(c *Context, v any, a []any) (any, error) { return c.extreme(v, a, 1) }},
	{name: "min", params: "case_sensitive=false attribute=none", fn: func(c *Context, v any, a []any) (any, error) { return c.extreme(v, a, -1) }},
	{name: "random", params: "start=none step=none seed=none", fn: filterRandom},
	{name: "shuffle", params: "seed=none", fn: filterShuffle},
	{name: "reject", params: "*args **kwargs", fn: selector(false, false)},
	{name: "rejectattr", params: "*args **kwargs", fn: selector(true, false)},
	{name: "select", params: "*args **kwargs", fn: selector(false, true)},
	{name: "selectattr", params: "*args **kwargs", fn: selector(true, true)},
	{name: "reverse", fn: filterReverse},
	{name: "slice", params: "slices fill_with=none", fn: filterSlice},
	{name: "sort", params: "reverse=false case_sensitive=false attribute=none", fn: filterSort},
	{name: "sum", params: "attribute=none start=0", fn: filterSum},
	{name: "unique", params: "case_sensitive=none attribute=none", fn: filterUnique},
}

func filterBatch(c *Context, v any, a []any) (any, error) {
	items, err := c.iterate(v)
	if err != nil {
		return nil, err
	}
	n, err := intArg("linecount", a[0])
	if err != nil {
		return nil, err
	}
	if n > maxItems {
		return nil, newError("the argument \"linecount\" must be at most %d", maxItems)
	}
	out := []any{}
	if n < 1 && len(items) > 0 { // never full: Jinja puts all into one row
		if n == 0 {
			out = append(out, []any{})
		}
		return append(out, slices.Clone(items)), nil
	}
	for len(items) > 0 {
		row := slices.Clone(items[:min(n, len(items))])
		items = items[len(row):]
		for a[1] != nil && len(row) < n {
			row = append(row, a[1])
		}
		out = append(out, row)
	}
	return out, nil
}

func filterSlice(c *Context, v any, a []any) (any, error) {
	items, err := c.iterate(v)
	if err != nil {
		return nil, err
	}
	n, err := intArg("slices", a[0])
	if err != nil {
		return nil, err
	}
	if n < 1 || n > maxItems {
		return nil, newError("the argument \"slices\" must be at least 1")
	}
	out := make([]any, 0, n)
	size, more := len(items)/n, len(items)%n
	for i := range n {
		take := size
		if i < more {
			take++
		}
		row := slices.Clone(items[:take])
		items = items[take:]
		if a[1] != nil && i >= more {
			row = append(row, a[1])
		}
		out = append(out, row)
	}
	return out, nil
}

func filterLength(c *Context, v any, _ []any) (any, error) {
	switch x := v.(type) {
	case string:
		return utf8.RuneCountInString(x), nil
	case nil, bool, int, float64:
		return nil, newError("%s has no length", describe(v))
	}
	items, err := c.iterate(v)
	return len(items), err
}

func filterDefault(c *Context, v any, a []any) (any, error) {
	if _, ok := v.(*Undefined); ok {
		return a[0], nil
	}
	ignore, err := Truth(a[1])
	if err != nil || !ignore {
		return v, err
	}
	if ok, err := Truth(v); ok || err != nil {
		return v, err
	}
	return a[0], nil
}

func truths(values ...any) ([]bool, error) {
	out := make([]bool, len(values))
	for i, v := range values {
		b, err := Truth(v)
		if err != nil {
			return nil, err
		}
		out[i] = b
	}
	return out, nil
}

func (c *Context) edge(v any, which string) (any, error) {
	items, err := c.iterate(v)
	if err != nil {
		return nil, err
	}
	if len(items) == 0 {
		return &Undefined{hint: "there is no " + which + " element: the list is empty"}, nil
	}
	if which == "last" {
		return c.resolve(items[len(items)-1])
	}
	return c.resolve(items[0])
}

func filterItems(c *Context, v any, a []any) (any, error) {
	if _, ok := v.(*Undefined); ok {
		return []any{}, nil
	}
	return dictItems(c, v, a)
}

func filterJoin(c *Context, v any, a []any) (any, error) {
	items, err := c.iterate(v)
	if err != nil {
		return nil, err
	}
	sep, err := c.str(a[0])
	if err != nil {
		return nil, err
	}
	get := c.path(a[1])
	w := output{rt: &render{}}
	for i, item := range items {
		if item, err = get(item); err != nil {
			return nil, err
		}
		s, err := c.str(item)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			s = sep + s
		}
		if err := w.write(s); err != nil {
			return nil, err
		}
	}
	return w.String(), nil
}

func filterList(c *Context, v any, _ []any) (any, error) {
	items, err := c.iterate(v)
	if err != nil {
		return nil, err
	}
	return append(make([]any, 0, max(len(items), 1)), items...), nil
}

func (c *Context) randInt(n int) int {
	if c.Env.Rand != nil {
		return c.Env.Rand(n)
	}
	i, err := crand.Int(crand.Reader, big.NewInt(int64(n)))
	if err != nil {
		return 0
	}
	return int(i.Int64())
}

func filterReverse(c *Context, v any, _ []any) (any, error) {
	if s, ok := v.(string); ok {
		r := []rune(s)
		slices.Reverse(r)
		return string(r), nil
	}
	items, err := c.iterate(v)
	if err != nil {
		return nil, err
	}
	items = slices.Clone(items)
	slices.Reverse(items)
	return items, nil
}

func filterSum(c *Context, v any, a []any) (any, error) {
	items, err := c.iterate(v)
	if err != nil {
		return nil, err
	}
	get := c.path(a[0])
	sum := a[1]
	if _, ok := sum.(string); ok {
		return nil, newError("sum() adds numbers, not texts").WithHint("use the filter \"| join\"")
	}
	for _, item := range items {
		if item, err = get(item); err != nil {
			return nil, err
		}
		if sum, err = binary("+", sum, item); err != nil {
			return nil, err
		}
	}
	return sum, nil
}
