package jinja

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// stringMethods are the methods of Python's str.
var stringMethods = []filter{
	{name: "upper", fn: func(_ *Context, v any, _ []any) (any, error) { return upper(v.(string)), nil }},
	{name: "lower", fn: func(_ *Context, v any, _ []any) (any, error) { return lower(v.(string)), nil }},
	{name: "casefold", fn: func(_ *Context, v any, _ []any) (any, error) { return casefold(v.(string)), nil }},
	{name: "title", fn: func(_ *Context, v any, _ []any) (any, error) { return titleMethod(v.(string)), nil }},
	{name: "capitalize", fn: func(_ *Context, v any, _ []any) (any, error) { return capitalize(v.(string)), nil }},
	{name: "swapcase", fn: func(_ *Context, v any, _ []any) (any, error) { return swapCaseText(v.(string)), nil }},
	{name: "strip", params: "chars=none", fn: stripWith(true, true)},
	{name: "lstrip", params: "chars=none", fn: stripWith(true, false)},
	{name: "rstrip", params: "chars=none", fn: stripWith(false, true)},
	{name: "split", params: "sep=none maxsplit=-1", fn: func(_ *Context, v any, a []any) (any, error) { return splitText(v, a, false) }},
	{name: "rsplit", params: "sep=none maxsplit=-1", fn: func(_ *Context, v any, a []any) (any, error) { return splitText(v, a, true) }},
	{name: "splitlines", params: "keepends=false", fn: methodSplitlines},
	{name: "join", params: "iterable", fn: methodJoin},
	{name: "replace", params: "old new count=-1", fn: methodReplace},
	{name: "startswith", params: "prefix start=none end=none", fn: affix(strings.HasPrefix)},
	{name: "endswith", params: "suffix start=none end=none", fn: affix(strings.HasSuffix)},
	{name: "format", params: "*args **kwargs", takes: takesUndefined, fn: func(c *Context, v any, a []any) (any, error) {
		kw, _ := a[1].(*Map)
		return c.format(v.(string), a[0].([]any), kw)
	}},
	{name: "find", params: "sub start=none end=none", fn: finder(strings.Index, false)},
	{name: "rfind", params: "sub start=none end=none", fn: finder(strings.LastIndex, false)},
	{name: "index", params: "sub start=none end=none", fn: finder(strings.Index, true)},
	{name: "rindex", params: "sub start=none end=none", fn: finder(strings.LastIndex, true)},
	{name: "count", params: "sub start=none end=none", fn: methodCount},
	{name: "center", params: "width fillchar=none", fn: justify('^')},
	{name: "ljust", params: "width fillchar=none", fn: justify('<')},
	{name: "rjust", params: "width fillchar=none", fn: justify('>')},
	{name: "zfill", params: "width", fn: methodZfill},
	{name: "partition", params: "sep", fn: partition(strings.Index)},
	{name: "rpartition", params: "sep", fn: partition(strings.LastIndex)},
	{name: "removeprefix", params: "prefix", fn: remover(strings.TrimPrefix)},
	{name: "removesuffix", params: "suffix", fn: remover(strings.TrimSuffix)},
	{name: "expandtabs", params: "tabsize=8", fn: methodExpandtabs},
}

// stringTests are the methods of str that answer yes or no.
var stringTests = []filter{
	{name: "isdigit", fn: allRunes(isDigit)},
	{name: "isdecimal", fn: allRunes(unicode.IsDigit)},
	{name: "isnumeric", fn: allRunes(unicode.IsNumber)},
	{name: "isalpha", fn: allRunes(unicode.IsLetter)},
	{name: "isalnum", fn: allRunes(func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) })},
	{name: "isspace", fn: allRunes(unicode.IsSpace)},
	{name: "isascii", fn: func(_ *Context, v any, _ []any) (any, error) { return ascii(v.(string)), nil }},
	{name: "islower", fn: func(_ *Context, v any, _ []any) (any, error) { return isLower(v.(string)), nil }},
	{name: "isupper", fn: func(_ *Context, v any, _ []any) (any, error) { return isUpper(v.(string)), nil }},
	{name: "istitle", fn: func(_ *Context, v any, _ []any) (any, error) {
		return isTitle(v.(string)), nil
	}},
	{name: "isidentifier", fn: func(_ *Context, v any, _ []any) (any, error) { return identifier(v.(string)), nil }},
}

func allRunes(is func(rune) bool) func(*Context, any, []any) (any, error) {
	return func(_ *Context, v any, _ []any) (any, error) {
		for _, r := range v.(string) {
			if !is(r) {
				return false, nil
			}
		}
		return v.(string) != "", nil
	}
}

func hasCase(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.IsUpper(r) || unicode.IsLower(r) })
}
func isLower(s string) bool { return hasCase(s) && !strings.ContainsFunc(s, unicode.IsUpper) }
func isUpper(s string) bool { return hasCase(s) && !strings.ContainsFunc(s, unicode.IsLower) }

func identifier(s string) bool {
	for i, r := range s {
		if r != '_' && !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r)) {
			return false
		}
	}
	return s != ""
}

// The letters whose upper case is several letters.
var manyUpper = strings.NewReplacer("ß", "SS", "ŉ", "ʼN", "ǰ", "J̌", "ﬀ", "FF", "ﬁ", "FI", "ﬂ", "FL", "ﬃ", "FFI", "ﬄ", "FFL", "ﬅ", "ST", "ﬆ", "ST")

func upper(s string) string {
	if ascii(s) {
		return strings.ToUpper(s)
	}
	return strings.ToUpper(manyUpper.Replace(s))
}

func lower(s string) string {
	if ascii(s) {
		return strings.ToLower(s)
	}
	s = finalSigma(strings.ReplaceAll(s, "İ", "i̇"))
	return strings.ToLower(s)
}

// titleMethod is str.title(): every run of letters starts with a capital.
func titleMethod(s string) string {
	var b strings.Builder
	inWord := false
	for _, r := range s {
		was := inWord
		inWord = unicode.IsLetter(r)
		switch {
		case was && inWord:
			b.WriteString(lower(string(r)))
		case inWord:
			b.WriteString(titleRune(r))
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func capitalize(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return ""
	}
	return titleRune(r) + lower(s[n:])
}

func stripWith(left, right bool) func(*Context, any, []any) (any, error) {
	return func(_ *Context, v any, a []any) (any, error) {
		cut := unicode.IsSpace
		if a[0] != nil {
			chars, err := textArg("chars", a[0])
			if err != nil {
				return nil, err
			}
			cut = func(r rune) bool { return strings.ContainsRune(chars, r) }
		}
		s := v.(string)
		if left {
			s = strings.TrimLeftFunc(s, cut)
		}
		if right {
			s = strings.TrimRightFunc(s, cut)
		}
		return s, nil
	}
}

// textArg returns an argument that must be a text.
func textArg(name string, v any) (string, error) {
	switch x := v.(type) {
	case string:
		return x, nil
	case *Undefined:
		return "", x.Err()
	}
	return "", newError("the argument %q must be a text, not %s", name, describe(v))
}

// intArg returns an argument that must be a whole number.
func intArg(name string, v any) (int, error) {
	if u, ok := v.(*Undefined); ok {
		return 0, u.Err()
	}
	n, _, isInt, ok := num(v)
	if !ok || !isInt {
		e := newError("the argument %q must be a whole number, not %s", name, describe(v))
		if _, ok := v.(string); ok {
			e.Hint = `convert it with "| int"`
		}
		return 0, e
	}
	return n, nil
}

func methodSplitlines(_ *Context, v any, a []any) (any, error) {
	keep, err := Truth(a[0])
	return anyList(splitLines(v.(string), keep)), err
}

// splitLines splits at all line ends that Python knows.
func splitLines(s string, keep bool) []string {
	var out []string
	start := 0
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		end := i + n
		switch r {
		case '\n', '\v', '\f', '\x1c', '\x1d', '\x1e', '\x85', '\u2028', '\u2029':
		case '\r':
			if end < len(s) && s[end] == '\n' {
				end++
			}
		default:
			i = end
			continue
		}
		if keep {
			out = append(out, s[start:end])
		} else {
			out = append(out, s[start:i])
		}
		start, i = end, end
	}
	if start < len(s) {
		out = append(out, s[start:])
	}
	return out
}

func anyList(l []string) []any {
	out := make([]any, len(l))
	for i, s := range l {
		out[i] = s
	}
	return out
}

func methodJoin(c *Context, v any, a []any) (any, error) {
	items, err := c.iterate(a[0])
	if err != nil {
		return nil, err
	}
	parts := make([]string, len(items))
	size := len(v.(string)) * max(len(items)-1, 0)
	for i, item := range items {
		s, ok := item.(string)
		if !ok {
			return nil, newError("join() needs texts, but element %d is %s", i, describe(item)).WithHint("use the filter \"| join\", which converts")
		}
		parts[i] = s
		if size += len(s); size > maxOutput {
			return nil, textTooLarge()
		}
	}
	return strings.Join(parts, v.(string)), nil
}

func methodReplace(_ *Context, v any, a []any) (any, error) {
	old, err := textArg("old", a[0])
	if err != nil {
		return nil, err
	}
	with, err := textArg("new", a[1])
	if err != nil {
		return nil, err
	}
	n, err := intArg("count", a[2])
	if err != nil {
		return nil, err
	}
	return replace(v.(string), old, with, n)
}

// replace is strings.Replace within the limit of output.
func replace(s, old, with string, n int) (any, error) {
	if len(with) > len(old) && strings.Count(s, old)*(len(with)-len(old)) > maxOutput {
		return nil, textTooLarge()
	}
	return strings.Replace(s, old, with, n), nil
}
