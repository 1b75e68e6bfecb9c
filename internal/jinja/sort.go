package jinja

import (
	"sort"
)

// sortBy sorts items by keys, stably, as Python's sorted.
func (c *Context) sortBy(items, keys []any, reverse bool) ([]any, error) {
	index := make([]int, len(items))
	for i := range index {
		index[i] = i
	}
	var failed error
	sort.SliceStable(index, func(i, j int) bool {
		if failed != nil {
			return false
		}
		a, b := keys[index[i]], keys[index[j]]
		if reverse {
			a, b = b, a
		}
		o, err := c.order("<", a, b)
		if err != nil {
			failed = err
		}
		return o == -1
	})
	out := make([]any, len(items))
	for i, j := range index {
		out[i] = items[j]
	}
	return out, failed
}

func sorted(l []string) []string {
	sort.Strings(l)
	return l
}

// sortKeysOf sorts the keys of a dictionary.
func sortKeysOf(keys []any) ([]any, error) {
	c := &Context{own: fullBudget()}
	c.left = &c.own
	return c.sortBy(keys, keys, false)
}
