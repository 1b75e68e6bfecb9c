package jinja

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// typeName returns the name of v's Python type.
func typeName(v any) string {
	switch v.(type) {
	case nil:
		return "NoneType"
	case bool:
		return "bool"
	case int, *big.Int:
		return "int"
	case float64:
		return "float"
	case string, omitType:
		return "str"
	case []any:
		return "list"
	case Tuple:
		return "tuple"
	case *Map, Mapping:
		return "dict"
	case *Undefined:
		return "AnsibleUndefined"
	case *Macro:
		return "Macro"
	case *Namespace:
		return "Namespace"
	case time.Time:
		return "datetime"
	case time.Duration:
		return "timedelta"
	case *loopState:
		return "LoopContext"
	}
	return "function"
}

// describe says what v is, for an error.
func describe(v any) string {
	switch x := v.(type) {
	case nil:
		return "none"
	case string:
		return "the text " + short(Repr(x))
	case bool, int, float64:
		return "the value " + Repr(v)
	case *big.Int:
		return "the value " + short(Repr(v))
	case []any:
		return "the list"
	case *Map, Mapping:
		return "the dictionary"
	case *Undefined:
		return fmt.Sprintf("%q (undefined)", x.Name)
	}
	return "the " + typeName(v)
}

func short(s string) string {
	if len(s) <= 60 {
		return s
	}
	return strings.ToValidUTF8(s[:57], "") + "..."
}

// Str returns v as Python's str() prints it. v is resolved before.
func Str(v any) string {
	switch x := v.(type) {
	case string:
		return x
	case time.Time:
		return isoTime(x, " ")
	case time.Duration:
		return durationText(x)
	case nil, bool, int, float64, *big.Int:
		return Repr(v)
	}
	var b strings.Builder
	writeRepr(&b, v, 0)
	return b.String()
}

// Repr returns v as Python's repr() prints it. v is resolved before.
func Repr(v any) string {
	switch x := v.(type) {
	case nil:
		return "None"
	case bool:
		if x {
			return "True"
		}
		return "False"
	case int:
		return strconv.Itoa(x)
	case float64:
		return floatText(x)
	case *big.Int:
		return bigText(x)
	}
	var b strings.Builder
	writeRepr(&b, v, 0)
	return b.String()
}

func writeRepr(b *strings.Builder, v any, depth int) {
	if depth > maxDepth || b.Len() > maxOutput {
		b.WriteString("...")
		return
	}
	switch x := v.(type) {
	case string:
		quote(b, x)
	case []any:
		writeItems(b, x, "[", "]", depth)
	case Tuple:
		if len(x) == 1 {
			writeItems(b, x, "(", ",)", depth)
			return
		}
		writeItems(b, x, "(", ")", depth)
	case *Map:
		b.WriteByte('{')
		first := true
		for k, e := range x.All() {
			if !first {
				b.WriteString(", ")
			}
			first = false
			writeRepr(b, k, depth+1)
			b.WriteString(": ")
			writeRepr(b, e, depth+1)
		}
		b.WriteByte('}')
	case nil, bool, int, float64, *big.Int:
		b.WriteString(Repr(x))
	case *Namespace:
		b.WriteString("<Namespace ")
		writeRepr(b, x.vars, depth+1)
		b.WriteByte('>')
	case *Macro:
		b.WriteString("<Macro " + Repr(x.def.name) + ">")
	case *Func:
		b.WriteString("<function " + x.Name + ">")
	case time.Time:
		b.WriteString(timeRepr(x))
	case time.Duration:
		b.WriteString(durationRepr(x))
	case *Undefined:
		x.writeRepr(b, depth)
	case fmt.Stringer:
		b.WriteString(x.String())
	case Lazy:
		b.WriteString("<lazy>")
	default:
		b.WriteString("<" + typeName(v) + ">")
	}
}

func writeItems(b *strings.Builder, items []any, open, end string, depth int) {
	b.WriteString(open)
	for i, e := range items {
		if i > 0 {
			b.WriteString(", ")
		}
		writeRepr(b, e, depth+1)
	}
	b.WriteString(end)
}

// floatText is the shortest text that reads back as the same number, in
// Python's form.
func floatText(f float64) string {
	switch {
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	case math.IsNaN(f):
		return "nan"
	}
	if a := math.Abs(f); a != 0 && (a < 1e-4 || a >= 1e16) {
		return strconv.FormatFloat(f, 'e', -1, 64)
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// quote writes s as Python's repr of a string.
func quote(b *strings.Builder, s string) {
	q := byte('\'')
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		q = '"'
	}
	b.WriteByte(q)
	for i, r := range s {
		switch {
		case r == rune(q) || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == unicode.ReplacementChar && s[i] >= 0x80 && !strings.HasPrefix(s[i:], "\uFFFD"):
			fmt.Fprintf(b, `\udc%02x`, s[i])
		case r < ' ' || r == 0x7f || r >= 0x80 && r <= 0xff && !unicode.IsPrint(r):
			fmt.Fprintf(b, `\x%02x`, r)
		case r > 0xff && !unicode.IsPrint(r):
			if r > 0xffff {
				fmt.Fprintf(b, `\U%08x`, r)
			} else {
				fmt.Fprintf(b, `\u%04x`, r)
			}
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte(q)
}

// Truth returns whether Python holds v to be true. v is resolved before;
// something undefined is an error.
func Truth(v any) (bool, error) {
	switch x := v.(type) {
	case nil:
		return false, nil
	case bool:
		return x, nil
	case int:
		return x != 0, nil
	case float64:
		return x != 0, nil
	case string:
		return x != "", nil
	case []any:
		return len(x) > 0, nil
	case Tuple:
		return len(x) > 0, nil
	case *Map:
		return x.Len() > 0, nil
	case Mapping:
		return len(x.Keys()) > 0, nil
	case time.Duration:
		return x != 0, nil
	case *Undefined:
		if x.lenient {
			return false, nil
		}
		return false, x.Err()
	}
	return true, nil
}
