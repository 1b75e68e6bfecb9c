package jinja

import (
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// formatValue is Python's format(v, spec).
func formatValue(v any, format string) (string, error) {
	if format == "" {
		return Str(v), nil
	}
	switch x := v.(type) {
	case string:
		return formatText(x, format)
	case bool, int, *big.Int:
		z, _ := bigOf(x)
		return formatInteger(z, format)
	case float64:
		sp, err := parseSpec(format, true)
		if err != nil {
			return "", err
		}
		return sp.formatFloat(x, format)
	case time.Time:
		s, err := strftime(x, format)
		return Str(s), err
	}
	return "", badFormat(format, v)
}

func badFormat(format string, v any) error {
	return newError("the format %q does not work for %s", format, describe(v))
}

func formatText(s, format string) (string, error) {
	sp, err := parseSpec(format, false)
	if err != nil {
		return "", err
	}
	if sp.verb != 0 && sp.verb != 's' || sp.plus || sp.space || sp.minus || sp.alt || sp.comma || sp.under || sp.align == '=' {
		return "", badFormat(format, s)
	}
	if sp.prec >= 0 {
		s = firstRunes(s, sp.prec)
	}
	sp.verb = 0
	return sp.pad("", s, false), nil
}

func formatInteger(z *big.Int, format string) (string, error) {
	sp, err := parseSpec(format, true)
	if err != nil {
		return "", err
	}
	switch sp.verb {
	case 'e', 'E', 'f', 'F', 'g', 'G', '%':
		f := bigFloatOf(z)
		if math.IsInf(f, 0) {
			return "", newError("the integer is too large for a float")
		}
		return sp.formatFloat(f, format)
	case 'c':
		if sp.plus || sp.space || sp.minus || sp.alt || sp.comma || sp.under || sp.prec >= 0 || !z.IsInt64() || z.Int64() < 0 || z.Int64() > utf8.MaxRune {
			return "", badFormat(format, z)
		}
		return sp.pad("", string(rune(z.Int64())), true), nil
	case 0, 'd', 'n', 'b', 'o', 'x', 'X':
		decimal := sp.verb == 0 || sp.verb == 'd'
		if sp.prec >= 0 || sp.comma && !decimal || sp.under && sp.verb == 'n' {
			return "", badFormat(format, z)
		}
		return sp.integer(z)
	}
	return "", badFormat(format, z)
}

func (sp spec) formatFloat(f float64, format string) (string, error) {
	switch sp.verb {
	case 'e', 'E', 'f', 'F', 'g', 'G', '%':
		if sp.prec < 0 {
			sp.prec = 6
		}
		if sp.verb == '%' {
			sp.verb = 'f'
			return sp.percentSign(f * 100), nil
		}
		return sp.float(f), nil
	case 'n':
		if sp.comma || sp.under {
			return "", badFormat(format, f)
		}
		if sp.verb = 'g'; sp.prec < 0 {
			sp.prec = 6
		}
		return sp.float(f), nil
	case 0:
		if sp.prec >= 0 {
			sp.verb, sp.dotZero = 'g', true
			return sp.float(f), nil
		}
		negative := math.Signbit(f) && !math.IsNaN(f)
		return sp.number(sp.sign(negative), strings.TrimPrefix(floatText(f), "-")), nil
	}
	return "", badFormat(format, f)
}

func (sp spec) percentSign(f float64) string {
	head := sp.sign(math.Signbit(f) && !math.IsNaN(f))
	body := floatText(math.Abs(f))
	if !math.IsInf(f, 0) && !math.IsNaN(f) {
		body = strconv.FormatFloat(math.Abs(f), 'f', sp.prec, 64)
	}
	return sp.number(head, body+"%")
}

// parseSpec reads a format specification; a number's "0" pads behind the sign.
func parseSpec(s string, number bool) (spec, error) {
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
	if sp.plus = take('+'); !sp.plus {
		if sp.space = take(' '); !sp.space {
			sp.minus = take('-')
		}
	}
	sp.alt = take('#')
	if sp.fill == "" && take('0') {
		sp.zero = number && (sp.align == 0 || sp.align == '=')
		sp.fill = "0"
	}
	sp.width, s = leadingInt(s, 0)
	sp.comma, sp.under = take(','), take('_')
	if take('.') {
		sp.prec, s = leadingInt(s, -2)
	}
	if s != "" {
		sp.verb, s = s[0], s[1:]
	}
	if s != "" || sp.prec == -2 || sp.width > maxWidth || sp.prec > maxWidth || sp.comma && sp.under {
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
