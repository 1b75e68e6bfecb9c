package jinja

import (
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"
)

// percent formats one value as % does.
func (sp spec) percent(v any) (string, error) {
	switch sp.verb {
	case 's', 'r', 'a':
		s := Str(v)
		if sp.verb != 's' {
			s = Repr(v)
		}
		if sp.verb == 'a' {
			s = asciiRepr(v)
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
		_, f, isInt, ok := num(v)
		if ok && !isInt && !isBig(v) && strings.IndexByte("diu", sp.verb) >= 0 {
			var err error
			if v, err = bigFromFloat(f); err != nil {
				return "", err
			}
		}
		z, ok := bigOf(v)
		if !ok {
			return "", newError("%%%c needs a whole number, not %s", sp.verb, describe(v)).WithHint(`convert it with "| int"`)
		}
		return sp.integer(z)
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

func (sp spec) integer(z *big.Int) (string, error) {
	base, prefix := 10, ""
	switch sp.verb {
	case 'x', 'X':
		base, prefix = 16, "0"+string(sp.verb)
	case 'o':
		base, prefix = 8, "0o"
	case 'b':
		base, prefix = 2, "0b"
	}
	digits, err := bigDigits(z, base)
	if err != nil {
		return "", err
	}
	if sp.verb == 'X' {
		digits = strings.ToUpper(digits)
	}
	if sp.prec > len(digits) {
		digits = strings.Repeat("0", sp.prec-len(digits)) + digits
	}
	head := sp.sign(z.Sign() < 0)
	if sp.alt {
		head += prefix
	}
	return sp.number(head, digits), nil
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
	return sp.number(head, s)
}

// number groups the digits of body and fills up to the width.
func (sp spec) number(head, body string) string {
	if sp.zero && (sp.comma || sp.under) && (sp.align == 0 || sp.align == '=') && (sp.fill == "" || sp.fill == "0") {
		// the zeros in front are grouped as well
		if n := sp.width - len(head) - len(sp.group(body)); n > 0 {
			// n columns hold about n*size/(size+1) digits; the last one is tried out
			body = strings.Repeat("0", n*3/5) + body
			for sp.width > len(head)+len(sp.group(body)) {
				body = strings.Repeat("0", max(1, (sp.width-len(head)-len(sp.group(body)))/2)) + body
			}
		}
	}
	return sp.pad(head, sp.group(body), true)
}

// general is C's %g. Where dotZero is set it is the form of a float without a type
// character, which always shows that it is one.
func (sp spec) general(f float64) string {
	prec := max(sp.prec, 1)
	exp := 0
	if f != 0 {
		s := strconv.FormatFloat(f, 'e', prec-1, 64)
		exp, _ = strconv.Atoi(s[strings.IndexByte(s, 'e')+1:])
	}
	var s, tail string
	if exp < -4 || exp >= prec-boolInt(sp.dotZero) && exp != 0 || exp >= prec {
		s = strconv.FormatFloat(f, 'e', prec-1, 64)
		i := strings.IndexByte(s, 'e')
		s, tail = s[:i], s[i:]
	} else {
		s = strconv.FormatFloat(f, 'f', prec-1-exp, 64)
	}
	if !sp.alt && strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	if sp.dotZero && tail == "" && !strings.Contains(s, ".") {
		s += ".0"
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
	var b strings.Builder
	for i := range n {
		if i > 0 && (n-i)%size == 0 {
			b.WriteString(sep)
		}
		b.WriteByte(s[i])
	}
	return b.String() + s[n:]
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
