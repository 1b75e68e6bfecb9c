package jinja

import (
	"slices"
)

// listMethods are the methods of list that do not change it; the first two are
// tuple's as well.
var listMethods = []filter{
	{name: "index", params: "value", fn: listIndex},
	{name: "count", params: "value", fn: listCount},
	{name: "copy", fn: func(_ *Context, v any, _ []any) (any, error) { return slices.Clone(v.([]any)), nil }},
}

func listIndex(c *Context, v any, a []any) (any, error) {
	items, _ := c.iterate(v)
	for i, e := range items {
		if eq, err := c.equal(e, a[0]); err != nil || eq {
			return i, err
		}
	}
	return nil, newError("%s is not in the list", Repr(a[0]))
}

func listCount(c *Context, v any, a []any) (any, error) {
	items, _ := c.iterate(v)
	n := 0
	for _, e := range items {
		eq, err := c.equal(e, a[0])
		if err != nil {
			return nil, err
		}
		n += boolInt(eq)
	}
	return n, nil
}

// listMutators change a list: they get it, and return the result and a new list.
var listMutators = []mutator{
	{name: "append", params: "object", fn: func(_ *Context, v any, a []any) (any, any, error) {
		return nil, append(slices.Clone(v.([]any)), a[0]), nil
	}},
	{name: "extend", params: "iterable", fn: func(c *Context, v any, a []any) (any, any, error) {
		more, err := c.iterate(a[0])
		if err != nil {
			return nil, nil, err
		}
		l := slices.Concat(v.([]any), more)
		return nil, l, checkSize(l)
	}},
	{name: "insert", params: "index object", fn: listInsert},
	{name: "pop", params: "index=-1", fn: listPop},
	{name: "remove", params: "value", fn: func(c *Context, v any, a []any) (any, any, error) {
		i, err := listIndex(c, v, a)
		if err != nil {
			return nil, nil, err
		}
		l := slices.Clone(v.([]any))
		return nil, slices.Delete(l, i.(int), i.(int)+1), nil
	}},
	{name: "reverse", fn: func(_ *Context, v any, _ []any) (any, any, error) {
		l := slices.Clone(v.([]any))
		slices.Reverse(l)
		return nil, l, nil
	}},
	{name: "sort", params: "key=none reverse=false", fn: func(c *Context, v any, a []any) (any, any, error) {
		if a[0] != nil {
			return nil, nil, newError("sort() cannot take a key here").WithHint("use the filter \"| sort(attribute=…)\"")
		}
		reverse, err := Truth(a[1])
		if err != nil {
			return nil, nil, err
		}
		l, err := c.sortBy(v.([]any), v.([]any), reverse)
		return nil, l, err
	}},
	{name: "clear", fn: func(*Context, any, []any) (any, any, error) { return nil, []any{}, nil }},
}

func listInsert(_ *Context, v any, a []any) (any, any, error) {
	i, err := intArg("index", a[0])
	if err != nil {
		return nil, nil, err
	}
	l := slices.Clone(v.([]any))
	if i < 0 {
		i += len(l)
	}
	return nil, slices.Insert(l, min(max(i, 0), len(l)), a[1]), nil
}

func listPop(_ *Context, v any, a []any) (any, any, error) {
	i, err := intArg("index", a[0])
	if err != nil {
		return nil, nil, err
	}
	l := slices.Clone(v.([]any))
	if i < 0 {
		i += len(l)
	}
	if i < 0 || i >= len(l) {
		return nil, nil, newError("pop() from a list of %d elements: there is no such element", len(l))
	}
	taken := l[i]
	return taken, slices.Delete(l, i, i+1), nil
}
