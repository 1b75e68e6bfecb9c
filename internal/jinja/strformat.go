package jinja

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// formatter is one call of str.format.
type formatter struct {
	c     *Context
	args  []any
	kw    *Map
	auto  int
	depth int
}

// format is Python's str.format.
func (c *Context) format(s string, args []any, kw *Map) (any, error) {
	f := &formatter{c: c, args: args, kw: kw}
	out, err := f.expand(s)
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (f *formatter) expand(s string) (string, error) {
	if f.depth++; f.depth > 3 {
		return "", newError("the format nests too deeply")
	}
	defer func() { f.depth-- }()
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c != '{' && c != '}' {
			b.WriteByte(c)
			continue
		}
		if i+1 < len(s) && s[i+1] == c {
			b.WriteByte(c)
			i++
			continue
		}
		end := fieldEnd(s, i)
		if c == '}' || end < 0 {
			return "", newError("a single %q in the format", string(c)).WithHint("write %q for the character itself", string(c)+string(c))
		}
		text, err := f.field(s[i+1 : end])
		if err != nil {
			return "", err
		}
		if b.WriteString(text); b.Len() > maxOutput {
			return "", newError("the text would be larger than %d MiB", maxOutput>>20)
		}
		i = end
	}
	return b.String(), nil
}

func fieldEnd(s string, i int) int {
	open := 0
	for ; i < len(s); i++ {
		switch s[i] {
		case '{':
			open++
		case '}':
			if open--; open == 0 {
				return i
			}
		}
	}
	return -1
}

func (f *formatter) field(s string) (string, error) {
	name, format := s, ""
	if i := strings.IndexByte(s, ':'); i >= 0 {
		name, format = s[:i], s[i+1:]
	}
	conv := ""
	if i := strings.IndexByte(name, '!'); i >= 0 {
		name, conv = name[:i], name[i+1:]
	}
	v, err := f.value(name)
	if err != nil {
		return "", err
	}
	if u, ok := v.(*Undefined); ok {
		return "", u.Err()
	}
	if v, err = Deep(f.c, v); err != nil {
		return "", err
	}
	switch conv {
	case "":
	case "s":
		v = Str(v)
	case "r", "a":
		v = Repr(v)
	default:
		return "", newError("unknown conversion %q in the format", "!"+conv)
	}
	if strings.Contains(format, "{") {
		if format, err = f.expand(format); err != nil {
			return "", err
		}
	}
	return formatValue(v, format)
}

// value finds `0`, `name`, `name.attr` or `name[key]`.
func (f *formatter) value(path string) (any, error) {
	end := strings.IndexAny(path, ".[")
	if end < 0 {
		end = len(path)
	}
	head, rest := path[:end], path[end:]
	var v any
	n, err := strconv.Atoi(head)
	switch {
	case head == "":
		n, err = f.auto, nil
		f.auto++
	}
	if err == nil {
		if n < 0 || n >= len(f.args) {
			return nil, newError("the format needs value %d, but there are %d", n, len(f.args))
		}
		v = f.args[n]
	} else {
		e, ok := f.kw.Get(head)
		if !ok {
			return nil, newError("the format needs a value called %q", head)
		}
		v = e
	}
	for rest != "" {
		if v, err = f.c.resolve(v); err != nil {
			return nil, err
		}
		if rest[0] == '.' {
			end := strings.IndexAny(rest[1:], ".[")
			if end < 0 {
				end = len(rest) - 1
			}
			v, err = f.c.attr(v, rest[1:1+end], place{})
			rest = rest[1+end:]
		} else {
			end := strings.IndexByte(rest, ']')
			if end < 0 {
				return nil, newError("the format has a \"[\" without \"]\"")
			}
			var key any = rest[1:end]
			if n, err := strconv.Atoi(rest[1:end]); err == nil {
				key = n
			}
			v, err = f.c.item(v, key, place{})
			rest = rest[end+1:]
		}
		if err != nil {
			return nil, err
		}
	}
	return v, nil
}

// formatValue is Python's format(v, spec).
func formatValue(v any, format string) (string, error) {
	if format == "" {
		return Str(v), nil
	}
	sp, err := parseSpec(format)
	if err != nil {
		return "", err
	}
	i, fl, isInt, isNum := num(v)
	switch {
	case isNum && strings.IndexByte("\x00bdoxXnc", sp.verb) >= 0 && isInt:
		if sp.verb == 'c' {
			return sp.pad("", string(rune(i)), true), nil
		}
		if _, isBool := v.(bool); isBool && sp.verb == 0 {
			return sp.pad("", Str(v), false), nil
		}
		return sp.integer(i), nil
	case isNum && strings.IndexByte("eEfFgG%", sp.verb) >= 0:
		if sp.prec < 0 {
			sp.prec = 6
		}
		if sp.verb == '%' {
			sp.verb = 'f'
			return percentSuffix(sp, fl*100), nil
		}
		return sp.float(fl), nil
	case isNum && sp.verb == 0:
		if sp.prec >= 0 {
			sp.verb = 'g'
			return sp.float(fl), nil
		}
		return sp.pad(sp.sign(fl < 0), sp.group(strings.TrimPrefix(floatText(fl), "-")), true), nil
	case sp.verb == 0 || sp.verb == 's':
		if _, ok := v.(string); !ok && !isNum {
			return "", newError("the format %q does not work for %s", format, describe(v))
		} else if isNum {
			break
		}
		s := Str(v)
		if sp.prec >= 0 {
			s = firstRunes(s, sp.prec)
		}
		sp.verb = 0
		return sp.pad("", s, false), nil
	}
	return "", newError("the format %q does not work for %s", format, describe(v))
}

func percentSuffix(sp spec, f float64) string {
	width := sp.width
	sp.width = max(width-1, 0)
	return sp.float(f) + "%"
}

func parseSpec(s string) (spec, error) {
	sp := spec{prec: -1}
	all := s
	if _, n := utf8.DecodeRuneInString(s); len(s) > n && strings.IndexByte("<>=^", s[n]) >= 0 {
		sp.fill, sp.align, s = s[:n], s[n], s[n+1:]
	} else if s != "" && strings.IndexByte("<>=^", s[0]) >= 0 {
		sp.align, s = s[0], s[1:]
	}
	take := func(c byte) bool {
		if s != "" && s[0] == c {
			s = s[1:]
			return true
		}
		return false
	}
	sp.plus, sp.space = take('+'), take(' ')
	take('-')
	sp.alt, sp.zero = take('#'), take('0')
	sp.width, s = leadingInt(s, 0)
	sp.comma, sp.under = take(','), take('_')
	if take('.') {
		sp.prec, s = leadingInt(s, -2)
	}
	if s != "" {
		sp.verb, s = s[0], s[1:]
	}
	if s != "" || sp.prec == -2 || sp.width > maxWidth || sp.prec > maxWidth {
		return sp, newError("the format %q is not valid", all)
	}
	return sp, nil
}

func leadingInt(s string, otherwise int) (int, string) {
	i := 0
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	if i == 0 {
		return otherwise, s
	}
	n, err := strconv.Atoi(s[:i])
	if err != nil {
		n = maxWidth + 1
	}
	return n, s[i:]
}
