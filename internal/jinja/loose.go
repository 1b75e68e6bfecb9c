package jinja

// str is Python's str() of a value whose parts may be lazy.
func (c *Context) str(v any) (string, error) {
	if s, ok := v.(string); ok {
		return s, nil
	}
	v, err := Deep(c, v)
	if err != nil {
		return "", err
	}
	if v, err = c.plainMap(v); err != nil {
		return "", err
	}
	return Str(v), nil
}

// loosely is Deep that leaves what is undefined inside of v as it is.
func (c *Context) loosely(v any) (any, error) {
	if !hasLazy(v, 0) {
		return v, nil
	}
	v, err := c.resolve(v)
	if err != nil {
		return nil, err
	}
	if err := c.enter(); err != nil {
		return nil, err
	}
	defer c.leave()
	switch x := v.(type) {
	case []any:
		return c.looseList(x)
	case Tuple:
		l, err := c.looseList(x)
		return Tuple(l), err
	case *Map:
		out := &Map{}
		for k, e := range x.All() {
			e, err := c.loosely(e)
			if err != nil {
				return nil, err
			}
			out.Set(k, e)
		}
		return out, nil
	}
	return v, nil
}

func (c *Context) looseList(l []any) ([]any, error) {
	out := make([]any, len(l))
	for i, e := range l {
		v, err := c.loosely(e)
		if err != nil {
			return nil, err
		}
		out[i] = v
	}
	return out, nil
}

func hasLazy(v any, depth int) bool {
	if depth > maxDepth {
		return true
	}
	switch x := v.(type) {
	case nil, bool, int, float64, string:
		return false
	case []any:
		for _, e := range x {
			if hasLazy(e, depth+1) {
				return true
			}
		}
		return false
	case Tuple:
		return hasLazy([]any(x), depth)
	case *Map:
		return hasLazy(x.vals, depth)
	case Lazy:
		return true
	}
	return false
}
