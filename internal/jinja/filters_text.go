package jinja

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"fleet/internal/jinja/pyre"
)

// textFilters are Jinja's filters for text.
var textFilters = []filter{
	{name: "capitalize", fn: onText(capitalize)},
	{name: "center", params: "width=80", fn: func(c *Context, v any, a []any) (any, error) {
		s, err := c.str(v)
		if err != nil {
			return nil, err
		}
		return justify('^')(c, s, []any{a[0], nil})
	}},
	{name: "e escape forceescape", fn: onText(escape)},
	{name: "format", params: "*args **kwargs", fn: filterFormat},
	{name: "indent", params: "width=4 first=false blank=false", fn: filterIndent},
	{name: "lower", fn: onText(lower)},
	{name: "upper", fn: onText(upper)},
	{name: "replace", params: "old new count=none", fn: filterReplace},
	{name: "safe string", fn: onText(func(s string) string { return s })},
	{name: "striptags", fn: onText(stripTags)},
	{name: "title", fn: onText(titleFilter)},
	{name: "trim", params: "chars=none", fn: func(c *Context, v any, a []any) (any, error) {
		s, err := c.str(v)
		if err != nil {
			return nil, err
		}
		return stripWith(true, true)(c, s, a)
	}},
	{name: "truncate", params: "length=255 killwords=false end='...' leeway=none", fn: filterTruncate},
	{name: "urlencode", fn: filterURLEncode},
	{name: "urldecode", fn: func(_ *Context, v any, _ []any) (any, error) {
		s, err := textArg("value", v)
		return unquotePlus(s), err
	}},
	{name: "wordcount", fn: func(c *Context, v any, _ []any) (any, error) {
		s, err := c.str(v)
		return len(strings.FieldsFunc(s, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsNumber(r) })), err
	}},
	{name: "wordwrap", params: "width=79 break_long_words=true wrapstring=none break_on_hyphens=true", fn: filterWordwrap},
	{name: "xmlattr", params: "autospace=true", takes: takesLazy, fn: filterXMLAttr},
	{name: "split", params: "sep=none maxsplit=-1", fn: func(c *Context, v any, a []any) (any, error) {
		if _, err := textArg("value", v); err != nil {
			return nil, err
		}
		return splitText(v, a, false)
	}},
	{name: "quote", fn: func(c *Context, v any, _ []any) (any, error) {
		if v == nil {
			v = ""
		}
		s, err := c.str(v)
		return ShellQuote(s), err
	}},
	{name: "comment", params: "style=plain **kwargs", fn: filterComment},
}

func onText(f func(string) string) func(*Context, any, []any) (any, error) {
	return func(c *Context, v any, _ []any) (any, error) {
		s, err := c.str(v)
		return f(s), err
	}
}

var htmlEscapes = strings.NewReplacer("&", "&amp;", ">", "&gt;", "<", "&lt;", "'", "&#39;", `"`, "&#34;")

func escape(s string) string { return htmlEscapes.Replace(s) }

func filterFormat(c *Context, v any, a []any) (any, error) {
	s, err := c.str(v)
	if err != nil {
		return nil, err
	}
	args, kw := a[0].([]any), a[1]
	if m, _ := kw.(*Map); m.Len() > 0 {
		if len(args) > 0 {
			return nil, newError("format() takes values with or without names, not both")
		}
		return percentFormat(s, m)
	}
	return percentFormat(s, Tuple(args))
}

func filterIndent(c *Context, v any, a []any) (any, error) {
	s, err := textArg("value", v)
	if err != nil {
		return nil, err
	}
	flags, err := truths(a[1], a[2])
	if err != nil {
		return nil, err
	}
	indent, ok := a[0].(string)
	if !ok {
		n, err := intArg("width", a[0])
		if err != nil {
			return nil, err
		}
		if n > maxWidth {
			return nil, newError("an indentation of %d is too wide", n)
		}
		indent = strings.Repeat(" ", max(n, 0))
	}
	lines := splitLines(s+"\n", false)
	if len(indent)*len(lines) > maxOutput {
		return nil, newError("the text would be larger than %d MiB", maxOutput>>20)
	}
	var b strings.Builder
	for i, line := range lines {
		if i > 0 {
			b.WriteByte('\n')
		}
		if i == 0 && flags[0] || i > 0 && (flags[1] || line != "") {
			b.WriteString(indent)
		}
		b.WriteString(line)
	}
	return b.String(), nil
}

func filterReplace(c *Context, v any, a []any) (any, error) {
	var parts [3]string
	for i, x := range []any{v, a[0], a[1]} {
		s, err := c.str(x)
		if err != nil {
			return nil, err
		}
		parts[i] = s
	}
	n := -1
	if a[2] != nil {
		var err error
		if n, err = intArg("count", a[2]); err != nil {
			return nil, err
		}
	}
	return replace(parts[0], parts[1], parts[2], n)
}

// stripTags removes comments and tags and folds white space.
func stripTags(s string) string {
	for {
		start := strings.Index(s, "<!--")
		if start < 0 {
			break
		}
		end := strings.Index(s[start:], "-->")
		if end < 0 {
			break
		}
		s = s[:start] + s[start+end+3:]
	}
	for {
		start := strings.IndexByte(s, '<')
		if start < 0 {
			break
		}
		end := strings.IndexByte(s[start:], '>')
		if end < 0 {
			break
		}
		s = s[:start] + s[start+end+1:]
	}
	s = strings.Join(strings.Fields(s), " ")
	return unescapeHTML.Replace(s)
}

var unescapeHTML = strings.NewReplacer("&amp;", "&", "&gt;", ">", "&lt;", "<", "&#39;", "'", "&#34;", `"`, "&quot;", `"`, "&nbsp;", "\u00a0")

// titleFilter is the filter, which differs from the method: words start behind
// blanks, hyphens and opening brackets.
func titleFilter(s string) string {
	var b strings.Builder
	start := true
	for _, r := range s {
		switch {
		case r == '-' || unicode.IsSpace(r) || strings.ContainsRune("({[<", r):
			start = true
			b.WriteRune(r)
		case start:
			b.WriteString(upper(string(r)))
			start = false
		default:
			b.WriteString(lower(string(r)))
		}
	}
	return b.String()
}

func filterTruncate(c *Context, v any, a []any) (any, error) {
	s, err := textArg("value", v)
	if err != nil {
		return nil, err
	}
	length, err := intArg("length", a[0])
	if err != nil {
		return nil, err
	}
	kill, err := Truth(a[1])
	if err != nil {
		return nil, err
	}
	end, err := textArg("end", a[2])
	if err != nil {
		return nil, err
	}
	leeway := 5
	if a[3] != nil {
		if leeway, err = intArg("leeway", a[3]); err != nil {
			return nil, err
		}
	}
	keep := length - utf8.RuneCountInString(end)
	switch {
	case keep < 0:
		return nil, newError("the length must be at least %d, the length of the ending", length-keep)
	case leeway < 0:
		return nil, newError("the leeway must not be negative")
	case utf8.RuneCountInString(s) <= length+leeway:
		return s, nil
	}
	s = firstRunes(s, keep)
	if i := strings.LastIndexByte(s, ' '); !kill && i >= 0 {
		s = s[:i]
	}
	return s + end, nil
}

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
		if strings.ContainsAny(Str(k), " \t\n\r\f\v/>=") {
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

// ShellQuote returns s as one word of a POSIX shell, as Python's shlex.quote.
func ShellQuote(s string) string {
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

// regexCompile compiles a pattern with the flags of the regex filters.
func regexCompile(pattern any, ignoreCase, multiline any) (*pyre.Regexp, error) {
	p, err := textArg("regex", pattern)
	if err != nil {
		return nil, err
	}
	flags, err := truths(ignoreCase, multiline)
	if err != nil {
		return nil, err
	}
	var f pyre.Flags
	if flags[0] {
		f |= pyre.IgnoreCase
	}
	if flags[1] {
		f |= pyre.Multiline
	}
	return patterns.get(p, f)
}
