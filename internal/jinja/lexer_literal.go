package jinja

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

var (
	floatLiteral = regexp.MustCompile(`(?i)^(?:\d+_)*\d+(?:(?:\.(?:\d+_)*\d+)?e[+\-]?(?:\d+_)*\d+|\.(?:\d+_)*\d+)`)
	intLiteral   = regexp.MustCompile(`(?i)^(?:0b(?:_?[0-1])+|0o(?:_?[0-7])+|0x(?:_?[\da-f])+|[1-9](?:_?\d)*|0(?:_?0)*)`)
)

func (l *lexer) number() {
	start := l.pos
	// a.0.1 are two indexes, not the attribute 0.1
	afterDot := len(l.tokens) > 0 && l.tokens[len(l.tokens)-1].val == "." && l.tokens[len(l.tokens)-1].kind == tokOp
	if m := floatLiteral.FindString(l.src[start:]); m != "" && !afterDot {
		l.pos += len(m)
		l.emit(tokFloat, strings.ReplaceAll(m, "_", ""), start)
		return
	}
	m := intLiteral.FindString(l.src[start:])
	l.pos += max(len(m), 1)
	l.emit(tokInt, strings.ReplaceAll(l.src[start:l.pos], "_", ""), start)
}

// str reads a string literal. raw leaves its backslashes alone, apart from those
// before the quote.
func (l *lexer) str(quote byte, raw bool) error {
	start := l.pos
	i := start + 1
	for i < len(l.src) && l.src[i] != quote {
		if l.src[i] == '\\' {
			i++
		}
		i++
	}
	if i >= len(l.src) {
		return l.errorf(start, "the text has no closing quote").WithHint("add the missing %c", quote)
	}
	body := l.src[start+1 : i]
	l.pos = i + 1
	if raw {
		l.emit(tokString, strings.ReplaceAll(body, `\`+string(quote), string(quote)), start)
		return nil
	}
	s, bad := unescape(body)
	if bad >= 0 {
		return l.errorf(start+1+bad, "the escape sequence is not complete").WithHint(`write \\ for a backslash`)
	}
	l.emit(tokString, s, start)
	return nil
}

var simpleEscapes = map[byte]string{
	'\n': "", '\\': `\`, '\'': "'", '"': `"`, 'a': "\a", 'b': "\b", 'f': "\f", 'n': "\n", 'r': "\r", 't': "\t", 'v': "\v",
}

// unescape resolves Python's escape sequences; unknown ones stay as they are. It
// returns the offset of a broken one, or -1.
func unescape(s string) (string, int) {
	if !strings.Contains(s, `\`) {
		return s, -1
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		if s[i] != '\\' || i+1 >= len(s) {
			b.WriteByte(s[i])
			i++
			continue
		}
		c := s[i+1]
		if e, ok := simpleEscapes[c]; ok {
			b.WriteString(e)
			i += 2
			continue
		}
		size, base := map[byte]int{'x': 2, 'u': 4, 'U': 8}[c], 16
		digits := i + 2
		if c >= '0' && c <= '7' {
			digits, base = i+1, 8
			for size = 1; size < 3 && digits+size < len(s) && s[digits+size] >= '0' && s[digits+size] <= '7'; {
				size++
			}
		}
		if size == 0 {
			b.WriteByte('\\')
			i++
			continue
		}
		if digits+size > len(s) {
			return "", i
		}
		n, err := strconv.ParseUint(s[digits:digits+size], base, 32)
		if err != nil || n > utf8.MaxRune {
			return "", i
		}
		b.WriteRune(rune(n))
		i = digits + size
	}
	return b.String(), -1
}
