package jinja

import (
	"math/rand"
	"slices"
)

// filterMap is map('filter', …) and map(attribute=…, default=…).
func filterMap(c *Context, v any, a []any) (any, error) {
	args := a[0].([]any)
	kw, _ := a[1].(*Map)
	if len(args) == 0 && kw.Has("attribute") {
		return c.mapAttribute(v, kw)
	}
	if len(args) == 0 {
		return nil, newError("map() needs the name of a filter, or attribute=…")
	}
	name, err := textArg("filter", args[0])
	if err != nil {
		return nil, err
	}
	def, err := c.tables.find("filter", name)
	if err != nil {
		return nil, err
	}
	items, err := c.iterate(v)
	if err != nil {
		return nil, err
	}
	out := make([]any, len(items))
	for i, item := range items {
		if out[i], err = c.apply(def, "filter", item, Args{slices.Clone(args[1:]), kw}); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (c *Context) mapAttribute(v any, kw *Map) (any, error) {
	for k := range kw.All() {
		if k != "attribute" && k != "default" {
			return nil, newError("map() has no argument %q", Str(k))
		}
	}
	items, err := c.iterate(v)
	if err != nil {
		return nil, err
	}
	attr, _ := kw.Get("attribute")
	otherwise, _ := kw.Get("default")
	get := c.path(attr)
	out := make([]any, len(items))
	for i, item := range items {
		if out[i], err = get(item); err != nil {
			return nil, err
		}
		if _, ok := out[i].(*Undefined); ok && otherwise != nil {
			out[i] = otherwise
		}
	}
	return out, nil
}

// selector is select, reject, selectattr and rejectattr.
func selector(byAttr, want bool) func(*Context, any, []any) (any, error) {
	return func(c *Context, v any, a []any) (any, error) {
		args := a[0].([]any)
		get := func(v any) (any, error) { return v, nil }
		if byAttr {
			if len(args) == 0 {
				return nil, newError("the name of an attribute is missing")
			}
			get = c.path(args[0])
			args = args[1:]
		}
		var def *filter
		if len(args) > 0 {
			name, err := testName(args[0])
			if err != nil {
				return nil, err
			}
			if def, err = c.tables.find("test", name); err != nil {
				return nil, err
			}
			args = args[1:]
		}
		items, err := c.iterate(v)
		if err != nil {
			return nil, err
		}
		kw, _ := a[1].(*Map)
		out := []any{}
		for _, item := range items {
			value, err := get(item)
			if err != nil {
				return nil, err
			}
			if def != nil {
				if value, err = c.apply(def, "test", value, Args{slices.Clone(args), kw}); err != nil {
					return nil, err
				}
			}
			ok, err := Truth(value)
			if err != nil {
				return nil, err
			}
			if ok == want {
				out = append(out, item)
			}
		}
		return out, nil
	}
}

func testName(v any) (string, error) { return textArg("test", v) }

func filterRandom(c *Context, v any, a []any) (any, error) {
	pick := c.randInt
	if a[2] != nil {
		pick = seeded(a[2])
	}
	if end, _, isInt, ok := num(v); ok {
		if !isInt {
			return nil, newError("random() needs a whole number or a list, not %s", describe(v))
		}
		start, step := 0, 1
		for i, p := range []*int{&start, &step} {
			if a[i] == nil {
				continue
			}
			n, err := intArg("start", a[i])
			if err != nil {
				return nil, err
			}
			if n != 0 {
				*p = n
			}
		}
		if step < 1 || end <= start {
			return nil, newError("random() has no number to choose from")
		}
		return start + step*pick((end-start+step-1)/step), nil
	}
	if a[0] != nil || a[1] != nil {
		return nil, newError("start and step work with numbers only")
	}
	items, err := c.iterate(v)
	if err != nil {
		return nil, err
	}
	if len(items) == 0 {
		return &Undefined{hint: "there is no random element: the list is empty"}, nil
	}
	return items[pick(len(items))], nil
}

// seeded returns a source of numbers that is the same for the same seed. The
// numbers are not those that Python draws.
func seeded(seed any) func(int) int {
	h := uint64(14695981039346656037)
	for _, b := range []byte(Str(seed)) {
		h = (h ^ uint64(b)) * 1099511628211
	}
	return rand.New(rand.NewSource(int64(h))).Intn
}

func filterShuffle(c *Context, v any, a []any) (any, error) {
	items, err := c.iterate(v)
	if err != nil {
		return v, nil
	}
	pick := c.randInt
	if ok, _ := Truth(a[0]); ok {
		pick = seeded(a[0])
	}
	items = append([]any{}, items...)
	for i := len(items) - 1; i > 0; i-- {
		j := pick(i + 1)
		items[i], items[j] = items[j], items[i]
	}
	return items, nil
}
