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
	lazy, seen := hasLazy(v)
	if err := c.spend(seen / 8); err != nil || !lazy && !c.left.changed.any() {
		return v, err
	}
	return c.loose(v)
}

func (c *Context) loose(v any) (any, error) {
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
		return c.looseMap(x)
	}
	return v, nil
}

func (c *Context) looseList(l []any) ([]any, error) {
	out := l
	for i, e := range l {
		if isScalar(e) {
			continue
		}
		v, err := c.loose(e)
		if err != nil {
			return nil, err
		}
		if same(v, e) {
			continue
		}
		if same(out, l) {
			if err := c.charge(16 * len(l)); err != nil {
				return nil, err
			}
			out = append([]any(nil), l...)
		}
		out[i] = v
	}
	return out, nil
}

func (c *Context) looseMap(m *Map) (*Map, error) {
	out := m
	for i, e := range m.vals {
		if isScalar(e) {
			continue
		}
		v, err := c.loose(e)
		if err != nil {
			return nil, err
		}
		if same(v, e) {
			continue
		}
		if out == m {
			if err := c.charge(48 * m.Len()); err != nil {
				return nil, err
			}
			out = m.Clone()
		}
		out.vals[i] = v
	}
	return out, nil
}

// hasLazy reports whether there may be a Lazy value in v, and how many values it
// looked at. It gives up looking, and says yes, where v is very large.
func hasLazy(v any) (lazy bool, seen int) {
	const most = 100_000
	left := most
	lazy = lazyIn(v, 0, &left)
	return lazy, most - left
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
