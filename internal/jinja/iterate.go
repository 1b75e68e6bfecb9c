package jinja

import (
	"unicode/utf8"
)

// iterate returns the elements of v as Python iterates over it; they may be lazy.
func (c *Context) iterate(v any) ([]any, error) {
	switch x := v.(type) {
	case []any:
		return x, nil
	case Tuple:
		return x, nil
	case *Map:
		return x.keys, nil
	case Mapping:
		return x.Keys(), nil
	case string:
		n := utf8.RuneCountInString(x)
		if n > maxItems {
			return nil, newError("the text has more than %d characters: too many to loop over", maxItems)
		}
		if err := c.charge(32 * n); err != nil {
			return nil, err
		}
		out := make([]any, 0, n)
		for _, r := range x {
			out = append(out, string(r))
		}
		return out, nil
	case *Undefined:
		if x.lenient {
			return nil, nil
		}
		return nil, x.Err()
	case Lazy:
		r, err := c.resolve(x)
		if err != nil {
			return nil, err
		}
		return c.iterate(r)
	}
	return nil, newError("cannot loop over %s: '%s' object is not iterable", describe(v), typeName(v))
}

// dict returns v as a dictionary.
func (c *Context) dict(v any) (*Map, error) {
	v, err := c.resolve(v)
	if err != nil {
		return nil, err
	}
	if v, err = c.plainMap(v); err != nil {
		return nil, err
	}
	switch x := v.(type) {
	case *Map:
		return x, nil
	case *Undefined:
		return nil, x.Err()
	}
	return nil, newError("%s is not a dictionary", describe(v))
}
