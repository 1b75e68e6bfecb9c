package jinja

import (
	"strconv"
	"strings"
)

// maxWidth bounds the width and precision of formatted values.
const maxWidth = 1 << 20

// percentFormat is Python's `text % values`.
func percentFormat(s string, values any) (any, error) {
	p := &percentParser{s: s}
	switch v := values.(type) {
	case Tuple:
		p.args = v
	case *Map:
		p.args, p.dict = []any{v}, v
	case []any, *Undefined: // has keys, as far as Python can see: need not be used
		p.args, p.dict = []any{v}, &Map{}
	default:
		p.args = []any{v}
	}
	var b strings.Builder
	for p.i < len(s) {
		i := strings.IndexByte(s[p.i:], '%')
		if i < 0 {
			b.WriteString(s[p.i:])
			break
		}
		b.WriteString(s[p.i : p.i+i])
		p.i += i + 1
		text, err := p.directive()
		if err != nil {
			return nil, err
		}
		if b.WriteString(text); b.Len() > maxOutput {
			return nil, textTooLarge()
		}
	}
	if p.next < len(p.args) && p.dict == nil {
		return nil, newError("not all values are used: %d for %d places", len(p.args), p.next)
	}
	return b.String(), nil
}

type percentParser struct {
	s    string
	i    int
	args []any
	dict *Map
	next int
}

func (p *percentParser) arg() (any, error) {
	if p.next >= len(p.args) {
		return nil, newError("not enough values for the format %s", Repr(p.s))
	}
	p.next++
	return p.args[p.next-1], nil
}

// spec is the format of one value.
type spec struct {
	left, plus, space, minus, zero, alt, comma, under bool
	dotZero                                           bool // of a float without a type character
	width, prec                                       int  // prec is -1 where not given
	fill                                              string
	align                                             byte
	verb                                              byte
}

func (p *percentParser) directive() (string, error) {
	sp := spec{prec: -1}
	var value any
	named, start := false, p.i
	if p.i < len(p.s) && p.s[p.i] == '(' {
		end := strings.IndexByte(p.s[p.i:], ')')
		if end < 0 || p.dict == nil {
			return "", newError("a format with names needs a dictionary")
		}
		key := p.s[p.i+1 : p.i+end]
		v, ok := p.dict.Get(key)
		if !ok {
			return "", newError("the dictionary has no key %s", Repr(key))
		}
		value, named = v, true
		p.i += end + 1
	}
	if err := p.flags(&sp); err != nil {
		return "", err
	}
	if p.i >= len(p.s) {
		return "", newError("the format %s ends in the middle", Repr(p.s))
	}
	sp.verb = p.s[p.i]
	p.i++
	if sp.verb == '%' && p.i == start+1 {
		return "%", nil
	}
	if !named {
		v, err := p.arg()
		if err != nil {
			return "", err
		}
		value = v
	}
	if u, ok := value.(*Undefined); ok && sp.verb != 'r' && sp.verb != 'a' {
		if !u.lenient || sp.verb != 's' {
			return "", u.Err()
		}
		value = ""
	}
	if sp.verb == '%' {
		return "%", nil
	}
	return sp.percent(value)
}

func (p *percentParser) flags(sp *spec) error {
	for ; p.i < len(p.s); p.i++ {
		switch p.s[p.i] {
		case '-':
			sp.left = true
		case '+':
			sp.plus = true
		case ' ':
			sp.space = true
		case '0':
			sp.zero = true
		case '#':
			sp.alt = true
		default:
			return p.widths(sp)
		}
	}
	return nil
}

func (p *percentParser) widths(sp *spec) (err error) {
	if sp.width, err = p.number(0); err != nil {
		return err
	}
	if sp.width < 0 {
		sp.left, sp.width = true, -sp.width
	}
	if p.i < len(p.s) && p.s[p.i] == '.' {
		p.i++
		if sp.prec, err = p.number(0); err != nil {
			return err
		}
	}
	for p.i < len(p.s) && strings.IndexByte("hlL", p.s[p.i]) >= 0 {
		p.i++
	}
	if sp.width > maxWidth || sp.prec > maxWidth {
		return newError("the format %s is too wide", Repr(p.s))
	}
	return nil
}

func (p *percentParser) number(otherwise int) (int, error) {
	if p.i < len(p.s) && p.s[p.i] == '*' {
		p.i++
		v, err := p.arg()
		if err != nil {
			return 0, err
		}
		return intArg("*", v)
	}
	start := p.i
	for p.i < len(p.s) && p.s[p.i] >= '0' && p.s[p.i] <= '9' {
		p.i++
	}
	if start == p.i {
		return otherwise, nil
	}
	n, err := strconv.Atoi(p.s[start:p.i])
	if err != nil {
		return maxWidth + 1, nil
	}
	return n, nil
}
