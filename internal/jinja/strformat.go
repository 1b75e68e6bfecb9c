package jinja

import (
	"strconv"
	"strings"
)

// formatter is one call of str.format.
type formatter struct {
	c    *Context
	args []any
	kw   *Map
	auto int
	// numbered says that a place had a number: then all must have one.
	numbered bool
	depth    int
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
			return "", textTooLarge()
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
	u, missing := v.(*Undefined)
	switch {
	case !missing:
		if v, err = Deep(f.c, v); err != nil {
			return "", err
		}
	case conv != "r" && conv != "a":
		return "", u.Err()
	}
	switch conv {
	case "":
	case "s":
		v = Str(v)
	case "r":
		v = Repr(v)
	case "a":
		v = asciiRepr(v)
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
	case err == nil:
		f.numbered = true
	}
	if f.numbered && f.auto > 0 {
		return nil, newError("the format mixes places with and without numbers")
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
			if _, isMap := v.(*Map); isMap && !f.c.tables.isMethod(v, rest[1:1+end]) {
				return nil, newError("a dictionary has no attribute %s in a format", Repr(rest[1:1+end])).WithHint("write %s", "["+rest[1:1+end]+"]")
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
