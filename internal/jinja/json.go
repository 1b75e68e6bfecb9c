package jinja

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// ToJSON writes v, resolved before, compactly and in its order. Numbers that JSON
// does not have (infinity, NaN) are errors.
func ToJSON(v any) ([]byte, error) {
	w := &jsonWriter{item: ",", key: ":", strict: true, utf8: true}
	w.b.Grow(128)
	if err := w.value(v, 0); err != nil {
		return nil, err
	}
	return []byte(w.b.String()), nil
}

// jsonWriter writes JSON as Python's json.dumps.
type jsonWriter struct {
	b         strings.Builder
	item, key string // separators
	indent    string // "" for one line
	lines     bool   // each element on a line of its own
	sort      bool
	utf8      bool // characters beyond ASCII stay
	strict    bool // NaN and infinity are errors
}

func (w *jsonWriter) value(v any, depth int) error {
	if depth > maxJSONDepth {
		return newError("the value nests more than %d levels deep", maxJSONDepth)
	}
	if w.b.Len() > maxOutput {
		return textTooLarge()
	}
	switch x := v.(type) {
	case nil:
		w.b.WriteString("null")
	case bool:
		w.b.WriteString(strconv.FormatBool(x))
	case int:
		w.b.WriteString(strconv.Itoa(x))
	case *big.Int:
		w.b.WriteString(bigText(x))
	case float64:
		return w.float(x)
	case string:
		w.text(x)
	case []any:
		return w.list(x, depth)
	case Tuple:
		return w.list(x, depth)
	case *Map:
		return w.object(x, depth)
	case *Namespace:
		return w.object(x.vars, depth)
	case time.Time:
		w.text(isoTime(x, "T"))
	case omitType:
		w.text(x.String())
	case *Undefined:
		return x.Err()
	default:
		return newError("%s cannot be written as JSON", describe(v))
	}
	return nil
}

func (w *jsonWriter) float(f float64) error {
	if w.strict && (math.IsNaN(f) || math.IsInf(f, 0)) {
		return newError("JSON has no number for %s", floatText(f))
	}
	s := floatText(f)
	switch s {
	case "inf":
		s = "Infinity"
	case "-inf":
		s = "-Infinity"
	case "nan":
		s = "NaN"
	}
	w.b.WriteString(s)
	return nil
}

func (w *jsonWriter) newline(depth int) {
	if w.lines {
		w.b.WriteByte('\n')
		for range depth {
			if w.b.Len() <= maxOutput {
				w.b.WriteString(w.indent)
			}
		}
	}
}

func (w *jsonWriter) list(l []any, depth int) error {
	if len(l) == 0 {
		w.b.WriteString("[]")
		return nil
	}
	w.b.WriteByte('[')
	for i, e := range l {
		if i > 0 {
			w.b.WriteString(w.item)
		}
		w.newline(depth + 1)
		if err := w.value(e, depth+1); err != nil {
			return err
		}
	}
	w.newline(depth)
	w.b.WriteByte(']')
	return nil
}

func (w *jsonWriter) object(m *Map, depth int) error {
	if m.Len() == 0 {
		w.b.WriteString("{}")
		return nil
	}
	keys := m.keys
	if w.sort {
		var err error
		if keys, err = sortKeysOf(m.Keys()); err != nil {
			return err
		}
	}
	w.b.WriteByte('{')
	for i, k := range keys {
		if i > 0 {
			w.b.WriteString(w.item)
		}
		w.newline(depth + 1)
		name, err := jsonKey(k)
		if err != nil {
			return err
		}
		w.text(name)
		w.b.WriteString(w.key)
		v := m.vals[i]
		if w.sort {
			v, _ = m.Get(k)
		}
		if err := w.value(v, depth+1); err != nil {
			return err
		}
	}
	w.newline(depth)
	w.b.WriteByte('}')
	return nil
}

func jsonKey(k any) (string, error) {
	switch k := k.(type) {
	case string:
		return k, nil
	case nil:
		return "null", nil
	case bool:
		return strconv.FormatBool(k), nil
	case int:
		return strconv.Itoa(k), nil
	case float64:
		return floatText(k), nil
	}
	return "", newError("a %s cannot be a key in JSON", typeName(k))
}

func (w *jsonWriter) text(s string) {
	w.b.WriteByte('"')
	for i := 0; i < len(s); {
		if n := plainJSON(s[i:]); n > 0 {
			w.b.WriteString(s[i : i+n])
			i += n
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == '"' || r == '\\':
			w.b.WriteByte('\\')
			w.b.WriteRune(r)
		case r == '\n':
			w.b.WriteString(`\n`)
		case r == '\r':
			w.b.WriteString(`\r`)
		case r == '\t':
			w.b.WriteString(`\t`)
		case r == '\b':
			w.b.WriteString(`\b`)
		case r == '\f':
			w.b.WriteString(`\f`)
		case r < ' ':
			fmt.Fprintf(&w.b, `\u%04x`, r)
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&w.b, `\udc%02x`, s[i])
		case r < 0x7f || r == 0x7f || w.utf8:
			w.b.WriteRune(r)
		case r > 0xffff:
			r -= 0x10000
			fmt.Fprintf(&w.b, `\u%04x\u%04x`, 0xd800+(r>>10), 0xdc00+(r&0x3ff))
		default:
			fmt.Fprintf(&w.b, `\u%04x`, r)
		}
		i += n
	}
	w.b.WriteByte('"')
}

// plainJSON returns how many bytes at the beginning of a text stand for themselves.
func plainJSON(s string) int {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			return i
		}
	}
	return len(s)
}
