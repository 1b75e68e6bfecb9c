package jmespath

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

type token struct {
	// kind is the sign itself; "name", "quoted", "literal", "number"; "" at the end.
	kind   string
	text   string
	value  any // of a literal
	offset int
}

// what names the token in an error.
func (t token) what() string {
	switch t.kind {
	case "":
		return "the end"
	case "quoted":
		return strconv.Quote(t.text)
	case "literal":
		return "a literal"
	}
	return strconv.Quote(t.text)
}

// signs are the tokens that are signs; of two that begin alike the longer comes first.
var signs = []string{
	"[]", "[?", "[", "]", "||", "|", "&&", "&", "<=", "<", ">=", ">", "==", "!=", "!",
	".", "*", ",", ":", "@", "(", ")", "{", "}",
}

// lexer cuts an expression into tokens.
type lexer struct {
	text string
	at   int
	json func(string) (any, error)
}

func (l *lexer) tokens() ([]token, error) {
	var out []token
	for {
		l.at += len(l.text[l.at:]) - len(strings.TrimLeft(l.text[l.at:], " \t\r\n"))
		if l.at == len(l.text) {
			return append(out, token{offset: l.at}), nil
		}
		t, err := l.token()
		if err != nil {
			return nil, err
		}
		if out = append(out, t); len(out) > maxTokens {
			return nil, &Error{l.at, "it has more than " + strconv.Itoa(maxTokens) + " parts"}
		}
	}
}

func (l *lexer) token() (token, error) {
	start, c := l.at, l.text[l.at]
	switch {
	case c == '"' || c == '\'' || c == '`':
		return l.quoted(c)
	case isLetter(c):
		return token{kind: "name", text: l.take(func(c byte) bool { return isLetter(c) || isDigit(c) }), offset: start}, nil
	case isDigit(c), c == '-':
		return l.number()
	}
	for _, sign := range signs {
		if strings.HasPrefix(l.text[start:], sign) {
			l.at += len(sign)
			return token{kind: sign, text: sign, offset: start}, nil
		}
	}
	r, _ := utf8.DecodeRuneInString(l.text[start:])
	e := &Error{start, "unexpected " + strconv.Quote(string(r))}
	if c == '=' {
		e.Msg += `: values are compared with "=="`
	}
	return token{}, e
}

func isLetter(c byte) bool { return c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }

// take goes over the next byte and all that follow and are as wanted.
func (l *lexer) take(wanted func(byte) bool) string {
	start := l.at
	for l.at++; l.at < len(l.text) && wanted(l.text[l.at]); l.at++ {
	}
	return l.text[start:l.at]
}

func (l *lexer) number() (token, error) {
	start := l.at
	text := l.take(isDigit)
	if text == "-" {
		return token{}, &Error{start, `unexpected "-"`}
	}
	n, err := strconv.Atoi(text)
	if err != nil { // no list is as long
		n = math.MaxInt / 2
		if text[0] == '-' {
			n = -n
		}
	}
	return token{kind: "number", text: text, value: n, offset: start}, nil
}

// quoted reads what stands in quotes: a name in ", a text in ', JSON in `.
func (l *lexer) quoted(quote byte) (token, error) {
	start := l.at
	for l.at++; l.at < len(l.text) && l.text[l.at] != quote; l.at++ {
		if l.text[l.at] == '\\' {
			l.at++
		}
	}
	if l.at >= len(l.text) {
		return token{}, &Error{start, "the quote " + string(quote) + " is not closed"}
	}
	inner := l.text[start+1 : l.at]
	l.at++
	switch quote {
	case '\'':
		return token{kind: "literal", value: strings.ReplaceAll(inner, `\'`, `'`), offset: start}, nil
	case '"':
		name, err := l.json(`"` + inner + `"`)
		text, _ := name.(string)
		if err != nil {
			return token{}, &Error{start, "the name in quotes is no text as JSON has it"}
		}
		return token{kind: "quoted", text: text, offset: start}, nil
	}
	inner = strings.ReplaceAll(inner, "\\`", "`")
	v, err := l.json(inner)
	if err != nil { // what is no JSON was a text in older versions of the language, and still is
		v, err = l.json(`"` + strings.TrimLeft(inner, " \t\r\n\v\f") + `"`)
	}
	if err != nil {
		return token{}, &Error{start, "the literal in backquotes is not valid JSON"}
	}
	return token{kind: "literal", value: v, offset: start}, nil
}
