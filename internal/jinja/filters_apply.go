package jinja

import (
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
	items, err := c.iterateTrue(v)
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

// iterateTrue is iterate, but what is false has no elements, be it a list or not.
func (c *Context) iterateTrue(v any) ([]any, error) {
	if ok, err := Truth(v); err != nil || !ok {
		return nil, err
	}
	return c.iterate(v)
}

func (c *Context) mapAttribute(v any, kw *Map) (any, error) {
	for k := range kw.All() {
		if k != "attribute" && k != "default" {
			return nil, newError("map() has no argument %q", Str(k))
		}
	}
	items, err := c.iterateTrue(v)
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
		items, err := c.iterateTrue(v)
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
