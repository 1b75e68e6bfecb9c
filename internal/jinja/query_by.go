package jinja

import (
	"fleet/internal/jinja/jmespath"
)

// queryMap evaluates an expression on each element, and keeps what is null.
func queryMap(q query, _ *jmespath.Node, a []any) (any, error) {
	items := a[1].([]any)
	out := make([]any, len(items))
	for i, item := range items {
		v, err := q.on(a[0].(reference).node, item)
		if err != nil {
			return nil, err
		}
		out[i] = v
	}
	return out, nil
}

// queryKeys are what the elements are compared by: themselves, or what the
// expression behind them gives, numbers or texts alone.
func (q query) queryKeys(n *jmespath.Node, a []any) (items, keys []any, err error) {
	items = a[0].([]any)
	if len(a) == 1 {
		return items, items, nil
	}
	for _, item := range items {
		k, err := q.deep(a[1].(reference).node, item)
		if err != nil {
			return nil, nil, err
		}
		if !isOrdered(k) || len(keys) > 0 && queryType(k) != queryType(keys[0]) {
			return nil, nil, q.failed(n, "the function %q needs numbers alone or texts alone to compare, not %s for %s", n.Text, describe(k), describe(item))
		}
		keys = append(keys, k)
	}
	return items, keys, nil
}

func querySort(q query, n *jmespath.Node, a []any) (any, error) {
	items, keys, err := q.queryKeys(n, a)
	if err != nil {
		return nil, err
	}
	return q.c.sortBy(items, keys, false)
}

// farthest returns the first of the smallest elements (want -1) or largest (1).
func farthest(want int) func(query, *jmespath.Node, []any) (any, error) {
	return func(q query, n *jmespath.Node, a []any) (any, error) {
		items, keys, err := q.queryKeys(n, a)
		if err != nil || len(items) == 0 {
			return nil, err
		}
		best := 0
		for i := range items {
			o, err := q.c.order("<", keys[i], keys[best])
			if err != nil {
				return nil, err
			}
			if o == want {
				best = i
			}
		}
		return items[best], nil
	}
}
