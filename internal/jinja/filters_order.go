package jinja

import (
	"slices"
	"strconv"
	"strings"
)

func ignoreCase(v any) any {
	if s, ok := v.(string); ok {
		return strings.ToLower(s)
	}
	return v
}

func filterDictsort(c *Context, v any, a []any) (any, error) {
	m, err := c.dict(v)
	if err != nil {
		return nil, err
	}
	flags, err := truths(a[0], a[2])
	if err != nil {
		return nil, err
	}
	if a[1] != "key" && a[1] != "value" {
		return nil, newError("the argument \"by\" must be \"key\" or \"value\"")
	}
	var items, keys []any
	for k, e := range m.All() {
		items = append(items, Tuple{k, e})
		if a[1] == "value" {
			k = e
		}
		if !flags[0] {
			k = ignoreCase(k)
		}
		keys = append(keys, k)
	}
	return c.sortBy(items, keys, flags[1])
}

// attribute paths: `a.b.0` is the item 0 of the attribute b of a.
func (c *Context) path(attr any) func(v any) (any, error) {
	var parts []any
	switch a := attr.(type) {
	case nil:
	case string:
		for _, p := range strings.Split(a, ".") {
			if n, err := strconv.Atoi(p); err == nil && n >= 0 {
				parts = append(parts, n)
			} else {
				parts = append(parts, p)
			}
		}
	default:
		parts = []any{attr}
	}
	return func(v any) (any, error) {
		for _, p := range parts {
			var err error
			if v, err = c.item(v, p, place{}); err != nil {
				return nil, err
			}
		}
		return v, nil
	}
}

// keysOf returns the sort keys of items: an attribute, lower case where wanted.
func (c *Context) keysOf(items []any, attr any, caseSensitive bool, otherwise any) ([]any, error) {
	get := c.path(attr)
	keys := make([]any, len(items))
	for i, item := range items {
		k, err := get(item)
		if err != nil {
			return nil, err
		}
		if u, ok := k.(*Undefined); ok {
			if k = otherwise; k == nil {
				return nil, u.Err()
			}
		}
		if !caseSensitive {
			k = ignoreCase(k)
		}
		keys[i] = k
	}
	return keys, nil
}

func filterGroupby(c *Context, v any, a []any) (any, error) {
	items, err := c.iterate(v)
	if err != nil {
		return nil, err
	}
	exact, err := Truth(a[2])
	if err != nil {
		return nil, err
	}
	keys, err := c.keysOf(items, a[0], exact, a[1])
	if err != nil {
		return nil, err
	}
	sortedItems, err := c.sortBy(items, keys, false)
	if err != nil {
		return nil, err
	}
	keys, _ = c.keysOf(sortedItems, a[0], exact, a[1])
	out := []any{}
	for i := 0; i < len(sortedItems); {
		j := i + 1
		for j < len(sortedItems) {
			if eq, err := c.equal(keys[i], keys[j]); err != nil {
				return nil, err
			} else if !eq {
				break
			}
			j++
		}
		first, err := c.keysOf(sortedItems[i:i+1], a[0], true, a[1])
		if err != nil {
			return nil, err
		}
		out = append(out, Tuple{first[0], slices.Clone(sortedItems[i:j])})
		i = j
	}
	return out, nil
}

// extreme is min (want -1) and max (want 1).
func (c *Context) extreme(v any, a []any, want int) (any, error) {
	items, err := c.iterate(v)
	if err != nil {
		return nil, err
	}
	exact, err := Truth(a[0])
	if err != nil {
		return nil, err
	}
	if len(items) == 0 {
		return &Undefined{hint: "there is no smallest or largest element: the list is empty"}, nil
	}
	if len(items) == 1 {
		return items[0], nil
	}
	keys, err := c.keysOf(items, a[1], exact, nil)
	if err != nil {
		return nil, err
	}
	best := 0
	for i := 1; i < len(items); i++ {
		o, err := c.order("<", keys[i], keys[best])
		if err != nil {
			return nil, err
		}
		if o == want {
			best = i
		}
	}
	return items[best], nil
}

func filterSort(c *Context, v any, a []any) (any, error) {
	items, err := c.iterate(v)
	if err != nil {
		return nil, err
	}
	flags, err := truths(a[0], a[1])
	if err != nil {
		return nil, err
	}
	if len(items) == 1 {
		return slices.Clone(items), nil
	}
	attrs := []any{a[2]}
	if s, ok := a[2].(string); ok {
		attrs = anyList(strings.Split(s, ","))
	}
	if len(attrs) == 1 {
		keys, err := c.keysOf(items, attrs[0], flags[1], nil)
		if err != nil {
			return nil, err
		}
		return c.sortBy(items, keys, flags[0])
	}
	keys := make([]any, len(items))
	for i := range keys {
		keys[i] = Tuple(make([]any, len(attrs)))
	}
	for j, attr := range attrs {
		column, err := c.keysOf(items, attr, flags[1], nil)
		if err != nil {
			return nil, err
		}
		for i, k := range column {
			keys[i].(Tuple)[j] = k
		}
	}
	return c.sortBy(items, keys, flags[0])
}

// filterUnique compares whole items, with their case, where one cannot be a
// dictionary's key: that is Ansible's filter behind Jinja's, and it has no arguments.
func filterUnique(c *Context, v any, a []any) (any, error) {
	items, err := c.iterate(v)
	if err != nil {
		return nil, err
	}
	exact, err := Truth(a[0])
	if err != nil {
		return nil, err
	}
	keys, err := c.keysOf(items, a[1], exact, nil)
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(keys, func(k any) bool { return hashable(k) != nil }); i >= 0 {
		byAttribute, err := Truth(a[1])
		if err != nil {
			return nil, err
		}
		if a[0] == false || byAttribute {
			return nil, newError("cannot fall back to comparing whole items, which takes no case_sensitive and no attribute: %s is unhashable", describe(keys[i]))
		}
		keys = items
	}
	return c.uniqueBy(items, keys)
}

// uniqueBy returns the items whose key did not come before.
func (c *Context) uniqueBy(items, keys []any) ([]any, error) {
	out := []any{}
	seen := map[any]bool{}
	for i, k := range keys {
		n, err := c.key(k)
		if err != nil {
			return nil, err
		}
		if !seen[n] {
			seen[n] = true
			out = append(out, items[i])
		}
	}
	return out, nil
}
