package jinja

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"fleet/internal/pyre"
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
	{name: "format", params: "*args **kwargs", takes: showsUndefined, fn: filterFormat},
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
	{name: "urlize", params: "trim_url_limit=none nofollow=false target=none rel=none extra_schemes=none", fn: filterUrlize},
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
		return shellQuote(s), err
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
		return nil, textTooLarge()
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
	s = cut(cut(s, "<!--", "-->"), "<", ">")
	s = strings.Join(strings.Fields(s), " ")
	return unescapeHTML.Replace(s)
}

// cut removes what stands between open and end, both included, from the left, as
// long as there is any: what is left and right of it may make another open.
func cut(s, open, end string) string {
	if !strings.Contains(s, open) {
		return s
	}
	var out []byte
	for i := 0; i < len(s); i++ {
		out = append(out, s[i])
		if !bytes.HasSuffix(out, []byte(open)) {
			continue
		}
		// the end may begin within open
		from := max(i+2-len(end), i+1-len(open), 0)
		n := strings.Index(s[from:], end)
		if n < 0 {
			return string(out) + s[i+1:]
		}
		out = out[:len(out)-len(open)]
		i = from + n + len(end) - 1
	}
	return string(out)
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
	}
	if n, err := filterLength(c, v, nil); err != nil || n.(int)-leeway <= length {
		return v, err
	}
	s, err := textArg("value", v)
	if err != nil {
		return nil, err
	}
	s = firstRunes(s, keep)
	if i := strings.LastIndexByte(s, ' '); !kill && i >= 0 {
		s = s[:i]
	}
	return s + end, nil
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

// textWork counts the work of a search in s: some steps for each character.
func (c *Context) textWork(s string) error { return c.spend(50 + len(s)/4) }
