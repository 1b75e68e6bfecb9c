package jinja

import (
	"strings"
)

// contains is Python's `x in of`.
func (c *Context) contains(of, x any) (bool, error) {
	switch o := of.(type) {
	case *Undefined:
		return false, o.Err()
	case string:
		switch s := x.(type) {
		case string:
			return strings.Contains(o, s), nil
		case *Undefined:
			return false, s.Err()
		}
		return false, newError("cannot look for %s in a text", typeName(x)).WithHint("convert it with \"| string\"")
	case []any:
		return c.inList(o, x)
	case Tuple:
		return c.inList(o, x)
	case *Map:
		return o.Has(x), hashable(x)
	case Mapping:
		if err := hashable(x); err != nil {
			return false, err
		}
		_, ok, err := o.Lookup(c, x)
		return ok, err
	}
	return false, newError("cannot look into %s with \"in\"", describe(of))
}

func (c *Context) inList(list []any, x any) (bool, error) {
	if u, ok := x.(*Undefined); ok && len(list) > 0 {
		return false, u.Err()
	}
	for _, e := range list {
		e, err := c.resolve(e)
		if err != nil {
			return false, err
		}
		if eq, err := c.equal(e, x); eq || err != nil {
			return eq, err
		}
	}
	return false, nil
}

// hashable returns an error where v cannot be a dictionary's key.
func hashable(v any) error {
	switch x := v.(type) {
	case []any, *Map, Mapping:
		return newError("a %s cannot be a dictionary's key", typeName(v))
	case *Undefined:
		return x.Err()
	case Tuple:
		for _, e := range x {
			if err := hashable(e); err != nil {
				return err
			}
		}
	}
	return nil
}
