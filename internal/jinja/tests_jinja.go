package jinja

import (
	"strings"
)

func is(f func(v any) bool) func(*Context, any, []any) (any, error) {
	return func(_ *Context, v any, _ []any) (any, error) { return f(v), nil }
}

func compares(op string) func(*Context, any, []any) (any, error) {
	return func(c *Context, v any, a []any) (any, error) { return c.compare(op, v, a[0]) }
}

// jinjaTests are Jinja's own.
var jinjaTests = []filter{
	{name: "boolean", takes: takesUndefined, fn: is(func(v any) bool { _, ok := v.(bool); return ok })},
	{name: "callable", takes: takesUndefined | takesLazy, fn: is(func(v any) bool {
		switch v.(type) {
		case *Func, *Macro, *Undefined:
			return true
		}
		return false
	})},
	{name: "defined", takes: takesUndefined | takesLazy, fn: is(func(v any) bool { _, ok := v.(*Undefined); return !ok })},
	{name: "undefined", takes: takesUndefined | takesLazy, fn: is(func(v any) bool { _, ok := v.(*Undefined); return ok })},
	{name: "divisibleby", params: "num", fn: func(_ *Context, v any, a []any) (any, error) {
		r, err := binary("%", v, a[0])
		if err != nil {
			return nil, err
		}
		return equal(r, 0)
	}},
	{name: "even", fn: func(_ *Context, v any, _ []any) (any, error) {
		r, err := binary("%", v, 2)
		if err != nil {
			return nil, err
		}
		return equal(r, 0)
	}},
	{name: "odd", fn: func(_ *Context, v any, _ []any) (any, error) {
		r, err := binary("%", v, 2)
		if err != nil {
			return nil, err
		}
		return equal(r, 1)
	}},
	{name: "eq == equalto", params: "other", fn: compares("==")},
	{name: "ne !=", params: "other", fn: compares("!=")},
	{name: "lt < lessthan", params: "other", fn: compares("<")},
	{name: "le <=", params: "other", fn: compares("<=")},
	{name: "gt > greaterthan", params: "other", fn: compares(">")},
	{name: "ge >=", params: "other", fn: compares(">=")},
	{name: "in", params: "seq", takes: takesUndefined, fn: func(c *Context, v any, a []any) (any, error) { return c.contains(a[0], v) }},
	{name: "escaped", takes: takesUndefined, fn: is(func(v any) bool { _, ok := v.(*Undefined); return ok })},
	{name: "false", takes: takesUndefined, fn: is(func(v any) bool { return v == false })},
	{name: "true", takes: takesUndefined, fn: is(func(v any) bool { return v == true })},
	{name: "none", takes: takesUndefined, fn: is(func(v any) bool { return v == nil })},
	{name: "float", takes: takesUndefined, fn: is(func(v any) bool { _, ok := v.(float64); return ok })},
	{name: "integer", takes: takesUndefined, fn: is(func(v any) bool { _, ok := v.(int); return ok || isBig(v) })},
	{name: "number", takes: takesUndefined, fn: is(func(v any) bool { _, _, _, ok := num(v); return ok })},
	{name: "string", takes: takesUndefined, fn: is(func(v any) bool { _, ok := v.(string); return ok })},
	{name: "mapping", takes: takesUndefined, fn: is(func(v any) bool { return typeName(v) == "dict" })},
	{name: "iterable", takes: takesLazy, fn: func(c *Context, v any, _ []any) (any, error) {
		_, err := c.iterate(v)
		return err == nil, nil
	}},
	{name: "sequence", takes: takesLazy | takesUndefined, fn: is(func(v any) bool {
		switch v.(type) {
		case string, []any, Tuple, *Map, Mapping:
			return true
		}
		return false
	})},
	{name: "sameas", params: "other", takes: takesUndefined, fn: func(_ *Context, v any, a []any) (any, error) {
		return typeName(v) == typeName(a[0]) && same(v, a[0]), nil
	}},
	{name: "lower", fn: func(c *Context, v any, _ []any) (any, error) {
		s, err := c.str(v)
		return isLower(s), err
	}},
	{name: "upper", fn: func(c *Context, v any, _ []any) (any, error) {
		s, err := c.str(v)
		return isUpper(s), err
	}},
	{name: "filter", fn: func(c *Context, v any, _ []any) (any, error) {
		s, _ := v.(string)
		_, err := c.tables.find("filter", s)
		return err == nil, nil
	}},
	{name: "test", fn: func(c *Context, v any, _ []any) (any, error) {
		s, _ := v.(string)
		_, err := c.tables.find("test", s)
		return err == nil, nil
	}},
}

// yes reports what Ansible holds to be a boolean word.
func convertBool(v any) any {
	switch x := v.(type) {
	case string:
		switch strings.ToLower(strings.TrimSpace(x)) {
		case "y", "yes", "on", "1", "true", "t", "1.0":
			return true
		case "n", "no", "off", "0", "false", "f", "0.0":
			return false
		}
	case int, float64:
		if eq, _ := equal(v, 1); eq {
			return true
		}
		if eq, _ := equal(v, 0); eq {
			return false
		}
	}
	return v
}
