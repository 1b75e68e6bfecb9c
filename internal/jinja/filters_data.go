package jinja

import (
	"slices"
	"strings"
)

// dataFilters are Ansible's filters for lists and dictionaries.
var dataFilters = []filter{
	{name: "bool", fn: filterBool},
	{name: "combinations", params: "r", fn: filterCombinations},
	{name: "combine", onlyArgs: "'recursive' and 'list_merge' are the only valid keyword arguments", params: "*args recursive=false list_merge=replace", fn: filterCombine},
	{name: "dict", fn: func(c *Context, v any, _ []any) (any, error) { return c.pairs(v) }},
	{name: "dict2items", params: "key_name=key value_name=value", fn: filterDict2Items},
	{name: "difference", params: "b", fn: setFilter(func(inA, inB bool) bool { return inA && !inB })},
	{name: "extract", params: "container morekeys=none", takes: takesLazy, fn: filterExtract},
	{name: "flatten", params: "levels=none skip_nulls=true", fn: filterFlatten},
	{name: "intersect", params: "b", fn: setFilter(func(inA, inB bool) bool { return inA && inB })},
	{name: "items2dict", params: "key_name=key value_name=value", fn: filterItems2Dict},
	{name: "mandatory", params: "msg=none", takes: takesUndefined, fn: filterMandatory},
	{name: "permutations", params: "r=none", fn: filterPermutations},
	{name: "product", params: "*args repeat=1", fn: filterProduct},
	{name: "rekey_on_member", params: "key duplicates=error", fn: filterRekey},
	{name: "subelements", params: "subelements skip_missing=false", fn: filterSubelements},
	{name: "symmetric_difference", params: "b", fn: setFilter(func(inA, inB bool) bool { return inA != inB })},
	{name: "ternary", params: "true_val false_val none_val=none", takes: takesLazy, fn: filterTernary},
	{name: "type_debug", takes: takesUndefined, fn: func(c *Context, v any, _ []any) (any, error) {
		if c.wrapped(v) {
			return "AnsibleVaultEncryptedUnicode", nil
		}
		return typeName(v), nil
	}},
	{name: "union", params: "b", fn: setFilter(func(inA, inB bool) bool { return inA || inB })},
	{name: "zip", params: "*args", fn: func(c *Context, v any, a []any) (any, error) { return c.zip(v, a[0].([]any), false, nil) }},
	{name: "zip_longest", params: "*args fillvalue=none", fn: func(c *Context, v any, a []any) (any, error) {
		return c.zip(v, a[1].([]any), true, a[0])
	}},
}

func filterBool(_ *Context, v any, _ []any) (any, error) {
	switch x := v.(type) {
	case nil, bool:
		return v, nil
	case string:
		switch strings.ToLower(x) {
		case "yes", "on", "1", "true":
			return true, nil
		}
		return false, nil
	}
	eq, err := equal(v, 1)
	return eq, err
}

func filterTernary(_ *Context, v any, a []any) (any, error) {
	if v == nil && a[2] != nil {
		return a[2], nil
	}
	ok, err := Truth(v)
	if err != nil {
		return nil, err
	}
	if ok {
		return a[0], nil
	}
	return a[1], nil
}

func filterMandatory(_ *Context, v any, a []any) (any, error) {
	u, ok := v.(*Undefined)
	if !ok {
		return v, nil
	}
	if a[0] != nil {
		return nil, newError("%s", Str(a[0]))
	}
	name := ""
	if u.Name != "" {
		name = Repr(u.Name) + " " // with Ansible's second blank
	}
	return nil, newError("Mandatory variable %s not defined.", name)
}

func filterDict2Items(c *Context, v any, a []any) (any, error) {
	m, ok := v.(*Map)
	if !ok {
		return nil, newError("dict2items requires a dictionary, not %s", describe(v))
	}
	out := make([]any, 0, m.Len())
	for k, e := range m.All() {
		out = append(out, NewMap(a[0], k, a[1], e))
	}
	return out, nil
}

func filterItems2Dict(c *Context, v any, a []any) (any, error) {
	l, ok := v.([]any)
	if !ok {
		return nil, newError("items2dict requires a list, not %s", describe(v))
	}
	out := &Map{}
	for i, e := range l {
		m, ok := e.(*Map)
		if !ok {
			return nil, newError("items2dict requires a list of dictionaries, but element %d is %s", i, describe(e))
		}
		k, ok := m.Get(a[0])
		x, ok2 := m.Get(a[1])
		if !ok || !ok2 {
			return nil, newError("items2dict requires each dictionary in the list to contain the keys %s and %s, but element %d does not", Repr(a[0]), Repr(a[1]), i).
				WithHint("name other keys with key_name= and value_name=")
		}
		if err := hashable(k); err != nil {
			return nil, err
		}
		out.Set(k, x)
	}
	return out, nil
}

func filterExtract(c *Context, v any, a []any) (any, error) {
	keys := []any{v}
	switch more := a[1].(type) {
	case nil:
	case []any:
		keys = append(keys, more...)
	default:
		keys = append(keys, more)
	}
	value, err := c.resolve(a[0])
	for _, k := range keys {
		if err != nil {
			return nil, err
		}
		if k, err = c.resolve(k); err == nil {
			value, err = c.item(value, k, place{})
		}
	}
	return value, err
}

func filterFlatten(c *Context, v any, a []any) (any, error) {
	levels := -1
	if a[0] != nil {
		n, err := intArg("levels", a[0])
		if err != nil {
			return nil, err
		}
		levels = max(n, 0)
	}
	skip, err := Truth(a[1])
	if err != nil {
		return nil, err
	}
	items, err := c.iterate(v)
	if err != nil {
		return nil, err
	}
	return flatten(items, levels, skip)
}

// flatten returns items with the lists in them dissolved, down to a number of
// levels (-1 for all).
func flatten(items []any, levels int, skip bool) ([]any, error) {
	f := flattener{out: []any{}, skip: skip}
	err := f.add(items, levels, 0)
	return f.out, err
}

type flattener struct {
	out   []any
	skip  bool // what is none is left out
	ends  bool // as the lookup has it: a text that says none ends its list, others are trimmed
	steps int
}

func (f *flattener) add(items []any, levels, depth int) error {
	for _, e := range items {
		if f.steps++; f.steps > maxItems {
			return newError("the list would have more than %d elements", maxItems)
		}
		if f.ends {
			if isText(e, "None") || isText(e, "null") {
				return nil
			}
			if s, ok := e.(string); ok {
				e = strings.TrimSpace(s)
			}
		}
		if f.skip && (e == nil || isText(e, "None") || isText(e, "null")) {
			continue
		}
		sub, ok := e.([]any)
		if t, isTuple := e.(Tuple); isTuple {
			sub, ok = t, true
		}
		if !ok || levels == 0 || depth >= maxDepth {
			f.out = append(f.out, e)
			continue
		}
		if err := f.add(sub, levels-1, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func isText(v any, s string) bool {
	t, ok := v.(string)
	return ok && t == s
}

// setFilter is a filter on two lists as sets: union, intersect and so on.
func setFilter(keep func(inA, inB bool) bool) func(*Context, any, []any) (any, error) {
	return func(c *Context, v any, a []any) (any, error) {
		left, err := c.iterate(v)
		if err != nil {
			return nil, err
		}
		right, err := c.iterate(a[0])
		if err != nil {
			return nil, err
		}
		if adds := keep(true, false) && keep(false, true); adds && addable(v) != addable(a[0]) {
			return nil, newError("cannot join %s and %s", describe(v), describe(a[0])).WithHint("give two lists")
		}
		if _, isTuple := v.(Tuple); isTuple {
			if err := hashableAll(left, a[0], right); err != nil {
				return nil, err
			}
		}
		inA, inB := map[any]bool{}, map[any]bool{}
		keys := make([]any, 0, len(left)+len(right))
		for _, e := range slices.Concat(left, right) {
			k, err := c.key(e)
			if err != nil {
				return nil, err
			}
			keys = append(keys, k)
		}
		for i, k := range keys {
			if i < len(left) {
				inA[k] = true
			} else {
				inB[k] = true
			}
		}
		if s, ok := a[0].(string); ok && addable(v) == "list" { // then Python looks for parts of the text
			for i, e := range left {
				if inB[keys[i]], err = c.contains(s, e); err != nil {
					return nil, err
				}
			}
		}
		out := []any{}
		seen := map[any]bool{}
		for i, e := range slices.Concat(left, right) {
			k := keys[i]
			if !seen[k] && keep(inA[k], inB[k]) {
				seen[k] = true
				out = append(out, e)
			}
		}
		return out, nil
	}
}

// hashableAll is the error of elements of two tuples that are no keys: Python makes
// sets of them, but not of lists.
func hashableAll(left []any, other any, right []any) error {
	if _, isTuple := other.(Tuple); !isTuple {
		return nil
	}
	for _, e := range slices.Concat(left, right) {
		if err := hashable(e); err != nil {
			return err
		}
	}
	return nil
}

// addable says what Python can add to each other: union and symmetric_difference
// add what they get, unless both have a hash.
func addable(v any) string {
	switch v.(type) {
	case []any:
		return "list"
	case *Map, Mapping:
		return "dict"
	}
	return "hash"
}
