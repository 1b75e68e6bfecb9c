package jinja

import (
	"math"
	"math/big"
	"math/bits"
	"strconv"
	"strings"
)

// intMethods are the methods of Python's int, which bool has as well.
var intMethods = []filter{
	{name: "bit_length", fn: func(_ *Context, v any, _ []any) (any, error) {
		z, _ := bigOf(v)
		return z.BitLen(), nil
	}},
	{name: "bit_count", fn: func(_ *Context, v any, _ []any) (any, error) {
		z, _ := bigOf(v)
		n := 0
		for _, w := range z.Bits() {
			n += bits.OnesCount(uint(w))
		}
		return n, nil
	}},
	{name: "conjugate", fn: func(_ *Context, v any, _ []any) (any, error) { return wholeOf(v), nil }},
	{name: "as_integer_ratio", fn: func(_ *Context, v any, _ []any) (any, error) { return Tuple{wholeOf(v), 1}, nil }},
	{name: "to_bytes", params: "*args **kwargs", fn: noBytes("to_bytes")},
}

// floatMethods are the methods of Python's float.
var floatMethods = []filter{
	{name: "is_integer", fn: func(_ *Context, v any, _ []any) (any, error) {
		f := v.(float64)
		return f == math.Trunc(f) && !math.IsInf(f, 0), nil
	}},
	{name: "conjugate", fn: func(_ *Context, v any, _ []any) (any, error) { return v, nil }},
	{name: "hex", fn: func(_ *Context, v any, _ []any) (any, error) { return floatHex(v.(float64)), nil }},
	{name: "as_integer_ratio", fn: func(_ *Context, v any, _ []any) (any, error) {
		r := new(big.Rat)
		if r.SetFloat64(v.(float64)) == nil {
			return nil, newError("%s is no ratio of integers", floatText(v.(float64)))
		}
		n, err := smallest(r.Num())
		if err != nil {
			return nil, err
		}
		d, err := smallest(r.Denom())
		return Tuple{n, d}, err
	}},
}

// wholeOf is an integer without the type bool.
func wholeOf(v any) any {
	if b, ok := v.(bool); ok {
		return boolInt(b)
	}
	return v
}

// floatHex is Python's float.hex().
func floatHex(f float64) string {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return floatText(f)
	}
	if f == 0 {
		return strings.TrimSuffix(floatText(f), "0.0") + "0x0.0p+0"
	}
	s := strconv.FormatFloat(f, 'x', 13, 64)
	head, exp, _ := strings.Cut(s, "p")
	n, _ := strconv.Atoi(exp)
	if n < -1022 { // Python writes the smallest numbers without a leading 1
		frac := math.Float64bits(math.Abs(f))
		sign := ""
		if f < 0 {
			sign = "-"
		}
		digits := strconv.FormatUint(frac, 16)
		return sign + "0x0." + strings.Repeat("0", 13-len(digits)) + digits + "p-1022"
	}
	return head + "p" + map[bool]string{true: "+"}[n >= 0] + strconv.Itoa(n)
}

// numberAttr are the attributes of numbers that are no methods.
func numberAttr(v any, name string) (any, bool) {
	_, isFloat := v.(float64)
	switch name {
	case "real":
		return wholeOf(v), true
	case "imag":
		if isFloat {
			return 0.0, true
		}
		return 0, true
	case "numerator":
		return wholeOf(v), !isFloat
	case "denominator":
		return 1, !isFloat
	}
	return nil, false
}

// noBytes refuses what would give bytes, which templates do not have here.
func noBytes(name string) func(*Context, any, []any) (any, error) {
	return func(*Context, any, []any) (any, error) {
		return nil, newError("%s() gives bytes, which are not supported", name).WithHint("work with the text itself, or with the filters b64encode and hash")
	}
}
