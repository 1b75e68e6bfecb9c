package jinja

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// window returns the part of s between two optional indexes, in characters, and
// how many characters stand before it. ok is false where the part lies outside.
func window(s string, start, end any) (part string, before int, ok bool, err error) {
	if start == nil && end == nil {
		return s, 0, true, nil
	}
	runes := []rune(s)
	bounds := [2]int{0, len(runes)}
	for i, v := range []any{start, end} {
		if v == nil {
			continue
		}
		n, err := intArg("start", v)
		if err != nil {
			return "", 0, false, err
		}
		if n < 0 {
			n = max(n+len(runes), 0)
		}
		bounds[i] = n
	}
	bounds[1] = min(bounds[1], len(runes))
	if bounds[0] > bounds[1] {
		return "", 0, false, nil
	}
	return string(runes[bounds[0]:bounds[1]]), bounds[0], true, nil
}

func affix(has func(s, x string) bool) func(*Context, any, []any) (any, error) {
	return func(_ *Context, v any, a []any) (any, error) {
		s, _, ok, err := window(v.(string), a[1], a[2])
		if err != nil || !ok {
			return false, err
		}
		if l, ok := a[0].(Tuple); ok {
			for _, e := range l {
				x, err := textArg("prefix", e)
				if err != nil || has(s, x) {
					return err == nil, err
				}
			}
			return false, nil
		}
		x, err := textArg("prefix", a[0])
		return err == nil && has(s, x), err
	}
}

func finder(find func(s, x string) int, must bool) func(*Context, any, []any) (any, error) {
	return func(_ *Context, v any, a []any) (any, error) {
		x, err := textArg("sub", a[0])
		if err != nil {
			return nil, err
		}
		s, before, ok, err := window(v.(string), a[1], a[2])
		if err != nil {
			return nil, err
		}
		if i := find(s, x); ok && i >= 0 {
			return before + utf8.RuneCountInString(s[:i]), nil
		}
		if must {
			return nil, newError("%s does not contain %s", describe(v), Repr(x))
		}
		return -1, nil
	}
}

func methodCount(_ *Context, v any, a []any) (any, error) {
	x, err := textArg("sub", a[0])
	if err != nil {
		return nil, err
	}
	s, _, ok, err := window(v.(string), a[1], a[2])
	if err != nil || !ok {
		return 0, err
	}
	return strings.Count(s, x), nil
}

func justify(align byte) func(*Context, any, []any) (any, error) {
	return func(_ *Context, v any, a []any) (any, error) {
		width, err := intArg("width", a[0])
		if err != nil {
			return nil, err
		}
		fill := " "
		if a[1] != nil {
			if fill, err = textArg("fillchar", a[1]); err != nil {
				return nil, err
			}
			if utf8.RuneCountInString(fill) != 1 {
				return nil, newError("the argument \"fillchar\" must be one character")
			}
		}
		if width > maxOutput/len(fill) {
			return nil, textTooLarge()
		}
		return pad(v.(string), width, fill, align), nil
	}
}

// pad fills s up to width characters: '<' stands left, '>' right, '^' in the
// middle as str.center has it.
func pad(s string, width int, fill string, align byte) string {
	n := width - utf8.RuneCountInString(s)
	if n <= 0 {
		return s
	}
	switch align {
	case '<':
		return s + strings.Repeat(fill, n)
	case '>':
		return strings.Repeat(fill, n) + s
	}
	left := n/2 + n&width&1
	return strings.Repeat(fill, left) + s + strings.Repeat(fill, n-left)
}

func methodZfill(_ *Context, v any, a []any) (any, error) {
	width, err := intArg("width", a[0])
	if err != nil {
		return nil, err
	}
	if width > maxOutput {
		return nil, textTooLarge()
	}
	s, sign := v.(string), ""
	if s != "" && (s[0] == '+' || s[0] == '-') {
		sign, s = s[:1], s[1:]
	}
	return sign + pad(s, width-len(sign), "0", '>'), nil
}

func partition(find func(s, x string) int) func(*Context, any, []any) (any, error) {
	return func(_ *Context, v any, a []any) (any, error) {
		sep, err := textArg("sep", a[0])
		if err != nil {
			return nil, err
		}
		if sep == "" {
			return nil, newError("the separator is empty")
		}
		s := v.(string)
		if i := find(s, sep); i >= 0 {
			return Tuple{s[:i], sep, s[i+len(sep):]}, nil
		}
		if find("ab", "") == 2 { // from the right
			return Tuple{"", "", s}, nil
		}
		return Tuple{s, "", ""}, nil
	}
}

func remover(trim func(s, x string) string) func(*Context, any, []any) (any, error) {
	return func(_ *Context, v any, a []any) (any, error) {
		x, err := textArg("prefix", a[0])
		return trim(v.(string), x), err
	}
}

func methodExpandtabs(_ *Context, v any, a []any) (any, error) {
	size, err := intArg("tabsize", a[0])
	if err != nil {
		return nil, err
	}
	if size > 1000 {
		return nil, newError("a tab of %d columns is too wide", size)
	}
	var b strings.Builder
	col := 0
	for _, r := range v.(string) {
		switch r {
		case '\t':
			if b.Len() > maxOutput {
				return nil, textTooLarge()
			}
			for size > 0 {
				b.WriteByte(' ')
				if col++; col%size == 0 {
					break
				}
			}
		case '\n', '\r':
			b.WriteRune(r)
			col = 0
		default:
			b.WriteRune(r)
			col++
		}
	}
	return b.String(), nil
}

// splitText is str.split and str.rsplit.
func splitText(v any, a []any, right bool) (any, error) {
	n, err := intArg("maxsplit", a[1])
	if err != nil {
		return nil, err
	}
	if a[0] == nil {
		return anyList(splitSpace(v.(string), n, right)), nil
	}
	sep, err := textArg("sep", a[0])
	if err != nil {
		return nil, err
	}
	if sep == "" {
		return nil, newError("the separator is empty")
	}
	s := v.(string)
	if n < 0 {
		return anyList(strings.Split(s, sep)), nil
	}
	if !right {
		return anyList(strings.SplitN(s, sep, min(n, len(s))+1)), nil
	}
	var parts []string
	for ; n > 0; n-- {
		i := strings.LastIndex(s, sep)
		if i < 0 {
			break
		}
		parts = append(parts, s[i+len(sep):])
		s = s[:i]
	}
	parts = append(parts, s)
	slices.Reverse(parts)
	return anyList(parts), nil
}

// splitSpace splits at runs of white space, at most n times where n is not
// negative; what remains keeps its inner space.
func splitSpace(s string, n int, right bool) []string {
	if n < 0 {
		return strings.Fields(s)
	}
	var out []string
	for {
		if right {
			s = strings.TrimRightFunc(s, unicode.IsSpace)
		} else {
			s = strings.TrimLeftFunc(s, unicode.IsSpace)
		}
		if s == "" {
			return inOrder(out, right)
		}
		i := strings.IndexFunc(s, unicode.IsSpace)
		if right {
			i = strings.LastIndexFunc(s, unicode.IsSpace)
		}
		switch {
		case n == 0 || i < 0:
			return inOrder(append(out, s), right)
		case right:
			_, size := utf8.DecodeRuneInString(s[i:])
			out, s = append(out, s[i+size:]), s[:i]
		default:
			out, s = append(out, s[:i]), s[i:]
		}
		n--
	}
}

// inOrder turns round what was found from the right.
func inOrder(parts []string, right bool) []string {
	if right {
		slices.Reverse(parts)
	}
	return parts
}
