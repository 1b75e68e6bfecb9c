package jinja

import (
	"strings"
	"unicode"
)

// endTag skips the tag's end, which stands at l.pos, and the whitespace that
// goes with it. sign says whether "-" or "+" stands before the end.
func (l *lexer) endTag(end string, sign byte, trim bool) {
	if sign == '-' || sign == '+' {
		l.pos++
	}
	l.pos += len(end)
	before := l.pos
	switch {
	case sign == '-':
		l.pos += len(l.src[l.pos:]) - len(strings.TrimLeftFunc(l.src[l.pos:], unicode.IsSpace))
	case trim && l.o.TrimBlocks && sign != '+' && strings.HasPrefix(l.src[l.pos:], "\n"):
		l.pos++
	}
	l.lineStart = l.pos > before && l.src[l.pos-1] == '\n'
}

func (l *lexer) comment(start int) error {
	from := start + len(l.o.CommentStart)
	i := strings.Index(l.src[from:], l.o.CommentEnd)
	if i < 0 {
		return l.errorf(start, "the comment has no end").WithHint("close it with %s", l.o.CommentEnd)
	}
	l.pos = from + i
	var sign byte
	if i > 0 && (l.src[l.pos-1] == '-' || l.src[l.pos-1] == '+') {
		l.pos--
		sign = l.src[l.pos]
	}
	l.endTag(l.o.CommentEnd, sign, true)
	return nil
}

// matchTag reports the end of a tag `{% word %}` that starts at off, and leaves
// its sign.
func (l *lexer) matchTag(off int, word string) (end int, sign byte, ok bool) {
	i := off + len(l.o.BlockStart)
	if i < len(l.src) && (l.src[i] == '-' || l.src[i] == '+') {
		i++
	}
	i = l.skipSpace(i)
	if !strings.HasPrefix(l.src[i:], word) {
		return 0, 0, false
	}
	i = l.skipSpace(i + len(word))
	end = i
	if i < len(l.src) && (l.src[i] == '-' || l.src[i] == '+') && strings.HasPrefix(l.src[i+1:], l.o.BlockEnd) {
		return end, l.src[i], true
	}
	return end, 0, strings.HasPrefix(l.src[i:], l.o.BlockEnd)
}

func (l *lexer) skipSpace(i int) int {
	return i + len(l.src[i:]) - len(strings.TrimLeftFunc(l.src[i:], unicode.IsSpace))
}

func (l *lexer) raw(start int) (bool, error) {
	end, sign, ok := l.matchTag(start, "raw")
	if !ok {
		return false, nil
	}
	l.pos = end
	l.endTag(l.o.BlockEnd, sign, false)
	for i := l.pos; ; {
		n := strings.Index(l.src[i:], l.o.BlockStart)
		if n < 0 {
			return false, l.errorf(start, "the raw block has no end").WithHint("close it with %s", "{% endraw %}")
		}
		i += n
		end, sign, ok := l.matchTag(i, "endraw")
		if !ok {
			i += len(l.o.BlockStart)
			continue
		}
		l.emitData(l.src[l.pos:i], i+len(l.o.BlockStart), true)
		l.pos = end
		l.endTag(l.o.BlockEnd, sign, true)
		return true, nil
	}
}

// tag reads an expression or block tag, delimiters included.
func (l *lexer) tag(start, size int, begin tokenKind) error {
	l.emit(begin, l.src[start:start+size], start)
	l.pos = start + size
	end, endKind := l.o.VariableEnd, tokVarEnd
	if begin == tokBlockBegin {
		end, endKind = l.o.BlockEnd, tokBlockEnd
	}
	if l.pos < len(l.src) && (l.src[l.pos] == '-' || l.src[l.pos] == '+') {
		l.pos++
	}
	if err := l.expression(end, endKind); err != nil {
		return err
	}
	if l.pos >= len(l.src) && (len(l.tokens) == 0 || l.tokens[len(l.tokens)-1].kind != endKind) {
		return l.errorf(start, "%q is never closed", l.src[start:start+size]).WithHint("close it with %q", end)
	}
	return nil
}

func (l *lexer) atEnd(end string) (byte, bool) {
	c := l.src[l.pos]
	if (c == '-' || c == '+' && end != l.o.VariableEnd) && strings.HasPrefix(l.src[l.pos+1:], end) {
		return c, true
	}
	return 0, strings.HasPrefix(l.src[l.pos:], end)
}
