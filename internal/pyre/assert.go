package pyre

import (
	"unicode"
	"unicode/utf8"
)

func (m *machine) one(i *inst, pos int) (int, bool) {
	if pos >= len(m.s) {
		return 0, false
	}
	r, n := rune(m.s[pos]), 1
	if r >= utf8.RuneSelf {
		r, n = utf8.DecodeRuneInString(m.s[pos:])
	}
	switch i.op {
	case opChar:
		return n, r == i.r
	case opFold:
		return n, sameFold(r, i.r)
	case opAny:
		return n, r != '\n'
	case opAnyNL:
		return n, true
	}
	return n, i.class.has(r)
}

func sameFold(a, b rune) bool {
	if a == b {
		return true
	}
	for f := unicode.SimpleFold(a); f != a; f = unicode.SimpleFold(f) {
		if f == b {
			return true
		}
	}
	return false
}

// repeat matches as many as it can and leaves the choice to give back.
func (m *machine) repeat(i *inst, next, pos int) (int, bool) {
	count, low := 0, -1
	for {
		if count == i.x {
			low = pos
		}
		if i.y >= 0 && count == i.y {
			break
		}
		n, ok := m.one(i.one, pos)
		if !ok {
			break
		}
		pos += n
		count++
	}
	m.steps -= count
	if count < i.x {
		return 0, false
	}
	if pos > low {
		_, n := utf8.DecodeLastRuneInString(m.s[:pos])
		m.stack = append(m.stack, choice{pc: next, pos: pos - n, low: low})
	}
	return pos, true
}

func (m *machine) ref(i *inst, pos int) (int, bool) {
	from, to := m.caps[2*i.n], m.caps[2*i.n+1]
	if from < 0 || to < from {
		return 0, false
	}
	want := m.s[from:to]
	if i.flags&IgnoreCase == 0 {
		return len(want), len(m.s)-pos >= len(want) && m.s[pos:pos+len(want)] == want
	}
	n := 0
	for _, w := range want {
		r, size := utf8.DecodeRuneInString(m.s[pos+n:])
		if size == 0 || !sameFold(r, w) {
			return 0, false
		}
		n += size
	}
	return n, true
}

func (m *machine) assert(i *inst, pos int) bool {
	switch i.b {
	case '^':
		return pos == 0 || i.flags&Multiline != 0 && m.s[pos-1] == '\n'
	case '$':
		if pos == len(m.s) || pos == len(m.s)-1 && m.s[pos] == '\n' {
			return true
		}
		return i.flags&Multiline != 0 && m.s[pos] == '\n'
	case 'A':
		return pos == 0
	case 'Z':
		return pos == len(m.s)
	}
	before, _ := utf8.DecodeLastRuneInString(m.s[:pos])
	after, _ := utf8.DecodeRuneInString(m.s[pos:])
	ascii := i.flags&ASCII != 0
	if m.s == "" {
		return false // also for \B, as in Python
	}
	boundary := (pos > 0 && isWord(before, ascii)) != (pos < len(m.s) && isWord(after, ascii))
	return boundary == (i.b == 'b')
}
