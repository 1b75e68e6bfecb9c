package pyre

import "errors"

type op uint8

const (
	opMatch op = iota
	opChar
	opFold
	opAny
	opAnyNL
	opClass
	opJump
	opSplit  // x first, then y
	opSave   // n
	opAssert // b
	opLook   // sub-program, negative
	opAtomic // sub-program
	opRef    // n
	opMark   // remember the position in slot n, for loops that match nothing
	opCheck  // leave the loop for x where the position is still that of slot n
	opCond   // on where group n has matched, else to x
	opRepeat // greedy run of one-character instruction sub, min x, max y
)

type inst struct {
	op       op
	r        rune
	class    *class
	x, y     int
	n        int
	b        byte
	negative bool
	flags    Flags
	sub      []inst
	one      *inst
}

var errTooLarge = errors.New("the regular expression grows too large")

// compiler turns a tree into instructions.
type compiler struct {
	code  []inst
	slots *int // capture slots, and those for marks behind them
	size  *int
}

func (c *compiler) emit(i inst) int {
	*c.size++
	c.code = append(c.code, i)
	return len(c.code) - 1
}

func (c *compiler) compile(t *tree) error {
	if *c.size > maxProgram {
		return errTooLarge
	}
	switch t.kind {
	case kChar, kAny, kClass:
		c.emit(single(t))
	case kCat:
		for _, s := range t.subs {
			if err := c.compile(s); err != nil {
				return err
			}
		}
	case kAlt:
		return c.alternatives(t.subs)
	case kCond:
		return c.conditional(t)
	case kRepeat:
		return c.repeat(t)
	case kGroup:
		return c.group(t)
	case kLook:
		sub, err := c.sub(t.subs[0])
		if err != nil {
			return err
		}
		i := inst{op: opLook, sub: sub, negative: t.negative, n: -1}
		if t.behind {
			i.n = t.n
		}
		c.emit(i)
	case kRef:
		c.emit(inst{op: opRef, n: t.n, flags: t.flags})
	case kAssert:
		c.emit(inst{op: opAssert, b: t.assert, flags: t.flags})
	}
	return nil
}

func single(t *tree) inst {
	switch t.kind {
	case kChar:
		if t.flags&IgnoreCase != 0 {
			return inst{op: opFold, r: t.r}
		}
		return inst{op: opChar, r: t.r}
	case kAny:
		if t.flags&DotAll != 0 {
			return inst{op: opAnyNL}
		}
		return inst{op: opAny}
	}
	return inst{op: opClass, class: t.class}
}

// sub compiles t into a program of its own.
func (c *compiler) sub(t *tree) ([]inst, error) {
	s := &compiler{slots: c.slots, size: c.size}
	if err := s.compile(t); err != nil {
		return nil, err
	}
	s.emit(inst{op: opMatch})
	return s.code, nil
}

func (c *compiler) alternatives(subs []*tree) error {
	var ends []int
	for i, s := range subs {
		if i == len(subs)-1 {
			if err := c.compile(s); err != nil {
				return err
			}
			break
		}
		split := c.emit(inst{op: opSplit})
		c.code[split].x = len(c.code)
		if err := c.compile(s); err != nil {
			return err
		}
		ends = append(ends, c.emit(inst{op: opJump}))
		c.code[split].y = len(c.code)
	}
	for _, e := range ends {
		c.code[e].x = len(c.code)
	}
	return nil
}

func (c *compiler) conditional(t *tree) error {
	cond := c.emit(inst{op: opCond, n: t.n})
	if err := c.compile(t.subs[0]); err != nil {
		return err
	}
	jump := c.emit(inst{op: opJump})
	c.code[cond].x = len(c.code)
	if err := c.compile(t.subs[1]); err != nil {
		return err
	}
	c.code[jump].x = len(c.code)
	return nil
}

func (c *compiler) group(t *tree) error {
	if t.atomic {
		sub, err := c.sub(t.subs[0])
		c.emit(inst{op: opAtomic, sub: sub})
		return err
	}
	if t.n > 0 {
		c.emit(inst{op: opSave, n: 2 * t.n})
	}
	if err := c.compile(t.subs[0]); err != nil {
		return err
	}
	if t.n > 0 {
		c.emit(inst{op: opSave, n: 2*t.n + 1})
	}
	return nil
}

func (c *compiler) repeat(t *tree) error {
	if t.atomic {
		greedy := *t
		greedy.atomic = false
		sub, err := c.sub(&greedy)
		c.emit(inst{op: opAtomic, sub: sub})
		return err
	}
	body := t.subs[0]
	if k := body.kind; !t.lazy && (k == kChar || k == kAny || k == kClass) {
		one := single(body)
		c.emit(inst{op: opRepeat, one: &one, x: t.min, y: t.max})
		return nil
	}
	for range t.min {
		if err := c.compile(body); err != nil {
			return err
		}
	}
	if t.max < 0 {
		return c.loop(body, t.lazy)
	}
	var splits []int
	for range t.max - t.min {
		splits = append(splits, c.emit(inst{op: opSplit}))
		if err := c.compile(body); err != nil {
			return err
		}
	}
	for _, s := range splits {
		c.branch(s, s+1, len(c.code), t.lazy)
	}
	return nil
}

// branch sets a split's ways: in first, or out first where lazy.
func (c *compiler) branch(split, in, out int, lazy bool) {
	if lazy {
		in, out = out, in
	}
	c.code[split].x, c.code[split].y = in, out
}

func (c *compiler) loop(body *tree, lazy bool) error {
	split := c.emit(inst{op: opSplit})
	low, _ := body.width()
	slot := -1
	if low == 0 {
		slot = *c.slots
		*c.slots++
		c.emit(inst{op: opMark, n: slot})
	}
	if err := c.compile(body); err != nil {
		return err
	}
	if slot >= 0 {
		c.emit(inst{op: opCheck, n: slot, x: len(c.code) + 2})
	}
	c.emit(inst{op: opJump, x: split})
	c.branch(split, split+1, len(c.code), lazy)
	return nil
}
