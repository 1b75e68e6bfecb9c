package jinja

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"fleet/internal/source"
)

type tokenKind uint8

const (
	tokEOF tokenKind = iota
	tokData
	tokVarBegin
	tokVarEnd
	tokBlockBegin
	tokBlockEnd
	tokName
	tokInt
	tokFloat
	tokString
	tokOp
)

// token is a piece of the source. val is the data, the name, the digits, the
// string's value, or the operator.
type token struct {
	kind tokenKind
	val  string
	off  int
}

// what describes the token for a syntax error.
func (t token) what() string {
	switch t.kind {
	case tokEOF:
		return "end of the template"
	case tokVarEnd:
		return "end of the expression"
	case tokBlockEnd:
		return "end of the block tag"
	case tokString:
		return "text " + Repr(t.val)
	case tokName:
		return `"` + t.val + `"`
	}
	return `"` + t.val + `"`
}

// lexer turns a source into tokens, with Jinja's whitespace control.
type lexer struct {
	text   *text
	src    string
	o      Options
	tokens []token
	pos    int
	// lineStart says that the data that comes next begins at the start of a line.
	lineStart bool
	ahead     [3]int // where each of the opening delimiters stands next
}

func (o Options) withDefaults() Options {
	for _, d := range []struct {
		field *string
		value string
	}{
		{&o.VariableStart, "{{"}, {&o.VariableEnd, "}}"}, {&o.BlockStart, "{%"}, {&o.BlockEnd, "%}"},
		{&o.CommentStart, "{#"}, {&o.CommentEnd, "#}"}, {&o.NewlineSequence, "\n"},
	} {
		if *d.field == "" {
			*d.field = d.value
		}
	}
	return o
}

func (l *lexer) errorf(off int, format string, args ...any) *source.Error {
	return source.Errorf(place{l.text, off}.pos(), format, args...)
}

// lexTemplate reads the source from offset start on.
func lexTemplate(t *text, start int, o Options) ([]token, error) {
	l := &lexer{text: t, src: t.src, o: o, pos: start, lineStart: true, ahead: [3]int{-1, -1, -1}}
	if !o.KeepTrailingNewline {
		l.src = strings.TrimSuffix(l.src, "\n")
	}
	for l.pos < len(l.src) {
		if err := l.data(); err != nil {
			return nil, err
		}
	}
	l.emit(tokEOF, "", len(l.src))
	return l.tokens, nil
}

// lexExpr reads a source that is one bare expression.
func lexExpr(t *text) ([]token, error) {
	l := &lexer{text: t, src: t.src}
	if err := l.expression("", tokEOF); err != nil {
		return nil, err
	}
	return l.tokens, nil
}

func (l *lexer) emit(k tokenKind, val string, off int) {
	if k == tokData && l.o.NewlineSequence != "\n" {
		val = strings.ReplaceAll(val, "\n", l.o.NewlineSequence)
	}
	l.tokens = append(l.tokens, token{k, val, off})
}

// data reads plain text up to the next tag, and the tag.
func (l *lexer) data() error {
	start, delim := len(l.src), ""
	for n, d := range []string{l.o.VariableStart, l.o.BlockStart, l.o.CommentStart} {
		if i := l.nextDelim(n, d); i < start || i == start && i < len(l.src) && len(d) > len(delim) {
			start, delim = i, d
		}
	}
	if delim == "" {
		l.emit(tokData, l.src[l.pos:], l.pos)
		l.pos = len(l.src)
		return nil
	}
	l.emitData(l.src[l.pos:start], start+len(delim), delim != l.o.VariableStart)
	switch delim {
	case l.o.CommentStart:
		return l.comment(start)
	case l.o.BlockStart:
		if ok, err := l.raw(start); ok || err != nil {
			return err
		}
		return l.tag(start, len(delim), tokBlockBegin)
	}
	return l.tag(start, len(delim), tokVarBegin)
}

// nextDelim returns where the n-th delimiter stands next, or the source's length.
// It looks through the source only once for each.
func (l *lexer) nextDelim(n int, d string) int {
	if l.ahead[n] < l.pos {
		i := strings.Index(l.src[l.pos:], d)
		if l.ahead[n] = l.pos + i; i < 0 {
			l.ahead[n] = len(l.src)
		}
	}
	return l.ahead[n]
}

// emitData emits the text before a tag, whose sign stands at sign.
func (l *lexer) emitData(data string, sign int, canStrip bool) {
	switch {
	case strings.HasPrefix(l.src[sign:], "-"):
		data = strings.TrimRightFunc(data, unicode.IsSpace)
	case canStrip && l.o.LstripBlocks && !strings.HasPrefix(l.src[sign:], "+"):
		line := strings.LastIndexByte(data, '\n') + 1
		if (line > 0 || l.lineStart) && strings.TrimSpace(data[line:]) == "" {
			data = data[:line]
		}
	}
	if data != "" {
		l.emit(tokData, data, l.pos)
	}
}

// expression reads tokens up to end, or to the end of the source where end is "".
func (l *lexer) expression(end string, endKind tokenKind) error {
	var open []byte
	for {
		l.pos = l.skipSpace(l.pos)
		if l.pos >= len(l.src) {
			if end == "" {
				l.emit(tokEOF, "", l.pos)
			}
			return nil
		}
		if end != "" && len(open) == 0 {
			if sign, ok := l.atEnd(end); ok {
				l.emit(endKind, end, l.pos)
				l.endTag(end, sign, endKind == tokBlockEnd)
				return nil
			}
		}
		var err error
		if open, err = l.token(open, endKind); err != nil {
			return err
		}
	}
}

// token reads one token of an expression; open are the brackets that are open.
func (l *lexer) token(open []byte, in tokenKind) ([]byte, error) {
	c := l.src[l.pos]
	r, _ := utf8.DecodeRuneInString(l.src[l.pos:])
	switch {
	case c == '\'' || c == '"':
		return open, l.str(c, l.o.RawBackslashes && in == tokVarEnd)
	case c >= '0' && c <= '9':
		l.number()
		return open, nil
	case r == '_' || unicode.IsLetter(r):
		l.name()
		return open, nil
	}
	return l.operator(open)
}

func (l *lexer) name() {
	start := l.pos
	for l.pos < len(l.src) {
		r, n := utf8.DecodeRuneInString(l.src[l.pos:])
		if r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.Is(unicode.Mn, r) {
			break
		}
		l.pos += n
	}
	l.emit(tokName, l.src[start:l.pos], start)
}

var operators = []string{
	"//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}",
	">", "<", "=", ".", ":", "|", ",", ";",
}

func (l *lexer) operator(open []byte) ([]byte, error) {
	for _, op := range operators {
		if !strings.HasPrefix(l.src[l.pos:], op) {
			continue
		}
		switch op {
		case "(", "[", "{":
			open = append(open, map[string]byte{"(": ')', "[": ']', "{": '}'}[op])
		case ")", "]", "}":
			if len(open) == 0 {
				return nil, l.errorf(l.pos, "unexpected %q", op)
			}
			if want := open[len(open)-1]; want != op[0] {
				return nil, l.errorf(l.pos, "unexpected %q, expected %q", op, string(want))
			}
			open = open[:len(open)-1]
		}
		l.emit(tokOp, op, l.pos)
		l.pos += len(op)
		return open, nil
	}
	r, _ := utf8.DecodeRuneInString(l.src[l.pos:])
	e := l.errorf(l.pos, "unexpected character %q", string(r))
	switch r {
	case '!':
		e.Hint = `write "not x" or "x != y"`
	case '&':
		e.Hint = `write "and"`
	case '?':
		e.Hint = `write "a if condition else b"`
	case '“', '”', '‘', '’':
		e.Hint = `use plain quotes: ' or "`
	}
	return nil, e
}
