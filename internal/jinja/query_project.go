package jinja

import (
	"fleet/internal/jinja/jmespath"
)

// project evaluates the right side on each element of the left. What is null is
// left out.
func (q query) project(n *jmespath.Node, v any) (any, error) {
	base, err := q.on(n.Nodes[0], v)
	if err != nil {
		return nil, err
	}
	items, ok := base.([]any)
	if n.Kind == jmespath.Values {
		if items, ok, err = q.values(base); err != nil {
			return nil, err
		}
	}
	if !ok {
		return nil, nil
	}
	out := []any{}
	for _, item := range items {
		if n.Kind == jmespath.Filter {
			holds, err := q.on(n.Nodes[2], item)
			if err != nil {
				return nil, err
			}
			if isFalse(holds) {
				continue
			}
		}
		e, err := q.on(n.Nodes[1], item)
		if err != nil {
			return nil, err
		}
		if e != nil {
			out = append(out, e)
		}
	}
	return out, q.c.made(out)
}

// values returns the values of a dictionary; ok says that it is one.
func (q query) values(v any) (items []any, ok bool, err error) {
	switch m := v.(type) {
	case *Map:
		return m.vals, true, nil
	case Mapping:
		for _, k := range m.Keys() {
			e, _, err := m.Lookup(q.c, k)
			if err != nil {
				return nil, false, err
			}
			items = append(items, e)
		}
		return items, true, nil
	}
	return nil, false, nil
}

func (q query) flatten(n *jmespath.Node, v any) (any, error) {
	base, err := q.on(n.Nodes[0], v)
	if err != nil {
		return nil, err
	}
	items, ok := base.([]any)
	if !ok {
		return nil, nil
	}
	out := []any{}
	for _, item := range items {
		if item, err = q.plain(item); err != nil {
			return nil, err
		}
		if l, ok := item.([]any); ok {
			out = append(out, l...)
		} else {
			out = append(out, item)
		}
		if len(out) > maxItems {
			return nil, newError("the list would have more than %d elements", maxItems)
		}
	}
	return out, q.c.made(out)
}

// choose makes a list or a dictionary of several nodes on one value.
func (q query) choose(n *jmespath.Node, v any) (any, error) {
	if v == nil {
		return nil, nil
	}
	list, hash := make([]any, 0, len(n.Nodes)), newMapFor(len(n.Keys))
	for i, child := range n.Nodes {
		e, err := q.on(child, v)
		if err != nil {
			return nil, err
		}
		if n.Kind == jmespath.Hash {
			hash.Set(n.Keys[i], e)
		} else {
			list = append(list, e)
		}
	}
	if n.Kind == jmespath.Hash {
		return hash, nil
	}
	return list, nil
}
