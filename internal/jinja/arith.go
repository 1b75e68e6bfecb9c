package jinja

import (
	"math"
	"math/big"
	"math/bits"
	"time"
)

// binary is Python's arithmetic. Both sides are resolved before.
func binary(op string, a, b any) (any, error) {
	_, isText := a.(string)
	for _, v := range []any{a, b} {
		// a format without places does not look at its values
		if u, ok := v.(*Undefined); ok && !(op == "%" && isText) {
			return nil, u.Err()
		}
	}
	if ai, af, aInt, ok := num(a); ok {
		if bi, bf, bInt, ok := num(b); ok {
			if aInt && bInt {
				return intOp(op, ai, bi)
			}
			return numberOp(op, a, b, af, bf)
		}
	}
	switch op {
	case "+":
		if v, ok := add(a, b); ok {
			return v, checkSize(v)
		}
	case "*":
		if n, _, isInt, ok := num(b); ok && isInt {
			return repeat(a, n)
		}
		if n, _, isInt, ok := num(a); ok && isInt {
			return repeat(b, n)
		}
	case "%":
		if s, ok := a.(string); ok {
			return percentFormat(s, b)
		}
	case "-":
		if v, ok := subtract(a, b); ok {
			return v, nil
		}
	}
	return nil, opError(op, a, b)
}

// numberOp is for numbers that are not both of 64 bits.
func numberOp(op string, a, b any, af, bf float64) (any, error) {
	if isBig(a) || isBig(b) {
		if x, ok := bigOf(a); ok {
			if y, ok := bigOf(b); ok {
				return bigOp(op, x, y)
			}
		}
		if isBig(a) && math.IsInf(af, 0) || isBig(b) && math.IsInf(bf, 0) {
			return nil, newError("the integer is too large for a float")
		}
	}
	return floatOp(op, af, bf)
}

func opError(op string, a, b any) error {
	e := newError("%q does not work between %s and %s", op, typeName(a), typeName(b))
	if op == "+" && (typeName(a) == "str" || typeName(b) == "str") {
		e.Hint = `join texts with "~", or convert with "| int" or "| string"`
	}
	return e
}

func add(a, b any) (any, bool) {
	switch x := a.(type) {
	case string:
		if y, ok := b.(string); ok {
			return x + y, true
		}
	case []any:
		if y, ok := b.([]any); ok {
			return append(append(make([]any, 0, len(x)+len(y)), x...), y...), true
		}
	case Tuple:
		if y, ok := b.(Tuple); ok {
			return append(append(make(Tuple, 0, len(x)+len(y)), x...), y...), true
		}
	case time.Time:
		if y, ok := b.(time.Duration); ok {
			return x.Add(y), true
		}
	case time.Duration:
		switch y := b.(type) {
		case time.Duration:
			return x + y, true
		case time.Time:
			return y.Add(x), true
		}
	}
	return nil, false
}

func subtract(a, b any) (any, bool) {
	switch x := a.(type) {
	case time.Time:
		switch y := b.(type) {
		case time.Time:
			return x.Sub(y), true
		case time.Duration:
			return x.Add(-y), true
		}
	case time.Duration:
		if y, ok := b.(time.Duration); ok {
			return x - y, true
		}
	}
	return nil, false
}

const errZero = "division by zero"

func bigIntOp(op string, a, b int) (any, error) {
	return bigOp(op, big.NewInt(int64(a)), big.NewInt(int64(b)))
}

func intOp(op string, a, b int) (any, error) {
	switch op {
	case "+":
		if s := a + b; (s > a) == (b > 0) {
			return s, nil
		}
		return bigIntOp(op, a, b)
	case "-":
		if s := a - b; (s < a) == (b > 0) {
			return s, nil
		}
		return bigIntOp(op, a, b)
	case "*":
		return multiply(a, b)
	case "**":
		return power(a, b)
	}
	if b == 0 {
		return nil, newError(errZero)
	}
	switch op {
	case "/":
		if max(abs(a), abs(b)) > 1<<53 {
			return bigIntOp(op, a, b)
		}
		return float64(a) / float64(b), nil
	case "//":
		if a == math.MinInt && b == -1 {
			return bigIntOp(op, a, b)
		}
		q := a / b
		if a%b != 0 && (a < 0) != (b < 0) {
			q--
		}
		return q, nil
	}
	if b == -1 {
		return 0, nil
	}
	r := a % b
	if r != 0 && (r < 0) != (b < 0) {
		r += b
	}
	return r, nil
}

func multiply(a, b int) (any, error) {
	hi, lo := bits.Mul64(uint64(abs(a)), uint64(abs(b)))
	negative := (a < 0) != (b < 0)
	if hi != 0 || lo > math.MaxInt64 {
		if negative && hi == 0 && lo == 1<<63 {
			return math.MinInt, nil
		}
		return bigIntOp("*", a, b)
	}
	if negative {
		return -int(lo), nil
	}
	return int(lo), nil
}

func abs(a int) int {
	if a < 0 {
		return -a
	}
	return a
}

func power(a, b int) (any, error) {
	if b < 0 {
		if a == 0 {
			return nil, newError(errZero)
		}
		return exactPow(float64(a), float64(b)), nil
	}
	if a == 0 || a == 1 || a == -1 {
		if b == 0 || b%2 == 0 {
			return a*a + (1-a*a)*boolInt(b == 0), nil
		}
		return a, nil
	}
	return bigIntOp("**", a, b)
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

func floatOp(op string, a, b float64) (any, error) {
	switch op {
	case "+":
		return a + b, nil
	case "-":
		return a - b, nil
	case "*":
		return a * b, nil
	case "**":
		if a == 0 && b < 0 {
			return nil, newError(errZero)
		}
		r := exactPow(a, b)
		if math.IsNaN(r) && !math.IsNaN(a) && !math.IsNaN(b) {
			return nil, newError("the result of \"**\" is not a real number")
		}
		if math.IsInf(r, 0) && !math.IsInf(a, 0) && !math.IsInf(b, 0) {
			return nil, newError("the result of \"**\" is too large")
		}
		return r, nil
	}
	if b == 0 {
		return nil, newError(errZero)
	}
	switch op {
	case "/":
		return a / b, nil
	case "//":
		return math.Floor(a / b), nil
	}
	r := math.Mod(a, b)
	switch {
	case r == 0:
		r = math.Copysign(0, b)
	case (r < 0) != (b < 0):
		r += b
	}
	return r, nil
}
