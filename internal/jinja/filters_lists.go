package jinja

import (
	"hash/crc32"
	"slices"
	"strconv"
)

// listFilters are those of the collection community.general for lists.
var listFilters = []filter{
	{name: "accumulate", fn: filterAccumulate},
	{name: "counter", fn: filterCounter},
	{name: "crc32", fn: func(_ *Context, v any, _ []any) (any, error) {
		s, ok := v.(string)
		if !ok {
			return nil, newError("crc32 needs a text, not %s", describe(v))
		}
		return strconv.FormatUint(uint64(crc32.ChecksumIEEE([]byte(s))), 16), nil
	}},
	{name: "dict_kv", params: "key", fn: func(_ *Context, v any, a []any) (any, error) { return NewMap(a[0], v), hashable(a[0]) }},
	{name: "groupby_as_dict", params: "attribute", fn: filterGroupbyAsDict},
	{name: "lists_difference", params: "*args flatten=false", fn: onLists(func(inA, inB bool) bool { return inA && !inB })},
	{name: "lists_intersect", params: "*args flatten=false", fn: onLists(func(inA, inB bool) bool { return inA && inB })},
	{name: "lists_mergeby", params: "*args recursive=false list_merge=replace", fn: filterMergeBy},
	{name: "lists_symmetric_difference", params: "*args flatten=false", fn: onLists(func(inA, inB bool) bool { return inA != inB })},
	{name: "lists_union", params: "*args flatten=false", fn: onLists(func(inA, inB bool) bool { return inA || inB })},
	{name: "random_mac", params: "seed=none", fn: filterRandomMAC},
	{name: "version_sort", params: "reverse=false", fn: filterVersionSort},
}

// items returns the elements of a list, a tuple or a text.
func (c *Context) items(name string, v any) ([]any, error) {
	switch v.(type) {
	case []any, Tuple, string:
		return c.iterate(v)
	}
	return nil, newError("%s needs a list, not %s", name, describe(v))
}

// filterAccumulate returns the sums of the first elements: of one, of two and so on.
func filterAccumulate(c *Context, v any, _ []any) (any, error) {
	items, err := c.items("accumulate", v)
	if err != nil {
		return nil, err
	}
	out := make([]any, len(items))
	for i, e := range items {
		if i > 0 {
			if e, err = binary("+", out[i-1], e); err == nil {
				err = c.made(e)
			}
			if err != nil {
				return nil, err
			}
		}
		out[i] = e
	}
	return out, nil
}

func filterCounter(c *Context, v any, _ []any) (any, error) {
	items, err := c.items("counter", v)
	if err != nil {
		return nil, err
	}
	out := &Map{}
	for _, e := range items {
		if err := hashable(e); err != nil {
			return nil, err
		}
		n, _ := out.Get(e)
		count, _ := n.(int)
		out.Set(e, count+1)
	}
	return out, nil
}

func filterGroupbyAsDict(c *Context, v any, a []any) (any, error) {
	items, err := c.items("groupby_as_dict", v)
	if err != nil {
		return nil, err
	}
	out := &Map{}
	for i, e := range items {
		m, ok := e.(*Map)
		if !ok {
			return nil, newError("groupby_as_dict needs a list of dictionaries, but element %d is %s", i, describe(e))
		}
		k, ok := m.Get(a[0])
		if !ok {
			return nil, newError("groupby_as_dict: element %d has no %s", i, Repr(a[0]))
		}
		if err := hashable(k); err != nil {
			return nil, err
		}
		if out.Has(k) {
			return nil, newError("groupby_as_dict: more than one element has the %s %s", Str(a[0]), Repr(k)).WithHint("groupby makes lists of them")
		}
		out.Set(k, m)
	}
	return out, nil
}

func filterVersionSort(c *Context, v any, a []any) (any, error) {
	items, err := c.iterate(v)
	if err != nil {
		return nil, err
	}
	reverse, err := Truth(a[0])
	if err != nil {
		return nil, err
	}
	keys := make([]any, len(items))
	for i, e := range items {
		s, ok := e.(string)
		if !ok {
			return nil, newError("version_sort needs texts, not %s", describe(e)).WithHint(`convert them with "| map('string')"`)
		}
		if keys[i], err = looseVersion(s); err != nil {
			return nil, err
		}
	}
	return c.sortBy(items, keys, reverse)
}

// onLists is a filter on lists as sets, of which each is taken with what the ones
// before gave.
func onLists(keep func(inA, inB bool) bool) func(*Context, any, []any) (any, error) {
	return func(c *Context, v any, a []any) (any, error) {
		flat, err := Truth(a[0])
		if err != nil {
			return nil, err
		}
		lists := append([]any{v}, a[1].([]any)...)
		if flat {
			if lists, err = flatLists(lists); err != nil {
				return nil, err
			}
		}
		for _, l := range lists {
			if !isSequence(l) {
				return nil, newError("all arguments must be lists, not %s", describe(l))
			}
		}
		if len(lists) == 0 {
			return []any{}, nil
		}
		out := lists[0]
		for _, l := range lists[1:] {
			if out, err = c.combined(asList(out), asList(l), keep); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
}

// combined returns the elements of two lists that are to be kept, each once.
func (c *Context) combined(a, b []any, keep func(inA, inB bool) bool) (any, error) {
	all := slices.Concat(a, b)
	inA, inB := map[any]bool{}, map[any]bool{}
	keys := make([]any, len(all))
	for i, e := range all {
		k, err := c.key(e)
		if err != nil {
			return nil, err
		}
		if keys[i] = k; i < len(a) {
			inA[k] = true
		} else {
			inB[k] = true
		}
	}
	out, seen := []any{}, map[any]bool{}
	for i, e := range all {
		if k := keys[i]; !seen[k] && keep(inA[k], inB[k]) {
			seen[k] = true
			out = append(out, e)
		}
	}
	return out, nil
}

// flatLists returns the lists in a list of lists in the place of it. Empty ones go.
func flatLists(lists []any) ([]any, error) {
	var out []any
	for _, l := range lists {
		if !isSequence(l) {
			return nil, newError("all arguments must be lists, not %s", describe(l))
		}
		items := asList(l)
		switch {
		case len(items) == 0:
		case slices.ContainsFunc(items, func(e any) bool { return !isSequence(e) }):
			out = append(out, l)
		default:
			out = append(out, items...)
		}
	}
	return out, nil
}

// filterMergeBy merges lists of dictionaries: those of which the value under the
// last argument is the same, the later list over the earlier.
func filterMergeBy(c *Context, v any, a []any) (any, error) {
	recursive, err := Truth(a[0])
	if err != nil {
		return nil, err
	}
	merge, err := listMerge("lists_mergeby", a[1])
	if err != nil {
		return nil, err
	}
	args := append([]any{v}, a[2].([]any)...)
	lists, err := flatLists(args[:len(args)-1])
	if err != nil || len(lists) == 0 {
		return []any{}, err
	}
	if len(lists) == 1 {
		return lists[0], nil
	}
	index, ok := args[len(args)-1].(string)
	if !ok {
		return nil, newError("lists_mergeby needs lists and, last, the key to merge by, not %s", describe(args[len(args)-1]))
	}
	result := lists[len(lists)-1]
	for i := len(lists) - 2; i >= 0; i-- {
		merged := &Map{}
		for _, e := range slices.Concat(asList(lists[i]), asList(result)) {
			if err := c.mergeInto(merged, e, index, recursive, merge); err != nil {
				return nil, err
			}
		}
		keys := make([]any, merged.Len())
		for j, m := range merged.vals {
			keys[j], _ = m.(*Map).Get(index)
		}
		if result, err = c.sortBy(merged.vals, keys, false); err != nil {
			return nil, err
		}
	}
	return result, nil
}

// mergeInto merges an element into those that have the same value under index.
func (c *Context) mergeInto(merged *Map, e any, index string, recursive bool, merge string) error {
	m, ok := e.(*Map)
	if !ok {
		return newError("lists_mergeby needs lists of dictionaries, not %s", describe(e))
	}
	k, ok := m.Get(index)
	if !ok {
		return nil
	}
	if err := hashable(k); err != nil {
		return err
	}
	if old, ok := merged.Get(k); ok {
		var err error
		if m, err = c.mergeMaps(old.(*Map), m, recursive, merge, 0); err != nil {
			return err
		}
	}
	merged.Set(k, m)
	return nil
}
