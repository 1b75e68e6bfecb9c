package jinja

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// stringMappings are the methods of str that work with tables of characters, and
// what is left out of them.
var stringMappings = []filter{
	{name: "isprintable", fn: func(_ *Context, v any, _ []any) (any, error) {
		return !strings.ContainsFunc(v.(string), func(r rune) bool { return !unicode.IsPrint(r) }), nil
	}},
	{name: "format_map", params: "mapping", takes: takesUndefined, fn: func(c *Context, v any, a []any) (any, error) {
		m, err := c.dict(a[0])
		if err != nil {
			return nil, err
		}
		return c.format(v.(string), nil, m)
	}},
	{name: "maketrans", params: "x y=none z=none", fn: methodMaketrans},
	{name: "translate", params: "table", fn: methodTranslate},
	{name: "encode", params: "*args **kwargs", fn: noBytes("encode")},
}

func methodMaketrans(_ *Context, _ any, a []any) (any, error) {
	out := &Map{}
	if m, ok := a[0].(*Map); ok && a[1] == nil {
		for k, e := range m.All() {
			if s, ok := k.(string); ok {
				r, n := utf8.DecodeRuneInString(s)
				if n != len(s) || n == 0 {
					return nil, newError("the key %s must be one character", Repr(s))
				}
				k = int(r)
			}
			out.Set(k, e)
		}
		return out, nil
	}
	var texts [3][]rune
	for i, v := range a {
		if i == 2 && v == nil {
			break
		}
		s, err := textArg([]string{"x", "y", "z"}[i], v)
		if err != nil {
			return nil, err
		}
		texts[i] = []rune(s)
	}
	if len(texts[0]) != len(texts[1]) {
		return nil, newError("the first two texts must be of the same length, not %d and %d", len(texts[0]), len(texts[1]))
	}
	for i, r := range texts[0] {
		out.Set(int(r), int(texts[1][i]))
	}
	for _, r := range texts[2] {
		out.Set(int(r), nil)
	}
	return out, nil
}

func methodTranslate(c *Context, v any, a []any) (any, error) {
	m, err := c.dict(a[0])
	if err != nil {
		return nil, err
	}
	w := output{rt: &render{}}
	for _, r := range v.(string) {
		s := string(r)
		if with, ok := m.Get(int(r)); ok {
			switch x := with.(type) {
			case nil:
				s = ""
			case string:
				s = x
			case int:
				if x < 0 || x > utf8.MaxRune {
					return nil, newError("%d is no character", x)
				}
				s = string(rune(x))
			default:
				return nil, newError("a character becomes a number, a text or none, not %s", describe(with))
			}
		}
		if err := w.write(s); err != nil {
			return nil, err
		}
	}
	return w.String(), nil
}

// The letters whose title case or folded form is several letters.
var (
	manyTitle = strings.NewReplacer("ß", "Ss", "ŉ", "ʼN", "ǰ", "J̌", "ﬀ", "Ff", "ﬁ", "Fi", "ﬂ", "Fl", "ﬃ", "Ffi", "ﬄ", "Ffl", "ﬅ", "St", "ﬆ", "St")
	folded    = strings.NewReplacer("ß", "ss", "ẞ", "ss", "ŉ", "ʼn", "ǰ", "ǰ", "ﬀ", "ff", "ﬁ", "fi", "ﬂ", "fl", "ﬃ", "ffi", "ﬄ", "ffl", "ﬅ", "st", "ﬆ", "st", "ς", "σ", "ſ", "s")
)

func casefold(s string) string {
	if ascii(s) {
		return strings.ToLower(s)
	}
	return lower(folded.Replace(s))
}

// titleRune is the title case of one letter.
func titleRune(r rune) string {
	if s := manyTitle.Replace(string(r)); s != string(r) {
		return s
	}
	return string(unicode.ToTitle(r))
}

func swapCaseText(s string) string {
	var b strings.Builder
	for _, r := range s {
		if unicode.IsUpper(r) {
			b.WriteString(lower(string(r)))
		} else {
			b.WriteString(upper(string(r)))
		}
	}
	return b.String()
}

// isTitle is str.istitle(): capitals start words, and only they do.
func isTitle(s string) bool {
	cased, inWord := false, false
	for _, r := range s {
		switch {
		case unicode.IsUpper(r) || unicode.IsTitle(r):
			if inWord {
				return false
			}
			cased, inWord = true, true
		case unicode.IsLower(r):
			if !inWord {
				return false
			}
		default:
			inWord = false
		}
	}
	return cased
}

// finalSigma replaces the capital sigma at the end of words by its small form.
func finalSigma(s string) string {
	if !strings.Contains(s, "Σ") {
		return s
	}
	r := []rune(s)
	for i := range r {
		if r[i] == 'Σ' && i > 0 && unicode.IsLetter(r[i-1]) && (i+1 == len(r) || !unicode.IsLetter(r[i+1])) {
			r[i] = 'ς'
		}
	}
	return string(r)
}

// isDigit is for str.isdigit(): decimal digits, and those above or below the line or
// in circles and brackets.
func isDigit(r rune) bool {
	if unicode.IsDigit(r) {
		return true
	}
	for _, span := range [][2]rune{
		{'²', '³'}, {'¹', '¹'}, {'⁰', '⁰'}, {'⁴', '⁹'}, {'₀', '₉'}, {'①', '⑨'}, {'⑴', '⑼'}, {'⒈', '⒐'}, {'⓪', '⓪'},
		{'⓵', '⓽'}, {'⓿', '⓿'}, {'❶', '❾'}, {'➀', '➈'}, {'➊', '➒'},
	} {
		if r >= span[0] && r <= span[1] {
			return true
		}
	}
	return false
}

// asciiRepr is Python's ascii(): repr() with escapes for all other characters.
func asciiRepr(v any) string {
	s := Repr(v)
	if ascii(s) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case r < utf8.RuneSelf:
			b.WriteRune(r)
		case r <= 0xff:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r <= 0xffff:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	return b.String()
}
