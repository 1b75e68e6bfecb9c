package jinja

import (
	"math"
	"math/big"
	"strconv"
	"strings"
)

// numberFilters are those for numbers.
var numberFilters = []filter{
	{name: "abs", fn: filterAbs},
	{name: "float", params: "default=0.0", fn: filterFloat},
	{name: "int", params: "default=0 base=10", fn: filterInt},
	{name: "round", params: "precision=0 method=common", fn: filterRound},
	{name: "filesizeformat", params: "binary=false", fn: filterFileSize},
	{name: "log", params: "base=none", fn: filterLog},
	{name: "pow", params: "y", fn: func(_ *Context, v any, a []any) (any, error) {
		x, y, err := twoFloats("pow", v, a[0])
		if err != nil {
			return nil, err
		}
		return floatOp("**", x, y)
	}},
	{name: "root", params: "base=2", fn: filterRoot},
	{name: "human_readable", params: "isbits=false unit=none", fn: filterHumanReadable},
	{name: "human_to_bytes", params: "default_unit=none isbits=false", fn: filterHumanToBytes},
}

func filterAbs(_ *Context, v any, _ []any) (any, error) {
	i, f, isInt, ok := num(v)
	switch {
	case isBig(v) || isInt && i == math.MinInt:
		z, _ := bigOf(v)
		return smallest(new(big.Int).Abs(z))
	case !ok:
		return nil, newError("abs() needs a number, not %s", describe(v))
	case isInt:
		return abs(i), nil
	}
	return math.Abs(f), nil
}

// parseFloat is Python's float() of a text.
func parseFloat(s string) (float64, bool) {
	s = strings.TrimSpace(s)
	if strings.ContainsAny(s, "xXpP") {
		return 0, false
	}
	t, ok := dropUnderscores(s)
	if !ok {
		return 0, false
	}
	f, err := strconv.ParseFloat(t, 64)
	if err != nil && !math.IsInf(f, 0) {
		return 0, false
	}
	return f, true
}

// dropUnderscores removes the underscores between digits; others are a mistake.
func dropUnderscores(s string) (string, bool) {
	if !strings.Contains(s, "_") {
		return s, true
	}
	digit := func(i int) bool { return i >= 0 && i < len(s) && isASCIIWord(rune(s[i])) && s[i] != '_' }
	for i := range s {
		if s[i] == '_' && (!digit(i-1) || !digit(i+1)) {
			return "", false
		}
	}
	return strings.ReplaceAll(s, "_", ""), true
}

func filterFloat(_ *Context, v any, a []any) (any, error) {
	if _, f, _, ok := num(v); ok {
		return f, nil
	}
	if s, ok := v.(string); ok {
		if f, ok := parseFloat(s); ok {
			return f, nil
		}
	}
	return a[0], nil
}

func filterInt(_ *Context, v any, a []any) (any, error) {
	i, f, isInt, ok := num(v)
	if isInt {
		return i, nil
	}
	if isBig(v) {
		return v, nil
	}
	if s, isText := v.(string); isText {
		base, err := intArg("base", a[1])
		if err != nil {
			return nil, err
		}
		if i, ok := parseInt(s, base); ok {
			return i, nil
		}
		f, ok = parseFloat(s)
	}
	if !ok {
		return a[0], nil
	}
	if math.IsNaN(f) {
		return a[0], nil
	}
	if math.IsInf(f, 0) {
		return nil, newError("infinity is no whole number")
	}
	return bigFromFloat(f)
}

// parseInt is Python's int() of a text.
func parseInt(s string, base int) (any, bool) {
	s = strings.TrimSpace(s)
	sign := ""
	if s != "" && (s[0] == '-' || s[0] == '+') {
		sign, s = s[:1], s[1:]
	}
	prefix := map[string]int{"0x": 16, "0o": 8, "0b": 2}
	if len(s) > 2 {
		if b, ok := prefix[strings.ToLower(s[:2])]; ok && (base == b || base == 0) {
			base, s = b, strings.TrimPrefix(s[2:], "_")
		}
	}
	if base == 0 {
		if base = 10; len(s) > 1 && s[0] == '0' && strings.Trim(s, "0_") != "" {
			return 0, false
		}
	}
	s, ok := dropUnderscores(s)
	if !ok || base < 2 || base > 36 || s == "" || s[0] == '-' || s[0] == '+' {
		return 0, false
	}
	if n, err := strconv.ParseInt(sign+s, base, 64); err == nil {
		return int(n), true
	}
	return bigFromText(sign+s, base)
}

func filterRound(_ *Context, v any, a []any) (any, error) {
	i, f, isInt, ok := num(v)
	if !ok {
		return nil, newError("round() needs a number, not %s", describe(v)).WithHint(`convert it with "| float"`)
	}
	p, err := intArg("precision", a[0])
	if err != nil {
		return nil, err
	}
	switch a[1] {
	case "common":
		if z, ok := v.(*big.Int); ok {
			return roundBig(z, p)
		}
		if isInt {
			return roundInt(i, p), nil
		}
		return roundFloat(f, p), nil
	case "ceil", "floor":
		scale := math.Pow(10, float64(p))
		r := math.Floor(f * scale)
		if a[1] == "ceil" {
			r = math.Ceil(f * scale)
		}
		return r/scale + 0, nil // no negative zero
	}
	return nil, newError("the method must be common, ceil or floor, not %s", Repr(a[1]))
}

// roundFloat rounds to p digits, halves to even, correctly on the decimal value.
func roundFloat(f float64, p int) float64 {
	if math.IsInf(f, 0) || math.IsNaN(f) || p > 300 {
		return f
	}
	if p >= 0 {
		r, _ := strconv.ParseFloat(strconv.FormatFloat(f, 'f', p, 64), 64)
		return r
	}
	if p < -308 {
		return 0
	}
	scale := math.Pow(10, float64(-p))
	return math.RoundToEven(f/scale) * scale
}

// roundBig rounds an integer to tens, hundreds and so on, halves to even.
func roundBig(z *big.Int, p int) (any, error) {
	if p >= 0 {
		return z, nil
	}
	if p < -maxDigits {
		return 0, nil
	}
	scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(-p)), nil)
	q, r := floorDiv(z, scale)
	twice := new(big.Int).Lsh(r, 1)
	if c := twice.Cmp(scale); c > 0 || c == 0 && q.Bit(0) == 1 {
		q.Add(q, big.NewInt(1))
	}
	return smallest(q.Mul(q, scale))
}

func roundInt(i, p int) int {
	if p >= 0 {
		return i
	}
	if p < -18 {
		return 0
	}
	scale := 1
	for range -p {
		scale *= 10
	}
	q, r := i/scale, abs(i%scale)
	if 2*r > scale || 2*r == scale && q%2 != 0 {
		if i < 0 {
			q--
		} else {
			q++
		}
	}
	return q * scale
}

func twoFloats(name string, x, y any) (float64, float64, error) {
	_, a, _, ok := num(x)
	_, b, _, ok2 := num(y)
	if !ok || !ok2 {
		if ok {
			x = y
		}
		return 0, 0, newError("%s() can only be used on numbers, not %s", name, describe(x)).WithHint(`convert it with "| float"`)
	}
	return a, b, nil
}

func filterLog(_ *Context, v any, a []any) (any, error) {
	base := a[0]
	if base == nil {
		base = math.E
	}
	x, b, err := twoFloats("log", v, base)
	if err != nil {
		return nil, err
	}
	if x <= 0 || b <= 0 || b == 1 {
		return nil, newError("there is no logarithm of %s to the base %s", floatText(x), floatText(b))
	}
	if b == 10 {
		ratio := bigLog(bigFloat(x))
		f, _ := ratio.Quo(ratio, bigLog(bigFloat(10))).Float64()
		return f, nil
	}
	if b == math.E && a[0] == nil {
		return exactLog(x), nil
	}
	return exactLog(x) / exactLog(b), nil
}

func filterRoot(_ *Context, v any, a []any) (any, error) {
	x, b, err := twoFloats("root", v, a[0])
	if err != nil {
		return nil, err
	}
	if b == 0 {
		return nil, newError(errZero)
	}
	if b == 2 {
		if x < 0 {
			return nil, newError("there is no root of %s", floatText(x))
		}
		return math.Sqrt(x), nil
	}
	return floatOp("**", x, 1/b)
}
