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
	if !hasLazy(v) {
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
	if err := c.step(); err != nil {
		return nil, err
	}
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

// hasLazy reports whether there may be a Lazy value in v. It gives up looking,
// and says yes, where v is very large.
func hasLazy(v any) bool {
	left := 100_000
	return lazyIn(v, 0, &left)
}

func lazyIn(v any, depth int, left *int) bool {
	if *left--; depth > maxDepth || *left < 0 {
		return true
	}
	var items []any
	switch x := v.(type) {
	case nil, bool, int, float64, string:
		return false
	case []any:
		items = x
	case Tuple:
		items = x
	case *Map:
		items = x.vals
	case Lazy:
		return true
	}
	for _, e := range items {
		if !isScalar(e) && lazyIn(e, depth+1, left) {
			return true
		}
	}
	return false
}
