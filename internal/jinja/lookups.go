package jinja

import (
	"slices"
	"strings"
)

// pureLookups are the lookups that need nothing but their terms and variables.
func pureLookups() map[string]LookupFunc {
	return map[string]LookupFunc{
		"cartesian":       lookupNested,
		"dict":            lookupDict,
		"flattened":       lookupFlattened,
		"indexed_items":   lookupIndexed,
		"merge_variables": lookupMergeVariables,
		"items":           func(_ *Context, terms []any, _ *Map) ([]any, error) { return flatten(terms, 1, false) },
		"list":            func(_ *Context, terms []any, _ *Map) ([]any, error) { return terms, nil },
		"nested":          lookupNested,
		"random_choice":   lookupRandom,
		"random_string":   lookupRandomString,
		"sequence":        lookupSequence,
		"subelements":     lookupSubelements,
		"together":        lookupTogether,
		"vars":            lookupVars,
		"varnames":        lookupVarnames,

		"ansible.utils.get_path": lookupByFilter("get_path", "var", "path"),
		"ansible.utils.index_of": lookupByFilter("index_of", "data", "test", "value", "key", "fail_on_missing"),
		"ansible.utils.to_paths": lookupByFilter("to_paths", "var", "prepend"),
	}
}

func lookupFlattened(_ *Context, terms []any, _ *Map) ([]any, error) {
	f := flattener{out: []any{}, ends: true}
	err := f.add(terms, -1, 0)
	return f.out, err
}

// withoutTuples returns a term with lists in the place of the tuples in it.
func withoutTuples(v any) any {
	switch x := v.(type) {
	case Tuple:
		return listed(x)
	case []any:
		return listed(x)
	case *Map:
		if vals := listed(x.vals); !sameSlice(vals, x.vals) {
			x = x.Clone()
			x.vals = vals
		}
		return x
	}
	return v
}

// listed is withoutTuples of each item. It copies only what it changes.
func listed(items []any) []any {
	out := items
	for i, e := range items {
		if isScalar(e) {
			continue
		}
		if w := withoutTuples(e); !same(w, e) {
			if sameSlice(out, items) {
				out = slices.Clone(items)
			}
			out[i] = w
		}
	}
	return out
}

// oneLevel dissolves the lists that are elements of items.
func oneLevel(items []any) []any {
	out := []any{}
	for _, e := range items {
		if isSequence(e) {
			out = append(out, asList(e)...)
		} else {
			out = append(out, e)
		}
	}
	return out
}

func isSequence(v any) bool {
	switch v.(type) {
	case []any, Tuple:
		return true
	}
	return false
}

func lookupDict(c *Context, terms []any, _ *Map) ([]any, error) {
	out := []any{}
	for _, t := range oneLevel(terms) {
		m, err := c.dict(t)
		if err != nil {
			return nil, newError("with_dict expects a dict, not %s", describe(t))
		}
		for k, v := range m.All() {
			out = append(out, NewMap("key", k, "value", v))
		}
	}
	return out, nil
}

func lookupIndexed(_ *Context, terms []any, _ *Map) ([]any, error) {
	out := []any{}
	for i, t := range oneLevel(terms) {
		out = append(out, Tuple{i, t})
	}
	return out, nil
}

func lookupNested(c *Context, terms []any, _ *Map) ([]any, error) {
	if len(terms) == 0 {
		return nil, newError("the lookup \"nested\" needs at least one list")
	}
	rows := asList(terms[0])
	for _, t := range terms[1:] {
		column := asList(t)
		if len(column) > 0 && len(rows) > maxItems/10/len(column) {
			return nil, tooMany()
		}
		next := make([]any, 0, len(rows)*len(column))
		for _, row := range rows {
			for _, e := range column {
				if err := c.step(); err != nil {
					return nil, err
				}
				next = append(next, oneLevel([]any{row, e}))
			}
		}
		rows = next
	}
	for i, row := range rows {
		items, err := c.iterate(row)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			rows = slices.Clone(rows)
		}
		rows[i] = oneLevel(items)
	}
	return rows, nil
}

func asList(v any) []any {
	switch x := v.(type) {
	case []any:
		return x
	case Tuple:
		return x
	}
	return []any{v}
}

func anyLists(terms []any) []any {
	out := make([]any, len(terms))
	for i, t := range terms {
		out[i] = asList(t)
	}
	return out
}

func lookupTogether(c *Context, terms []any, _ *Map) ([]any, error) {
	if len(terms) == 0 {
		return nil, newError("with_together requires at least one element in each list")
	}
	lists := anyLists(terms)
	v, err := c.zip(lists[0], lists[1:], true, nil)
	if err != nil {
		return nil, err
	}
	out := v.([]any)
	for i, t := range out {
		out[i] = oneLevel(t.(Tuple))
	}
	return out, nil
}

func lookupRandom(c *Context, terms []any, _ *Map) ([]any, error) {
	if len(terms) == 0 {
		return []any{}, nil
	}
	return []any{terms[c.randInt(len(terms))]}, nil
}

func lookupSubelements(_ *Context, terms []any, _ *Map) ([]any, error) {
	if len(terms) < 2 || len(terms) > 3 {
		return nil, newError("the lookup \"subelements\" expects a list of two or three items: a list, a key, and perhaps options")
	}
	skip := false
	if len(terms) == 3 {
		options, ok := terms[2].(*Map)
		if !ok {
			return nil, newError("the lookup \"subelements\": the optional third item must be a dict, not %s", describe(terms[2]))
		}
		for k, v := range options.All() {
			if k != "skip_missing" {
				return nil, newError("the lookup \"subelements\" has no option %q", Str(k)).WithHint("the option is skip_missing")
			}
			skip = convertBool(v) == true
		}
	}
	if _, ok := terms[1].(string); !ok {
		return nil, newError("the lookup \"subelements\" expects a list of two or three items, first a dict or a list, second a string, not %s", describe(terms[1]))
	}
	elements := asList(terms[0])
	if m, ok := terms[0].(*Map); ok {
		elements = m.vals
		if wasSkipped(m) {
			return []any{}, nil
		}
	}
	keys, out := subkeys(terms[1]), []any{}
	for _, e := range elements {
		if wasSkipped(e) {
			continue
		}
		if _, ok := e.(*Map); !ok {
			return nil, newError("the lookup \"subelements\" expects a dictionary, not %s", describe(e))
		}
		subs, err := subelementsOf(e, keys, skip)
		if err != nil {
			return nil, err
		}
		cut := withoutKey(e, keys)
		for _, s := range subs {
			out = append(out, Tuple{cut, s})
		}
	}
	return out, nil
}

// wasSkipped says whether v is the result of a task that was skipped: it has no
// inner list.
func wasSkipped(v any) bool {
	m, ok := v.(*Map)
	if !ok {
		return false
	}
	skipped, _ := m.Get("skipped")
	return skipped == true
}

// subkeys is the way to the inner list, as a text or a list.
func subkeys(v any) []any {
	if s, ok := v.(string); ok {
		return anyList(strings.Split(s, "."))
	}
	return asList(v)
}

// withoutKey returns v without what the last of the keys leads to: the lookup
// takes the inner list out of the element that it gives.
func withoutKey(v any, keys []any) any {
	m, ok := v.(*Map)
	if !ok || len(keys) == 0 {
		return v
	}
	m = m.Clone()
	if len(keys) == 1 {
		m.Delete(keys[0])
	} else if e, ok := m.Get(keys[0]); ok {
		m.Set(keys[0], withoutKey(e, keys[1:]))
	}
	return m
}
