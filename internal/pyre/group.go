package pyre

import (
	"strconv"
	"strings"
)

var flagLetters = map[byte]Flags{'i': IgnoreCase, 'm': Multiline, 's': DotAll, 'x': Verbose, 'a': ASCII, 'u': 0, 'L': 0}

// group parses what starts with an opening parenthesis. It returns nil for what
// matches nothing by itself: comments and flags.
func (p *parser) group() (*tree, error) {
	start := p.i
	p.i++
	if !p.skip("?") {
		return p.capture("")
	}
	switch {
	case p.skip("P<"):
		name, err := p.until('>')
		if err != nil {
			return nil, err
		}
		if !identifier(name) {
			return nil, p.errorf("bad group name %q", name)
		}
		if _, dup := p.names[name]; dup {
			return nil, p.errorf("the group %q is there twice", name)
		}
		return p.capture(name)
	case p.skip("P="):
		name, err := p.until(')')
		if err != nil {
			return nil, err
		}
		n, ok := p.names[name]
		if !ok {
			return nil, p.errorf("unknown group name %q", name)
		}
		return &tree{kind: kRef, n: n, flags: p.flags}, nil
	case p.skip(":"):
		return p.enclosed(&tree{kind: kGroup})
	case p.skip(">"):
		return p.enclosed(&tree{kind: kGroup, atomic: true})
	case p.skip("="):
		return p.enclosed(&tree{kind: kLook})
	case p.skip("!"):
		return p.enclosed(&tree{kind: kLook, negative: true})
	case p.skip("<="):
		return p.behind(&tree{kind: kLook, behind: true})
	case p.skip("<!"):
		return p.behind(&tree{kind: kLook, behind: true, negative: true})
	case p.skip("#"):
		_, err := p.until(')')
		return nil, err
	case p.peek("("):
		return p.conditional()
	}
	return p.inlineFlags(start)
}

// conditional parses (?(group)yes|no).
func (p *parser) conditional() (*tree, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, p.errorf("it nests more than %d levels deep", maxDepth)
	}
	defer func() { p.depth-- }()
	p.i++
	name, err := p.until(')')
	if err != nil {
		return nil, err
	}
	n, known := p.names[name]
	if i, err := strconv.Atoi(name); err == nil {
		n, known = i, i > 0
	}
	if !known {
		return nil, p.errorf("unknown group %q", name)
	}
	p.farthest = max(p.farthest, n)
	t := &tree{kind: kCond, n: n}
	flags := p.flags
	for range 2 {
		sub, err := p.sequence()
		if err != nil {
			return nil, err
		}
		t.subs = append(t.subs, sub)
		if len(t.subs) == 1 && !p.skip("|") {
			t.subs = append(t.subs, &tree{kind: kCat})
			break
		}
	}
	p.flags = flags
	if p.peek("|") {
		return nil, p.errorf("conditional group with more than two branches")
	}
	if !p.skip(")") {
		return nil, p.errorf("missing ), unterminated subpattern")
	}
	return t, nil
}

func (p *parser) until(end byte) (string, error) {
	n := strings.IndexByte(p.s[p.i:], end)
	if n < 0 {
		return "", p.errorf("missing %q", string(end))
	}
	s := p.s[p.i : p.i+n]
	p.i += n + 1
	return s, nil
}

func (p *parser) capture(name string) (*tree, error) {
	p.groups++
	n := p.groups
	if name != "" {
		p.names[name] = n
	}
	p.open[n] = true
	t, err := p.enclosed(&tree{kind: kGroup, n: n})
	delete(p.open, n)
	return t, err
}

// enclosed parses up to the closing parenthesis. Flags set inside end there.
func (p *parser) enclosed(t *tree) (*tree, error) {
	flags := p.flags
	sub, err := p.alternatives()
	if err != nil {
		return nil, err
	}
	p.flags = flags
	if !p.skip(")") {
		return nil, p.errorf("missing ), unterminated subpattern")
	}
	t.subs = []*tree{sub}
	return t, nil
}

func (p *parser) behind(t *tree) (*tree, error) {
	if _, err := p.enclosed(t); err != nil {
		return nil, err
	}
	low, high := t.subs[0].width()
	if low != high {
		return nil, p.errorf("look-behind requires fixed-width pattern")
	}
	t.n = low
	return t, nil
}

// inlineFlags parses (?i) at the start and (?i:…) anywhere.
func (p *parser) inlineFlags(start int) (*tree, error) {
	on, off, minus := Flags(0), Flags(0), false
	for p.more() {
		c := p.s[p.i]
		p.i++
		f, ok := flagLetters[c]
		switch {
		case ok && minus:
			off |= f
		case ok:
			on |= f
		case c == '-' && !minus:
			minus = true
		case c == ':':
			flags := p.flags
			p.flags = p.flags&^off | on
			t, err := p.enclosed(&tree{kind: kGroup})
			p.flags = flags
			return t, err
		case c == ')' && !minus:
			if start != 0 {
				p.i = start
				return nil, p.errorf("global flags not at the start of the expression")
			}
			p.flags |= on
			return nil, nil
		default:
			p.i--
			return nil, p.errorf("unknown extension ?%c", c)
		}
	}
	return nil, p.errorf("missing ), unterminated subpattern")
}

func identifier(s string) bool {
	for i, r := range s {
		if r != '_' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return s != ""
}

// width returns the fewest and most characters that t matches; -1 for no limit.
func (t *tree) width() (low, high int) {
	switch t.kind {
	case kChar, kAny, kClass:
		return 1, 1
	case kCat:
		for _, s := range t.subs {
			l, h := s.width()
			low = min(low+l, 1<<20)
			if high = high + h; h < 0 || high < h {
				high = -1 << 30
			}
		}
		return low, max(high, -1)
	case kAlt, kCond:
		low, high = t.subs[0].width()
		for _, s := range t.subs[1:] {
			l, h := s.width()
			low = min(low, l)
			if h < 0 || high < 0 {
				high = -1
			} else {
				high = max(high, h)
			}
		}
		return low, high
	case kGroup:
		return t.subs[0].width()
	case kRepeat:
		l, h := t.subs[0].width()
		if t.max < 0 || h < 0 {
			return min(l*min(t.min, 1<<10), 1<<20), -1
		}
		return min(l*min(t.min, 1<<10), 1<<20), min(h*min(t.max, 1<<10), 1<<20)
	case kRef:
		return 0, -1
	}
	return 0, 0
}
