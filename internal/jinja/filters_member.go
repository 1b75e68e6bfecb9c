package jinja

import (
	"strings"
)

func filterRekey(c *Context, v any, a []any) (any, error) {
	if a[1] != "error" && a[1] != "overwrite" {
		return nil, newError("duplicates parameter to rekey_on_member has unknown value: %s", Str(a[1])).
			WithHint("write error or overwrite")
	}
	var items []any
	switch x := v.(type) {
	case *Map:
		items = x.vals
	case []any:
		items = x
	default:
		return nil, newError("Type is not a valid list, set, or dict: rekey_on_member() got %s", describe(v))
	}
	out := &Map{}
	for _, e := range items {
		m, ok := e.(*Map)
		if !ok {
			return nil, newError("List item is not a valid dict: rekey_on_member() got %s", describe(e))
		}
		k, ok := m.Get(a[0])
		if !ok {
			return nil, newError("Key %s was not found", Str(a[0]))
		}
		if err := hashable(k); err != nil {
			return nil, err
		}
		if out.Has(k) && a[1] == "error" {
			return nil, newError("Key %s is not unique, cannot correctly turn into dict", Str(k)).WithHint("duplicates='overwrite' keeps the last one")
		}
		out.Set(k, m)
	}
	return out, nil
}

func filterSubelements(c *Context, v any, a []any) (any, error) {
	var elements []any
	switch x := v.(type) {
	case *Map:
		elements = x.vals
	case []any:
		elements = x
	default:
		return nil, newError("obj must be a list of dicts or a nested dict").WithHint("subelements() got %s", describe(v))
	}
	var path []any
	switch p := a[0].(type) {
	case string:
		path = anyList(strings.Split(p, "."))
	case []any:
		path = p
	default:
		return nil, newError("subelements must be a list or a string, not %s", describe(a[0]))
	}
	skip, err := Truth(a[1])
	if err != nil {
		return nil, err
	}
	out := []any{}
	for _, e := range elements {
		subs, err := subelementsOf(e, path, skip)
		if err != nil {
			return nil, err
		}
		for _, s := range subs {
			out = append(out, Tuple{e, s})
		}
	}
	return out, nil
}

func subelementsOf(e any, path []any, skip bool) ([]any, error) {
	v := e
	for i, p := range path {
		m, ok := v.(*Map)
		if !ok && skip && i > 0 {
			return nil, nil
		}
		if !ok {
			return nil, newError("the key %s should point to a dictionary, but is %s", Repr(p), describe(v))
		}
		if v, ok = m.Get(p); !ok {
			if skip {
				return nil, nil
			}
			return nil, newError("could not find %s key in iterated item %s", Repr(p), short(Repr(m))).WithHint("skip_missing=true leaves such elements out")
		}
	}
	l, ok := v.([]any)
	if !ok {
		return nil, newError("the key %s should point to a list, but is %s", Repr(path[len(path)-1]), describe(v))
	}
	return l, nil
}

func (c *Context) zip(v any, more []any, longest bool, fill any) (any, error) {
	var lists [][]any
	shortest, most := -1, 0
	for _, l := range append([]any{v}, more...) {
		items, err := c.iterate(l)
		if err != nil {
			return nil, err
		}
		lists = append(lists, items)
		most = max(most, len(items))
		if shortest < 0 || len(items) < shortest {
			shortest = len(items)
		}
	}
	if longest {
		shortest = most
	}
	if err := c.charge(shortest * (16*len(lists) + 40)); err != nil {
		return nil, err
	}
	out := make([]any, shortest)
	for i := range out {
		row := make(Tuple, len(lists))
		for j, l := range lists {
			if row[j] = fill; i < len(l) {
				row[j] = l[i]
			}
		}
		out[i] = row
	}
	return out, nil
}
