package pyre

import (
	"errors"
	"sync"
	"unicode/utf8"
)

// ErrSteps says that a search took more steps than allowed.
var ErrSteps = errors.New("the regular expression takes too long on this text")

// Regexp is a compiled pattern. It is safe for concurrent use.
type Regexp struct {
	code   []inst
	groups int
	names  map[string]int
	slots  int
	pool   sync.Pool
}

// Compile reads a pattern of Python's re.
func Compile(pattern string, flags Flags) (*Regexp, error) {
	p := &parser{s: pattern, flags: flags, names: map[string]int{}, open: map[int]bool{}}
	t, err := p.alternatives()
	if err != nil {
		return nil, err
	}
	if p.more() {
		return nil, p.errorf("unbalanced parenthesis")
	}
	if p.farthest > p.groups {
		return nil, p.errorf("unknown group %d", p.farthest)
	}
	re := &Regexp{groups: p.groups, names: p.names, slots: 2*p.groups + 2}
	size := 0
	c := &compiler{slots: &re.slots, size: &size}
	if err := c.compile(t); err != nil {
		return nil, err
	}
	c.emit(inst{op: opMatch})
	re.code = c.code
	return re, nil
}

// Groups returns the number of groups, without the whole match.
func (re *Regexp) Groups() int { return re.groups }

// Group returns the number of a named group.
func (re *Regexp) Group(name string) (int, bool) {
	n, ok := re.names[name]
	return n, ok
}

// Names returns the numbers of the named groups. The caller must not change it.
func (re *Regexp) Names() map[string]int { return re.names }

// machine is one search in progress.
type machine struct {
	s     string
	caps  []int
	stack []choice
	steps int
}

// choice is what to go back to: a place to continue, or a slot to restore.
type choice struct {
	pc, pos int // pc is -1 for a slot
	slot    int
	// a greedy run may give back characters down to this position
	low int
}

// Search returns the first match at or after byte offset from: the offsets of
// the match and of each group (-1 where it took no part), or nil. With anchored,
// the match must start at from.
func (re *Regexp) Search(s string, from int, anchored bool) ([]int, error) {
	steps := budget(s)
	return re.search(s, from, anchored, false, &steps)
}

// budget is the number of steps that all searches in a text may take together.
func budget(s string) int { return maxSteps + 20*len(s) }

// search is Search; with advance, the match may not be empty and start at from.
// It takes its steps from the budget.
func (re *Regexp) search(s string, from int, anchored, advance bool, steps *int) ([]int, error) {
	m, _ := re.pool.Get().(*machine)
	if m == nil {
		m = &machine{caps: make([]int, re.slots)}
	}
	m.s, m.steps = s, *steps
	defer func() {
		*steps = m.steps
		re.pool.Put(m)
	}()
	for start := from; start <= len(s); {
		for i := range m.caps {
			m.caps[i] = -1
		}
		m.stack = m.stack[:0]
		forbidden := -1
		if advance && start == from {
			forbidden = from
		}
		end, ok, err := m.run(re.code, start, forbidden)
		if err != nil {
			return nil, err
		}
		if ok {
			out := make([]int, 2*re.groups+2)
			copy(out, m.caps)
			out[0], out[1] = start, end
			return out, nil
		}
		if anchored {
			return nil, nil
		}
		_, n := utf8.DecodeRuneInString(s[start:])
		start += max(n, 1)
	}
	return nil, nil
}

func (m *machine) set(slot, v int) {
	m.stack = append(m.stack, choice{pc: -1, slot: slot, pos: m.caps[slot]})
	m.caps[slot] = v
}

// back returns to the last choice above base.
func (m *machine) back(base int) (pc, pos int, ok bool) {
	for len(m.stack) > base {
		c := &m.stack[len(m.stack)-1]
		if c.pc < 0 {
			m.caps[c.slot] = c.pos
			m.stack = m.stack[:len(m.stack)-1]
			continue
		}
		pc, pos = c.pc, c.pos
		if c.low >= 0 && pos > c.low {
			_, n := utf8.DecodeLastRuneInString(m.s[:pos])
			c.pos = pos - n
			return pc, pos, true
		}
		m.stack = m.stack[:len(m.stack)-1]
		return pc, pos, true
	}
	return 0, 0, false
}

// run matches code at pos and returns where the match ends, which may not be at
// forbidden.
func (m *machine) run(code []inst, pos, forbidden int) (int, bool, error) {
	base, pc := len(m.stack), 0
	for {
		if m.steps--; m.steps < 0 || len(m.stack) > maxSteps/4 {
			return 0, false, ErrSteps
		}
		i := &code[pc]
		ok := true
		switch i.op {
		case opMatch:
			if pos != forbidden {
				return pos, true, nil
			}
			ok = false
		case opChar, opFold, opAny, opAnyNL, opClass:
			var n int
			if n, ok = m.one(i, pos); ok {
				pos += n
				pc++
			}
		case opJump:
			pc = i.x
		case opSplit:
			m.stack = append(m.stack, choice{pc: i.y, pos: pos, low: -1})
			pc = i.x
		case opSave, opMark:
			m.set(i.n, pos)
			pc++
		case opCheck:
			if pc++; m.caps[i.n] == pos {
				pc = i.x
			}
		case opAssert:
			ok = m.assert(i, pos)
			pc++
		case opCond:
			if pc++; m.caps[2*i.n] < 0 || m.caps[2*i.n+1] < 0 {
				pc = i.x
			}
		case opRepeat:
			if pos, ok = m.repeat(i, pc+1, pos); ok {
				pc++
			}
		case opRef:
			var n int
			if n, ok = m.ref(i, pos); ok {
				pos += n
				pc++
			}
		case opLook, opAtomic:
			end, matched, err := m.nested(i, pos)
			if err != nil {
				return 0, false, err
			}
			if ok = matched; ok {
				pos = end
				pc++
			}
		}
		if !ok {
			if pc, pos, ok = m.back(base); !ok {
				return 0, false, nil
			}
		}
	}
}

// nested runs a lookaround or an atomic group, whose choices are dropped.
func (m *machine) nested(i *inst, pos int) (int, bool, error) {
	start := pos
	if i.op == opLook && i.n > 0 {
		for range i.n {
			if start == 0 {
				return pos, i.negative, nil
			}
			_, n := utf8.DecodeLastRuneInString(m.s[:start])
			start -= n
		}
	}
	base := len(m.stack)
	end, ok, err := m.run(i.sub, start, -1)
	if err != nil {
		return 0, false, err
	}
	if !ok {
		return pos, i.op == opLook && i.negative, nil
	}
	if i.op == opLook && i.negative {
		m.unwind(base)
		return pos, false, nil
	}
	// keep what restores the slots, drop the choices
	kept := m.stack[:base]
	for _, c := range m.stack[base:] {
		if c.pc < 0 {
			kept = append(kept, c)
		}
	}
	m.stack = kept
	if i.op == opLook {
		return pos, true, nil
	}
	return end, true, nil
}

func (m *machine) unwind(base int) {
	for len(m.stack) > base {
		c := m.stack[len(m.stack)-1]
		if c.pc < 0 {
			m.caps[c.slot] = c.pos
		}
		m.stack = m.stack[:len(m.stack)-1]
	}
}
