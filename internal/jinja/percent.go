package jinja

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxWidth bounds the width and precision of formatted values.
const maxWidth = 1 << 20

// percentFormat is Python's `text % values`.
func percentFormat(s string, values any) (any, error) {
	p := &percentParser{s: s}
	switch v := values.(type) {
	case Tuple:
		p.args = v
	case *Map:
		p.args, p.dict = []any{v}, v
	default:
		p.args = []any{v}
	}
	var b strings.Builder
	for p.i < len(s) {
		i := strings.IndexByte(s[p.i:], '%')
		if i < 0 {
			b.WriteString(s[p.i:])
			break
		}
		b.WriteString(s[p.i : p.i+i])
		p.i += i + 1
		text, err := p.directive()
		if err != nil {
			return nil, err
		}
		if b.WriteString(text); b.Len() > maxOutput {
			return nil, newError("the text would be larger than %d MiB", maxOutput>>20)
		}
	}
	if p.next < len(p.args) && p.dict == nil {
		return nil, newError("not all values are used: %d for %d places", len(p.args), p.next)
	}
	return b.String(), nil
}

type percentParser struct {
	s    string
	i    int
	args []any
	dict *Map
	next int
}

func (p *percentParser) arg() (any, error) {
	if p.next >= len(p.args) {
		return nil, newError("not enough values for the format %s", Repr(p.s))
	}
	p.next++
	return p.args[p.next-1], nil
}

// spec is the format of one value.
type spec struct {
	left, plus, space, zero, alt, comma, under bool
	width, prec                                int // prec is -1 where not given
	fill                                       string
	align                                      byte
	verb                                       byte
}

func (p *percentParser) directive() (string, error) {
	sp := spec{prec: -1}
	var value any
	named := false
	if p.i < len(p.s) && p.s[p.i] == '(' {
		end := strings.IndexByte(p.s[p.i:], ')')
		if end < 0 || p.dict == nil {
			return "", newError("a format with names needs a dictionary")
		}
		key := p.s[p.i+1 : p.i+end]
		v, ok := p.dict.Get(key)
		if !ok {
			return "", newError("the dictionary has no key %s", Repr(key))
		}
		value, named = v, true
		p.i += end + 1
	}
	if err := p.flags(&sp); err != nil {
		return "", err
	}
	if p.i >= len(p.s) {
		return "", newError("the format %s ends in the middle", Repr(p.s))
	}
	sp.verb = p.s[p.i]
	p.i++
	if sp.verb == '%' {
		return "%", nil
	}
	if !named {
		v, err := p.arg()
		if err != nil {
			return "", err
		}
		value = v
	}
	if u, ok := value.(*Undefined); ok {
		return "", u.Err()
	}
	return sp.percent(value)
}

func (p *percentParser) flags(sp *spec) error {
	for ; p.i < len(p.s); p.i++ {
		switch p.s[p.i] {
		case '-':
			sp.left = true
		case '+':
			sp.plus = true
		case ' ':
			sp.space = true
		case '0':
			sp.zero = true
		case '#':
			sp.alt = true
		default:
			return p.widths(sp)
		}
	}
	return nil
}

func (p *percentParser) widths(sp *spec) (err error) {
	if sp.width, err = p.number(0); err != nil {
		return err
	}
	if sp.width < 0 {
		sp.left, sp.width = true, -sp.width
	}
	if p.i < len(p.s) && p.s[p.i] == '.' {
		p.i++
		if sp.prec, err = p.number(0); err != nil {
			return err
		}
	}
	for p.i < len(p.s) && strings.IndexByte("hlL", p.s[p.i]) >= 0 {
		p.i++
	}
	if sp.width > maxWidth || sp.prec > maxWidth {
		return newError("the format %s is too wide", Repr(p.s))
	}
	return nil
}

func (p *percentParser) number(otherwise int) (int, error) {
	if p.i < len(p.s) && p.s[p.i] == '*' {
		p.i++
		v, err := p.arg()
		if err != nil {
			return 0, err
		}
		return intArg("*", v)
	}
	start := p.i
	for p.i < len(p.s) && p.s[p.i] >= '0' && p.s[p.i] <= '9' {
		p.i++
	}
	if start == p.i {
		return otherwise, nil
	}
	n, err := strconv.Atoi(p.s[start:p.i])
	if err != nil {
		return maxWidth + 1, nil
	}
	return n, nil
}

// percent formats one value as % does.
func (sp spec) percent(v any) (string, error) {
	switch sp.verb {
	case 's', 'r', 'a':
		s := Str(v)
		if sp.verb != 's' {
			s = Repr(v)
		}
		if sp.prec >= 0 {
			s = firstRunes(s, sp.prec)
		}
		return sp.pad("", s, false), nil
	case 'c':
		if s, ok := v.(string); ok && utf8.RuneCountInString(s) == 1 {
			return sp.pad("", s, false), nil
		}
		n, _, isInt, ok := num(v)
		if !ok || !isInt || n < 0 || n > utf8.MaxRune {
			return "", newError("%%c needs a character or its number, not %s", describe(v))
		}
		return sp.pad("", string(rune(n)), false), nil
	case 'd', 'i', 'u', 'x', 'X', 'o':
		i, f, isInt, ok := num(v)
		if ok && !isInt && strings.IndexByte("diu", sp.verb) >= 0 && math.Abs(f) < 1<<63 {
			i, isInt = int(f), true
		}
		if !ok || !isInt {
			return "", newError("%%%c needs a whole number, not %s", sp.verb, describe(v)).WithHint(`convert it with "| int"`)
		}
		return sp.integer(i), nil
	case 'e', 'E', 'f', 'F', 'g', 'G':
		_, f, _, ok := num(v)
		if !ok {
			return "", newError("%%%c needs a number, not %s", sp.verb, describe(v)).WithHint(`convert it with "| float"`)
		}
		if sp.prec < 0 {
			sp.prec = 6
		}
		return sp.float(f), nil
	}
	return "", newError("unknown format character %q", string(sp.verb))
}

func firstRunes(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

func (sp spec) sign(negative bool) string {
	switch {
	case negative:
		return "-"
	case sp.plus:
		return "+"
	case sp.space:
		return " "
	}
	return ""
}

func (sp spec) integer(i int) string {
	base, prefix := 10, ""
	switch sp.verb {
	case 'x', 'X':
		base, prefix = 16, "0"+string(sp.verb)
	case 'o':
		base, prefix = 8, "0o"
	case 'b':
		base, prefix = 2, "0b"
	}
	digits := strings.TrimPrefix(strconv.FormatInt(int64(i), base), "-")
	if sp.verb == 'X' {
		digits = strings.ToUpper(digits)
	}
	if sp.prec > len(digits) {
		digits = strings.Repeat("0", sp.prec-len(digits)) + digits
	}
	head := sp.sign(i < 0)
	if sp.alt {
		head += prefix
	}
	return sp.pad(head, sp.group(digits), true)
}

// float formats with the precision that is set.
func (sp spec) float(f float64) string {
	head := sp.sign(math.Signbit(f) && !math.IsNaN(f))
	f = math.Abs(f)
	upper := sp.verb >= 'A' && sp.verb <= 'Z'
	var s string
	switch {
	case math.IsInf(f, 0) || math.IsNaN(f):
		s = floatText(f)
		sp.zero = false
	case sp.verb == 'g' || sp.verb == 'G':
		s = sp.general(f)
	default:
		s = strconv.FormatFloat(f, sp.verb|0x20, sp.prec, 64)
		if sp.alt && sp.prec == 0 {
			s += "."
		}
	}
	if upper {
		s = strings.ToUpper(s)
	}
	return sp.pad(head, sp.group(s), true)
}

// general is C's %g.
func (sp spec) general(f float64) string {
	prec := max(sp.prec, 1)
	exp := 0
	if f != 0 {
		s := strconv.FormatFloat(f, 'e', prec-1, 64)
		exp, _ = strconv.Atoi(s[strings.IndexByte(s, 'e')+1:])
	}
	var s, tail string
	if exp < -4 || exp >= prec {
		s = strconv.FormatFloat(f, 'e', prec-1, 64)
		i := strings.IndexByte(s, 'e')
		s, tail = s[:i], s[i:]
	} else {
		s = strconv.FormatFloat(f, 'f', prec-1-exp, 64)
	}
	if !sp.alt && strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s + tail
}

// group puts commas or underscores into a number.
func (sp spec) group(s string) string {
	sep := ""
	switch {
	case sp.comma:
		sep = ","
	case sp.under:
		sep = "_"
	default:
		return s
	}
	n := len(s)
	if i := strings.IndexFunc(s, func(r rune) bool { return (r < '0' || r > '9') && sp.verb != 'x' && sp.verb != 'X' }); i >= 0 {
		n = i
	}
	size := 3
	if sp.verb == 'x' || sp.verb == 'X' || sp.verb == 'o' || sp.verb == 'b' {
		size = 4
	}
	head, tail := s[:n], s[n:]
	for i := len(head) - size; i > 0; i -= size {
		head = head[:i] + sep + head[i:]
	}
	return head + tail
}

// pad fills head (a sign) and body up to the width.
func (sp spec) pad(head, body string, number bool) string {
	align, fill := sp.align, sp.fill
	if fill == "" {
		fill = " "
	}
	if align == 0 {
		switch {
		case sp.left:
			align = '<'
		case number && sp.zero:
			align, fill = '=', "0"
		case number || sp.verb != 0 && strings.IndexByte("srac", sp.verb) >= 0:
			align = '>'
		default:
			align = '<'
		}
	}
	n := sp.width - utf8.RuneCountInString(head) - utf8.RuneCountInString(body)
	if n <= 0 {
		return head + body
	}
	switch align {
	case '<':
		return head + body + strings.Repeat(fill, n)
	case '=':
		return head + strings.Repeat(fill, n) + body
	case '^':
		return strings.Repeat(fill, n/2) + head + body + strings.Repeat(fill, n-n/2)
	}
	return strings.Repeat(fill, n) + head + body
}
