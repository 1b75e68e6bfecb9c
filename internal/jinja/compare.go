package jinja

import (
	"cmp"
	"math"
	"math/big"
	"sort"
	"strings"
	"time"
)

// num returns v as a number: bools are 0 and 1. isInt says that i is exact; of an
// integer beyond 64 bits there is only f.
func num(v any) (i int, f float64, isInt, ok bool) {
	switch x := v.(type) {
	case bool:
		if x {
			return 1, 1, true, true
		}
		return 0, 0, true, true
	case int:
		return x, float64(x), true, true
	case float64:
		return 0, x, false, true
	case *big.Int:
		return 0, bigFloatOf(x), false, true
	}
	return 0, 0, false, false
}

// equal is Python's ==. Both sides are resolved before.
func equal(a, b any) (bool, error) {
	var c comparison
	return c.equal(a, b, 0)
}

// equal is ==, with its work counted.
func (c *Context) equal(a, b any) (bool, error) {
	switch x := a.(type) {
	case string:
		if y, ok := b.(string); ok {
			return x == y, nil
		}
	case int:
		if y, ok := b.(int); ok {
			return x == y, nil
		}
	}
	var n comparison
	eq, err := n.equal(a, b, 0)
	if err != nil {
		return false, err
	}
	return eq, c.spend(n.steps)
}

// order is the order of a and b for op, with its work counted.
func (c *Context) order(op string, a, b any) (int, error) {
	switch x := a.(type) {
	case string:
		if y, ok := b.(string); ok {
			return strings.Compare(x, y), nil
		}
	case int:
		if y, ok := b.(int); ok {
			return cmp.Compare(x, y), nil
		}
	}
	var n comparison
	o, err := n.order(a, b, op, 0)
	if err != nil {
		return 0, err
	}
	return o, c.spend(n.steps)
}

// comparison counts the comparisons that one comparison of two values takes.
type comparison struct{ steps int }

func (c *comparison) equal(a, b any, depth int) (bool, error) {
	for _, v := range []any{a, b} {
		if u, ok := v.(*Undefined); ok && !u.lenient {
			return false, u.Err()
		}
	}
	if err := c.step(depth); err != nil {
		return false, err
	}
	switch x := a.(type) {
	case string:
		y, ok := b.(string)
		return ok && x == y, nil
	case bool, int, float64, *big.Int:
		return equalNumbers(a, b), nil
	case []any:
		y, ok := b.([]any)
		return c.lists(x, y, ok, depth)
	case Tuple:
		y, ok := b.(Tuple)
		return c.lists(x, y, ok, depth)
	case *Map:
		y, ok := b.(*Map)
		return c.maps(x, y, ok, depth)
	}
	return same(a, b), nil
}

func equalNumbers(a, b any) bool {
	ai, af, aInt, _ := num(a)
	bi, bf, bInt, ok := num(b)
	if !ok {
		return false
	}
	if aInt && bInt {
		return ai == bi
	}
	if isBig(a) || isBig(b) {
		return orderBig(a, b) == 0
	}
	return af == bf
}

func (c *comparison) lists(x, y []any, ok bool, depth int) (bool, error) {
	if !ok || len(x) != len(y) {
		return false, nil
	}
	for i := range x {
		if eq, err := c.equal(x[i], y[i], depth+1); !eq || err != nil {
			return false, err
		}
	}
	return true, nil
}

func (c *comparison) maps(x, y *Map, ok bool, depth int) (bool, error) {
	if !ok || x.Len() != y.Len() {
		return false, nil
	}
	for k, v := range x.All() {
		w, ok := y.Get(k)
		if !ok {
			return false, nil
		}
		if eq, err := c.equal(v, w, depth+1); !eq || err != nil {
			return false, err
		}
	}
	return true, nil
}

// order compares for < and >: -1, 0 or 1, and 2 where the two cannot be ordered
// because one is not a number.
func order(a, b any) (int, error) { return orderFor("<", a, b) }

// orderFor is order with the operator to name in errors.
func orderFor(op string, a, b any) (int, error) {
	var c comparison
	return c.order(a, b, op, 0)
}

func (c *comparison) step(depth int) error {
	if depth > maxDepth {
		return newError("the values nest more than %d levels deep", maxDepth)
	}
	if c.steps++; c.steps > 10*maxItems {
		return newError("the values are too large to compare")
	}
	return nil
}

func (c *comparison) order(a, b any, op string, depth int) (int, error) {
	for _, v := range []any{a, b} {
		if u, ok := v.(*Undefined); ok {
			return 0, u.Err()
		}
	}
	if err := c.step(depth); err != nil {
		return 0, err
	}
	if ai, af, aInt, ok := num(a); ok {
		if bi, bf, bInt, ok := num(b); ok {
			if aInt && bInt {
				return sign(ai < bi, ai > bi), nil
			}
			if math.IsNaN(af) || math.IsNaN(bf) {
				return 2, nil
			}
			if isBig(a) || isBig(b) {
				return orderBig(a, b), nil
			}
			return sign(af < bf, af > bf), nil
		}
	}
	switch x := a.(type) {
	case string:
		if y, ok := b.(string); ok {
			return strings.Compare(x, y), nil
		}
	case []any:
		if y, ok := b.([]any); ok {
			return c.orderLists(x, y, op, depth)
		}
	case Tuple:
		if y, ok := b.(Tuple); ok {
			return c.orderLists(x, y, op, depth)
		}
	case time.Time:
		if y, ok := b.(time.Time); ok {
			return x.Compare(y), nil
		}
	case time.Duration:
		if y, ok := b.(time.Duration); ok {
			return sign(x < y, x > y), nil
		}
	}
	e := newError("%q cannot compare %s with %s", op, typeName(a), typeName(b))
	_, _, _, an := num(a)
	_, _, _, bn := num(b)
	if an != bn && (typeName(a) == "str" || typeName(b) == "str") {
		e.Hint = `convert the text with "| int" or "| float"`
	}
	return 0, e
}

// orderBig compares numbers of which one is beyond 64 bits; none is NaN.
func orderBig(a, b any) int {
	number := func(v any) *big.Float {
		if z, ok := bigOf(v); ok {
			return new(big.Float).SetInt(z)
		}
		return big.NewFloat(v.(float64))
	}
	for _, v := range []any{a, b} {
		if f, ok := v.(float64); ok && math.IsNaN(f) {
			return 2
		}
	}
	return number(a).Cmp(number(b))
}

func sign(less, more bool) int {
	switch {
	case less:
		return -1
	case more:
		return 1
	}
	return 0
}

func (c *comparison) orderLists(x, y []any, op string, depth int) (int, error) {
	for i := 0; i < len(x) && i < len(y); i++ {
		eq, err := c.equal(x[i], y[i], depth+1)
		if err != nil {
			return 0, err
		}
		if !eq {
			return c.order(x[i], y[i], op, depth+1)
		}
	}
	return sign(len(x) < len(y), len(x) > len(y)), nil
}

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
