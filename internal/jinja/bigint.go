package jinja

import (
	"math"
	"math/big"
	"strings"
)

// Integers beyond 64 bits are *big.Int values, which are never changed; those
// that fit are always int.

const (
	maxBigBits = 1 << 20 // of one integer
	// maxDigits is how many digits Python writes and reads: its own guard against
	// conversions that take very long.
	maxDigits = 4300
)

// bigOf returns an integer of any size, with bools as 0 and 1.
func bigOf(v any) (*big.Int, bool) {
	if z, ok := v.(*big.Int); ok {
		return z, true
	}
	i, _, isInt, ok := num(v)
	if !ok || !isInt {
		return nil, false
	}
	return big.NewInt(int64(i)), true
}

func isBig(v any) bool {
	_, ok := v.(*big.Int)
	return ok
}

// smallest returns z as an int where it fits.
func smallest(z *big.Int) (any, error) {
	if z.IsInt64() {
		return int(z.Int64()), nil
	}
	if z.BitLen() > maxBigBits {
		return nil, newError("the integer would have more than %d bits", maxBigBits)
	}
	return z, nil
}

// bigFromFloat is Python's int() of a float.
func bigFromFloat(f float64) (any, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, newError("%s is no whole number", floatText(f))
	}
	z, _ := big.NewFloat(f).Int(nil)
	return smallest(z)
}

// bigFromText reads digits of a base from 2 to 36.
func bigFromText(s string, base int) (any, bool) {
	if len(s) > maxDigits {
		return nil, false
	}
	z, ok := new(big.Int).SetString(s, base)
	if !ok {
		return nil, false
	}
	v, err := smallest(z)
	return v, err == nil
}

// bigFloatOf is Python's float() of an integer; it is infinite where the integer
// is too large.
func bigFloatOf(z *big.Int) float64 {
	f, _ := new(big.Float).SetInt(z).Float64()
	return f
}

// bigText writes z in decimal, or an ellipsis of it where Python would refuse.
func bigText(z *big.Int) string {
	if tooManyDigits(z) {
		return "<an integer of more than 4300 digits>"
	}
	return z.String()
}

// tooManyDigits says that Python refuses to write z in decimal.
func tooManyDigits(z *big.Int) bool { return z.BitLen() > maxDigits*3322/1000 }

func bigOp(op string, a, b *big.Int) (any, error) {
	z := new(big.Int)
	switch op {
	case "+":
		return smallest(z.Add(a, b))
	case "-":
		return smallest(z.Sub(a, b))
	case "*":
		if a.BitLen()+b.BitLen() > maxBigBits+1 {
			return nil, newError("the integer would have more than %d bits", maxBigBits)
		}
		return smallest(z.Mul(a, b))
	case "**":
		return bigPower(a, b)
	}
	if b.Sign() == 0 {
		return nil, newError(errZero)
	}
	switch op {
	case "/":
		f, _ := new(big.Rat).SetFrac(a, b).Float64()
		if math.IsInf(f, 0) {
			return nil, newError("the result of \"/\" is too large for a float")
		}
		return f, nil
	case "//":
		q, _ := floorDiv(a, b)
		return smallest(q)
	}
	_, r := floorDiv(a, b)
	return smallest(r)
}

// floorDiv rounds towards minus infinity, as Python does.
func floorDiv(a, b *big.Int) (q, r *big.Int) {
	q, r = new(big.Int).QuoRem(a, b, new(big.Int))
	if r.Sign() != 0 && r.Sign() != b.Sign() {
		q.Sub(q, big.NewInt(1))
		r.Add(r, b)
	}
	return q, r
}

func bigPower(a, b *big.Int) (any, error) {
	if b.Sign() < 0 {
		return floatOp("**", bigFloatOf(a), bigFloatOf(b))
	}
	if a.BitLen() <= 1 { // 0, 1 or -1
		if b.Sign() == 0 {
			return 1, nil
		}
		if b.Bit(0) == 0 {
			return smallest(new(big.Int).Abs(a))
		}
		return smallest(a)
	}
	if !b.IsInt64() || b.Int64() > maxBigBits || int64(a.BitLen()-1)*b.Int64() > maxBigBits {
		return nil, newError("the integer would have more than %d bits", maxBigBits)
	}
	return smallest(new(big.Int).Exp(a, b, nil))
}

// bigDigits writes the digits of the absolute value.
func bigDigits(z *big.Int, base int) (string, error) {
	if base == 10 && tooManyDigits(z) {
		return "", newError("the integer has more than %d digits", maxDigits)
	}
	return strings.TrimPrefix(z.Text(base), "-"), nil
}
