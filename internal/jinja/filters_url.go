package jinja

import (
	"net/url"
	"strings"
	"unicode/utf8"
)

// urlQuote is Python's urllib quote: letters, digits, _.-~ and safe stay.
func urlQuote(s, safe string, plus bool) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("_.-~"+safe, c) >= 0:
			b.WriteByte(c)
		case c == ' ' && plus:
			b.WriteByte('+')
		default:
			const hex = "0123456789ABCDEF"
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
	return b.String()
}

func unquotePlus(s string) string {
	s = strings.ReplaceAll(s, "+", " ")
	if u, err := url.PathUnescape(s); err == nil {
		return strings.ToValidUTF8(u, "\uFFFD")
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if u, err := url.PathUnescape(s[i : i+3]); err == nil {
				b.WriteString(u)
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return strings.ToValidUTF8(b.String(), "\uFFFD")
}

func filterURLEncode(c *Context, v any, _ []any) (any, error) {
	var pairs []any
	switch x := v.(type) {
	case *Map:
		for k, e := range x.All() {
			pairs = append(pairs, Tuple{k, e})
		}
	case []any:
		pairs = x
	case Tuple:
		pairs = x
	default:
		s, err := c.str(v)
		return urlQuote(s, "/", false), err
	}
	parts := make([]string, len(pairs))
	for i, p := range pairs {
		kv, err := c.iterate(p)
		if err != nil || len(kv) != 2 {
			return nil, newError("urlencode() needs pairs, not %s", describe(p))
		}
		k, err := c.str(kv[0])
		if err != nil {
			return nil, err
		}
		e, err := c.str(kv[1])
		if err != nil {
			return nil, err
		}
		parts[i] = urlQuote(k, "", true) + "=" + urlQuote(e, "", true)
	}
	return strings.Join(parts, "&"), nil
}

func filterXMLAttr(c *Context, v any, a []any) (any, error) {
	m, err := c.dict(v)
	if err != nil {
		return nil, err
	}
	var parts []string
	for k, e := range m.All() {
		if e, err = c.resolve(e); err != nil {
			return nil, err
		}
		if _, ok := e.(*Undefined); ok || e == nil {
			continue
		}
		if _, isText := k.(string); !isText || strings.ContainsAny(Str(k), " \t\n\r\f\v/>=") {
			return nil, newError("%s cannot be the name of an attribute", Repr(k))
		}
		s, err := c.str(e)
		if err != nil {
			return nil, err
		}
		parts = append(parts, escape(Str(k))+`="`+escape(s)+`"`)
	}
	out := strings.Join(parts, " ")
	if space, err := Truth(a[0]); err != nil || !space || out == "" {
		return out, err
	}
	return " " + out, nil
}

// shellQuote returns s as one word of a POSIX shell, as Python's shlex.quote.
func shellQuote(s string) string {
	safe := func(r rune) bool {
		return r < utf8.RuneSelf && (isASCIIWord(r) || strings.ContainsRune("@%+=:,./-", r))
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !safe(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'"'"'`) + "'"
}

func isASCIIWord(r rune) bool {
	return r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}
