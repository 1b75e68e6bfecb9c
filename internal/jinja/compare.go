package jinja

import (
	"cmp"
	"math"
	"math/big"
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

// Equal reports whether two values are the same, as Python's == has it. What cannot
// be compared is not the same.
func Equal(a, b any) bool {
	same, err := equal(a, b)
	return same && err == nil
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
