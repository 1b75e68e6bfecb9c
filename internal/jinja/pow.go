package jinja

import (
	"math"
	"math/big"
)

const powPrecision = 160 // bits; enough to round 53 of them correctly

// exactPow is a**b, rounded as the C library does it: Go's math.Pow can be one
// unit off in the last place, which shows when numbers are printed.
func exactPow(a, b float64) float64 {
	rough := math.Pow(a, b)
	if a < 0 && b == math.Trunc(b) {
		return math.Copysign(exactPow(-a, b), rough)
	}
	if a <= 0 || math.IsInf(rough, 0) || math.IsNaN(rough) || rough < 1e-307 || a == 1 || b == 0 || math.IsInf(b, 0) {
		return rough
	}
	x := new(big.Float).SetPrec(powPrecision).SetFloat64(a)
	l := bigLog(x)
	l.Mul(l, new(big.Float).SetPrec(powPrecision).SetFloat64(b))
	r, _ := bigExp(l).Float64()
	return r
}

func bigFloat(v float64) *big.Float { return new(big.Float).SetPrec(powPrecision).SetFloat64(v) }

// series adds the terms of f until they no longer count.
func series(f func(i int) *big.Float) *big.Float {
	sum := bigFloat(0)
	for i := range 2 * powPrecision {
		t := f(i)
		if t.Sign() == 0 || i > 0 && sum.Sign() != 0 && t.MantExp(nil) < sum.MantExp(nil)-powPrecision {
			break
		}
		sum.Add(sum, t)
	}
	return sum
}

// exactLog is the natural logarithm, rounded correctly.
func exactLog(x float64) float64 {
	if math.IsInf(x, 0) || math.IsNaN(x) {
		return x
	}
	f, _ := bigLog(bigFloat(x)).Float64()
	return f
}

// bigLog is the natural logarithm: x = m * 2^e, and log m by the series of the
// inverse hyperbolic tangent.
func bigLog(x *big.Float) *big.Float {
	m := new(big.Float).SetPrec(powPrecision)
	e := x.MantExp(m)
	l := atanhLog(m)
	ln2 := atanhLog(bigFloat(2))
	return l.Add(l, ln2.Mul(ln2, bigFloat(float64(e))))
}

func atanhLog(m *big.Float) *big.Float {
	one := bigFloat(1)
	z := new(big.Float).SetPrec(powPrecision).Quo(new(big.Float).Sub(m, one), new(big.Float).Add(m, one))
	square := new(big.Float).SetPrec(powPrecision).Mul(z, z)
	power := new(big.Float).SetPrec(powPrecision).Set(z)
	sum := series(func(i int) *big.Float {
		t := new(big.Float).SetPrec(powPrecision).Quo(power, bigFloat(float64(2*i+1)))
		power.Mul(power, square)
		return t
	})
	return sum.Mul(sum, bigFloat(2))
}

// bigExp is e to the x: the series for x / 2^k, squared k times.
func bigExp(x *big.Float) *big.Float {
	k := max(x.MantExp(nil)+8, 0)
	r := new(big.Float).SetPrec(powPrecision).SetMantExp(x, -k)
	term := bigFloat(1)
	sum := series(func(i int) *big.Float {
		t := new(big.Float).SetPrec(powPrecision).Set(term)
		term.Mul(term, r)
		term.Quo(term, bigFloat(float64(i+1)))
		return t
	})
	for range k {
		sum.Mul(sum, sum)
	}
	return sum
}
