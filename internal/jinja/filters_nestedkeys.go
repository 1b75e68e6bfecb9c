package jinja

// nested returns the arguments of a filter of ansible.utils that chooses keys at any
// depth.
func nested(name string, v any, a []any) (keyMatch, error) {
	switch v.(type) {
	case []any, *Map:
	default:
		return nil, newError("%s needs a list or a dictionary, not %s", name, describe(v))
	}
	return matchAny(a[1], nil, asList(a[0]))
}

func filterKeepNested(c *Context, v any, a []any) (any, error) {
	meant, err := nested("ansible.utils.keep_keys", v, a)
	if err != nil {
		return nil, err
	}
	return c.keepNested(v, meant, 0)
}

// keepNested returns the entries that are meant, with what leads to them. Of
// anything else it returns nil.
func (c *Context) keepNested(v any, meant keyMatch, depth int) (any, error) {
	if err := c.deeper(depth); err != nil {
		return nil, err
	}
	switch x := v.(type) {
	case []any:
		out := []any{}
		for _, e := range x {
			k, err := c.keepNested(e, meant, depth+1)
			if err != nil {
				return nil, err
			}
			if isTrue(k) {
				out = append(out, k)
			}
		}
		return out, nil
	case *Map:
		out := &Map{}
		for k, e := range x.All() {
			ok, err := meant(k)
			if err != nil {
				return nil, err
			}
			if !ok {
				if e, err = c.keepNested(e, meant, depth+1); err != nil {
					return nil, err
				}
			}
			if ok || isTrue(e) {
				out.Set(k, e)
			}
		}
		return out, nil
	}
	return nil, nil
}

// deeper counts a step into a value.
func (c *Context) deeper(depth int) error {
	if depth > maxDepth {
		return newError("the value nests more than %d levels deep", maxDepth)
	}
	return c.step()
}

func filterRemoveNested(c *Context, v any, a []any) (any, error) {
	meant, err := nested("ansible.utils.remove_keys", v, a)
	if err != nil {
		return nil, err
	}
	return c.removeNested(v, meant, 0)
}

// removeNested returns a value without the entries that are meant. As in the
// collection's filter, a list loses what is false in it, and dictionaries that are
// empty now.
func (c *Context) removeNested(v any, meant keyMatch, depth int) (any, error) {
	if err := c.deeper(depth); err != nil {
		return nil, err
	}
	switch x := v.(type) {
	case []any:
		out := []any{}
		for _, e := range x {
			left, err := c.removeNested(e, meant, depth+1)
			if err != nil {
				return nil, err
			}
			if _, isList := e.([]any); isTrue(e) && (isList || isTrue(left)) {
				out = append(out, left)
			}
		}
		return out, nil
	case *Map:
		out := &Map{}
		for k, e := range x.All() {
			ok, err := meant(k)
			if err != nil {
				return nil, err
			}
			if ok {
				continue
			}
			if e, err = c.removeNested(e, meant, depth+1); err != nil {
				return nil, err
			}
			out.Set(k, e)
		}
		return out, nil
	}
	return v, nil
}

func filterReplaceNested(c *Context, v any, a []any) (any, error) {
	if _, err := nested("ansible.utils.replace_keys", v, []any{[]any{}, a[1]}); err != nil {
		return nil, err
	}
	rules, err := renamings(a[0], a[1], nil)
	if err != nil {
		return nil, err
	}
	return c.renameNested(v, rules, 0)
}

// renameNested renames keys. One that has a new name stands last.
func (c *Context) renameNested(v any, rules []renaming, depth int) (any, error) {
	if err := c.deeper(depth); err != nil {
		return nil, err
	}
	switch x := v.(type) {
	case []any:
		out := make([]any, len(x))
		for i, e := range x {
			var err error
			if out[i], err = c.renameNested(e, rules, depth+1); err != nil {
				return nil, err
			}
		}
		return out, nil
	case *Map:
		out := x.Clone()
		for _, rule := range rules {
			for _, k := range out.Keys() {
				if ok, err := rule.meant(k); err != nil {
					return nil, err
				} else if !ok {
					continue
				}
				e, _ := out.Get(k)
				out.Delete(k)
				out.Set(rule.after, e)
			}
		}
		for i, e := range out.vals {
			var err error
			if out.vals[i], err = c.renameNested(e, rules, depth+1); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	return v, nil
}
