package jinja

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"fleet/internal/pyre"
)

func filterFileSize(_ *Context, v any, a []any) (any, error) {
	_, f, _, ok := num(v)
	if s, isText := v.(string); isText {
		f, ok = parseFloat(s)
	}
	if !ok {
		return nil, newError("filesizeformat() needs a number, not %s", describe(v))
	}
	binary, err := Truth(a[0])
	if err != nil {
		return nil, err
	}
	base, suffix := 1000.0, "B"
	prefixes := "kMGTPEZY"
	if binary {
		base, suffix, prefixes = 1024, "iB", "KMGTPEZY"
	}
	switch {
	case f == 1:
		return "1 Byte", nil
	case f < base:
		return fmt.Sprintf("%d Bytes", int(f)), nil
	}
	unit := base
	for i := range prefixes {
		unit *= base
		if f < unit || i == len(prefixes)-1 {
			return fmt.Sprintf("%.1f %c%s", base*f/unit, prefixes[i], suffix), nil
		}
	}
	return nil, nil
}

const sizeUnits = "YZEPTGMKB"

// sizeOf returns 2^80 for Y, down to 1 for B.
func sizeOf(unit byte) (float64, bool) {
	i := strings.IndexByte(sizeUnits, unit)
	return math.Exp2(float64(10 * (len(sizeUnits) - 1 - i))), i >= 0
}

func filterHumanReadable(_ *Context, v any, a []any) (any, error) {
	_, f, _, ok := num(v)
	if !ok {
		return nil, newError("human_readable() failed on bad input: %s is no number", describe(v)).WithHint(`convert it with "| int"`)
	}
	bits, err := Truth(a[0])
	if err != nil {
		return nil, err
	}
	base := "Bytes"
	if bits {
		base = "bits"
	}
	unit := byte('B')
	for i := range sizeUnits {
		limit, _ := sizeOf(sizeUnits[i])
		if a[1] == nil && f >= limit || a[1] != nil && strings.ToUpper(Str(a[1])) == sizeUnits[i:i+1] {
			unit = sizeUnits[i]
			break
		}
	}
	limit, _ := sizeOf(unit)
	if unit == 'B' {
		return fmt.Sprintf("%.2f %s", f, base), nil
	}
	return fmt.Sprintf("%.2f %c%c", f/limit, unit, base[0]), nil
}

func filterHumanToBytes(_ *Context, v any, a []any) (any, error) {
	text := Str(v)
	re, err := patterns.get(`^\s*(\d*\.?\d*)\s*([A-Za-z]+)?`, pyre.IgnoreCase)
	if err != nil {
		return nil, err
	}
	m, err := re.Search(text, 0, false)
	if err != nil || m == nil {
		return nil, newError("human_to_bytes() cannot read %s", Repr(v))
	}
	n, err := strconv.ParseFloat(text[m[2]:m[3]], 64)
	if err != nil {
		return nil, newError("human_to_bytes() cannot read %s", Repr(v))
	}
	unit := ""
	if m[4] >= 0 {
		unit = text[m[4]:m[5]]
	} else if a[0] != nil {
		unit = Str(a[0])
	}
	if unit == "" {
		return int(math.RoundToEven(n)), nil
	}
	limit, ok := sizeOf(strings.ToUpper(unit)[0])
	if !ok {
		return nil, newError("human_to_bytes() does not know the unit %q", unit).WithHint("the units are Y Z E P T G M K B")
	}
	bits, err := Truth(a[1])
	if err != nil {
		return nil, err
	}
	class, word := "B", "byte"
	if bits {
		class, word = "b", "bit"
	}
	if len(unit) > 1 && !strings.Contains(strings.ToLower(unit), word) && unit[1:2] != class {
		return nil, newError("human_to_bytes() does not know the unit %q", unit).WithHint("write %s or %s", unit[:1]+class, unit[:1])
	}
	if r := n * limit; r < 1<<63 {
		return int(math.RoundToEven(r)), nil
	}
	return nil, newError("the number %s does not fit into 64 bits", Repr(v))
}
