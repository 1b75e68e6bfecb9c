// Package pyre is Python's regular expressions, with the meaning of its module
// re: lookaround, references to groups, Unicode classes, and matches of nothing
// beside others. Both sides use it.
//
// It searches by backtracking and counts its steps: a pattern that takes too
// long on a text is an error, never a hang. Look-behind of unknown width and inline
// flags in the middle of a pattern are refused by name.
package pyre

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Flags change the meaning of a pattern.
type Flags uint8

// The flags of Python's re.
const (
	IgnoreCase Flags = 1 << iota
	Multiline
	DotAll
	Verbose
	ASCII
)

// Limits on what a pattern may grow to.
const (
	maxProgram = 100_000 // instructions
	maxDepth   = 200     // groups within groups
	maxSteps   = 10_000_000
)

type kind uint8

const (
	kEmpty kind = iota
	kChar
	kAny
	kClass
	kCat
	kAlt
	kRepeat
	kGroup // n is its number, 0 for one that captures nothing
	kLook
	kRef
	kAssert
	kCond // subs[0] where group n has matched, else subs[1]
)

// tree is a parsed pattern.
type tree struct {
	kind     kind
	r        rune
	class    *class
	subs     []*tree
	min, max int // max is -1 for no limit
	lazy     bool
	atomic   bool
	n        int
	negative bool
	behind   bool
	assert   byte
	flags    Flags
}

type parser struct {
	s      string
	i      int
	flags  Flags
	groups int
	names  map[string]int
	open   map[int]bool
	depth  int
	// farthest is the highest group that a condition names; it may come later.
	farthest int
}

func (p *parser) errorf(format string, args ...any) error {
	return fmt.Errorf("the regular expression %q is not valid at offset %d: %s", p.s, p.i, fmt.Sprintf(format, args...))
}

func (p *parser) more() bool { return p.i < len(p.s) }

func (p *parser) peek(s string) bool { return strings.HasPrefix(p.s[p.i:], s) }

func (p *parser) skip(s string) bool {
	if p.peek(s) {
		p.i += len(s)
		return true
	}
	return false
}

func (p *parser) alternatives() (*tree, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, p.errorf("it nests more than %d levels deep", maxDepth)
	}
	defer func() { p.depth-- }()
	var subs []*tree
	for {
		t, err := p.sequence()
		if err != nil {
			return nil, err
		}
		subs = append(subs, t)
		if !p.skip("|") {
			break
		}
	}
	if len(subs) == 1 {
		return subs[0], nil
	}
	return &tree{kind: kAlt, subs: subs}, nil
}

func (p *parser) sequence() (*tree, error) {
	t := &tree{kind: kCat}
	for p.more() && !p.peek("|") && !p.peek(")") {
		if p.flags&Verbose != 0 && p.skipVerbose() {
			continue
		}
		atom, err := p.atom()
		if err != nil {
			return nil, err
		}
		if atom == nil {
			continue
		}
		if atom, err = p.repeats(atom); err != nil {
			return nil, err
		}
		t.subs = append(t.subs, atom)
	}
	return t, nil
}

func (p *parser) skipVerbose() bool {
	switch c := p.s[p.i]; {
	case strings.IndexByte(" \t\n\r\f\v", c) >= 0:
		p.i++
		return true
	case c == '#':
		n := strings.IndexByte(p.s[p.i:], '\n')
		if n < 0 {
			n = len(p.s) - p.i - 1
		}
		p.i += n + 1
		return true
	}
	return false
}

func (p *parser) repeats(atom *tree) (*tree, error) {
	if !p.more() {
		return atom, nil
	}
	at := p.i
	t := &tree{kind: kRepeat, subs: []*tree{atom}}
	switch {
	case p.skip("*"):
		t.min, t.max = 0, -1
	case p.skip("+"):
		t.min, t.max = 1, -1
	case p.skip("?"):
		t.min, t.max = 0, 1
	case p.peek("{"):
		ok, err := p.counts(t)
		if err != nil || !ok {
			return atom, err
		}
	default:
		return atom, nil
	}
	if atom.kind == kAssert && atom.assert != 'b' && atom.assert != 'B' {
		p.i = at
		return nil, p.errorf("nothing to repeat")
	}
	t.lazy = p.skip("?")
	if !t.lazy && p.skip("+") {
		t.atomic = true
	}
	if p.peek("*") || p.peek("+") || p.peek("?") {
		return nil, p.errorf("multiple repeat")
	}
	if p.peek("{") {
		if ok, err := p.counts(&tree{}); ok || err != nil {
			return nil, p.errorf("multiple repeat")
		}
	}
	return t, nil
}

// counts parses {n}, {n,}, {,m} or {n,m}; other braces are characters.
func (p *parser) counts(t *tree) (bool, error) {
	end := strings.IndexByte(p.s[p.i:], '}')
	if end < 0 {
		return false, nil
	}
	low, high, comma := strings.Cut(p.s[p.i+1:p.i+end], ",")
	for _, s := range []string{low, high} {
		if strings.Trim(s, "0123456789") != "" {
			return false, nil
		}
	}
	if low == "" && !comma {
		return false, nil
	}
	t.min, t.max = 0, -1
	var err error
	if low != "" {
		if t.min, err = strconv.Atoi(low); err != nil {
			return false, p.errorf("the repetition is too large")
		}
	}
	switch {
	case !comma:
		t.max = t.min
	case high != "":
		if t.max, err = strconv.Atoi(high); err != nil {
			return false, p.errorf("the repetition is too large")
		}
		if t.max < t.min {
			return false, p.errorf("min repeat greater than max repeat")
		}
	}
	p.i += end + 1
	return true, nil
}

func (p *parser) atom() (*tree, error) {
	r, n := utf8.DecodeRuneInString(p.s[p.i:])
	switch r {
	case '(':
		return p.group()
	case '[':
		return p.class()
	case '\\':
		return p.escape()
	case '.':
		p.i++
		return &tree{kind: kAny, flags: p.flags}, nil
	case '^', '$':
		p.i++
		return &tree{kind: kAssert, assert: byte(r), flags: p.flags}, nil
	case '*', '+', '?':
		return nil, p.errorf("nothing to repeat")
	}
	p.i += n
	return &tree{kind: kChar, r: r, flags: p.flags}, nil
}
