package jinja

import "slices"

func filterCombine(c *Context, v any, a []any) (any, error) {
	recursive, err := Truth(a[0])
	if err != nil {
		return nil, err
	}
	merge, err := listMerge("combine", a[1])
	if err != nil {
		return nil, err
	}
	terms, err := flatten(append([]any{v}, a[2].([]any)...), 1, true)
	if err != nil {
		return nil, err
	}
	if len(terms) == 1 {
		return terms[0], nil
	}
	var out *Map
	for _, t := range terms {
		if u := findUndefined(t); u != nil {
			return nil, u.Err()
		}
		m, err := c.dict(t)
		if err != nil {
			return nil, newError("failed to combine variables, expected dicts but got %s", describe(t))
		}
		if out == nil {
			out = m
			continue
		}
		if out, err = c.mergeMaps(out, m, recursive, merge, 0); err != nil {
			return nil, err
		}
	}
	if out == nil {
		out = &Map{}
	}
	return out, nil
}

// listMerge returns the argument list_merge of a filter.
func listMerge(name string, v any) (string, error) {
	merge := Str(v)
	if slices.Contains([]string{"replace", "keep", "append", "prepend", "append_rp", "prepend_rp"}, merge) {
		return merge, nil
	}
	return "", newError("%s() does not know list_merge=%s", name, Repr(v)).
		WithHint("choose replace, keep, append, prepend, append_rp or prepend_rp")
}

// mergeMaps returns x with the entries of y put over it.
func (c *Context) mergeMaps(x, y *Map, recursive bool, merge string, depth int) (*Map, error) {
	if depth > maxDepth {
		return nil, newError("the dictionaries nest more than %d levels deep", maxDepth)
	}
	if err := c.step(); err != nil {
		return nil, err
	}
	if x.Len() == 0 {
		return y.Clone(), nil
	}
	out := x.Clone()
	if err := c.charge(48 * out.Len()); err != nil {
		return nil, err
	}
	for k, b := range y.All() {
		a, ok := out.Get(k)
		am, aMap := a.(*Map)
		bm, bMap := b.(*Map)
		al, aList := a.([]any)
		bl, bList := b.([]any)
		switch {
		case ok && aMap && bMap && recursive:
			m, err := c.mergeMaps(am, bm, recursive, merge, depth+1)
			if err != nil {
				return nil, err
			}
			out.Set(k, m)
		case ok && aList && bList && !aMap:
			out.Set(k, mergeLists(al, bl, merge))
		default:
			out.Set(k, b)
		}
	}
	return out, nil
}

func mergeLists(a, b []any, merge string) []any {
	switch merge {
	case "keep":
		return a
	case "append":
		return slices.Concat(a, b)
	case "prepend":
		return slices.Concat(b, a)
	case "append_rp":
		return slices.Concat(without(a, b), b)
	case "prepend_rp":
		return slices.Concat(b, without(a, b))
	}
	return b
}

func without(a, b []any) []any {
	in := map[any]bool{}
	for _, e := range b {
		in[normKey(e)] = true
	}
	out := []any{}
	for _, e := range a {
		if !in[normKey(e)] {
			out = append(out, e)
		}
	}
	return out
}

func tooMany() error { return newError("there are more than %d combinations", maxItems) }

func filterProduct(c *Context, v any, a []any) (any, error) {
	n, err := intArg("repeat", a[0])
	if err != nil {
		return nil, err
	}
	if n < 0 || n > 100 {
		return nil, newError("the argument \"repeat\" must be from 0 to 100")
	}
	var lists [][]any
	for range n {
		for _, l := range append([]any{v}, a[1].([]any)...) {
			items, err := c.iterate(l)
			if err != nil {
				return nil, err
			}
			lists = append(lists, items)
		}
	}
	rows := []Tuple{{}}
	for _, l := range lists {
		if len(l) > 0 && len(rows)*len(lists) > maxItems/10/len(l) {
			return nil, tooMany()
		}
		next := make([]Tuple, 0, len(rows)*len(l))
		for _, row := range rows {
			for _, e := range l {
				next = append(next, append(slices.Clone(row), e))
			}
		}
		rows = next
	}
	return tuples(rows), nil
}

func tuples(rows []Tuple) []any {
	out := make([]any, len(rows))
	for i, r := range rows {
		out[i] = r
	}
	return out
}

func filterCombinations(c *Context, v any, a []any) (any, error) {
	return c.choose(v, a[0], func(chosen []int, i int) bool { return len(chosen) == 0 || i > chosen[len(chosen)-1] })
}

func filterPermutations(c *Context, v any, a []any) (any, error) {
	return c.choose(v, a[0], func(chosen []int, i int) bool { return !slices.Contains(chosen, i) })
}

// choose returns all ways to choose n elements, in the order of their places.
func (c *Context) choose(v, count any, allowed func(chosen []int, i int) bool) (any, error) {
	items, err := c.iterate(v)
	if err != nil {
		return nil, err
	}
	n := len(items)
	if count != nil {
		if n, err = intArg("r", count); err != nil {
			return nil, err
		}
	}
	if n < 0 {
		return nil, newError("the argument \"r\" must not be negative")
	}
	out := []any{}
	if n > len(items) {
		return out, nil
	}
	var pick func(chosen []int) error
	pick = func(chosen []int) error {
		if err := c.step(); err != nil {
			return err
		}
		if len(chosen) == n {
			t := make(Tuple, n)
			for i, j := range chosen {
				t[i] = items[j]
			}
			if out = append(out, t); len(out)*max(n, 1) > maxItems/10 {
				return tooMany()
			}
			return nil
		}
		for i := range items {
			if allowed(chosen, i) {
				if err := pick(append(chosen, i)); err != nil {
					return err
				}
			}
		}
		return nil
	}
	return out, pick(make([]int, 0, n))
}
