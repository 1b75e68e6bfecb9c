package pyre

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// class is a set of characters.
type class struct {
	negative bool
	ranges   []rune // low, high, low, high…
	sets     []classSet
	fold     bool
}

type classSet struct {
	letter byte // d D w W s S
	ascii  bool
}

func (s classSet) has(r rune) bool {
	switch s.letter {
	case 'd':
		return r >= '0' && r <= '9' || !s.ascii && r >= utf8.RuneSelf && unicode.Is(unicode.Nd, r)
	case 'D':
		return !classSet{'d', s.ascii}.has(r)
	case 'w':
		return isWord(r, s.ascii)
	case 'W':
		return !isWord(r, s.ascii)
	case 's':
		return isSpace(r, s.ascii)
	}
	return !isSpace(r, s.ascii)
}

func isWord(r rune, ascii bool) bool {
	if r < utf8.RuneSelf {
		return r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
	}
	return !ascii && (unicode.IsLetter(r) || unicode.IsNumber(r))
}

func isSpace(r rune, ascii bool) bool {
	if r < utf8.RuneSelf {
		return r == ' ' || r >= '\t' && r <= '\r' || !ascii && r >= 0x1c && r <= 0x1f
	}
	return !ascii && unicode.IsSpace(r)
}

func (c *class) has(r rune) bool {
	if c.contains(r) {
		return !c.negative
	}
	if c.fold {
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			if c.contains(f) {
				return !c.negative
			}
		}
	}
	return c.negative
}

func (c *class) contains(r rune) bool {
	for i := 0; i+1 < len(c.ranges); i += 2 {
		if r >= c.ranges[i] && r <= c.ranges[i+1] {
			return true
		}
	}
	for _, s := range c.sets {
		if s.has(r) {
			return true
		}
	}
	return false
}

// class parses [a-z].
func (p *parser) class() (*tree, error) {
	start := p.i
	p.i++
	c := &class{fold: p.flags&IgnoreCase != 0, negative: p.skip("^")}
	for first := true; ; first = false {
		if !p.more() {
			p.i = start
			return nil, p.errorf("unterminated character set")
		}
		if !first && p.skip("]") {
			return &tree{kind: kClass, class: c}, nil
		}
		low, set, err := p.classItem()
		if err != nil {
			return nil, err
		}
		if p.peek("-") && !p.peek("-]") && p.i+1 < len(p.s) {
			p.i++
			high, set2, err := p.classItem()
			if err != nil {
				return nil, err
			}
			if set != 0 || set2 != 0 || high < low {
				return nil, p.errorf("bad character range")
			}
			c.ranges = append(c.ranges, low, high)
			continue
		}
		if set != 0 {
			c.sets = append(c.sets, classSet{set, p.flags&ASCII != 0})
		} else {
			c.ranges = append(c.ranges, low, low)
		}
	}
}

// classItem parses a character, or a set such as \d.
func (p *parser) classItem() (rune, byte, error) {
	r, n := utf8.DecodeRuneInString(p.s[p.i:])
	p.i += n
	if r != '\\' {
		return r, 0, nil
	}
	if !p.more() {
		return 0, 0, p.errorf("bad escape at the end")
	}
	c := p.s[p.i]
	if strings.IndexByte("dDwWsS", c) >= 0 {
		p.i++
		return 0, c, nil
	}
	if c == 'b' {
		p.i++
		return '\b', 0, nil
	}
	r, err := p.charEscape(true)
	return r, 0, err
}

var controls = map[byte]rune{'a': '\a', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v', '\\': '\\'}

// charEscape parses what follows a backslash and stands for one character.
func (p *parser) charEscape(inClass bool) (rune, error) {
	c := p.s[p.i]
	if r, ok := controls[c]; ok {
		p.i++
		return r, nil
	}
	size := map[byte]int{'x': 2, 'u': 4, 'U': 8}[c]
	if size > 0 {
		if p.i+1+size > len(p.s) {
			return 0, p.errorf("incomplete escape \\%c", c)
		}
		n, err := strconv.ParseUint(p.s[p.i+1:p.i+1+size], 16, 32)
		if err != nil || n > utf8.MaxRune {
			return 0, p.errorf("incomplete escape \\%c", c)
		}
		p.i += 1 + size
		return rune(n), nil
	}
	if c == '0' || inClass && c >= '1' && c <= '7' {
		n, digits := 0, 0
		for digits < 3 && p.more() && p.s[p.i] >= '0' && p.s[p.i] <= '7' {
			n = n*8 + int(p.s[p.i]-'0')
			p.i++
			digits++
		}
		return rune(n), nil
	}
	if c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' {
		return 0, p.errorf("bad escape \\%c", c)
	}
	r, n := utf8.DecodeRuneInString(p.s[p.i:])
	p.i += n
	return r, nil
}

// escape parses a backslash outside of a class.
func (p *parser) escape() (*tree, error) {
	p.i++
	if !p.more() {
		return nil, p.errorf("bad escape at the end")
	}
	c := p.s[p.i]
	switch {
	case strings.IndexByte("dDwWsS", c) >= 0:
		p.i++
		return &tree{kind: kClass, class: &class{sets: []classSet{{c, p.flags&ASCII != 0}}}}, nil
	case strings.IndexByte("AZbB", c) >= 0:
		p.i++
		return &tree{kind: kAssert, assert: c, flags: p.flags}, nil
	case c >= '1' && c <= '9':
		n := 0
		for digits := 0; digits < 2 && p.more() && p.s[p.i] >= '0' && p.s[p.i] <= '9'; digits++ {
			n = n*10 + int(p.s[p.i]-'0')
			p.i++
		}
		if n > p.groups || p.open[n] {
			return nil, p.errorf("invalid group reference %d", n)
		}
		return &tree{kind: kRef, n: n, flags: p.flags}, nil
	}
	r, err := p.charEscape(false)
	if err != nil {
		return nil, err
	}
	return &tree{kind: kChar, r: r, flags: p.flags}, nil
}
