package jinja

import (
	"math"
	"math/big"
)

func (x *constExpr) eval(*frame) (any, error) { return x.val, nil }

func (x *nameExpr) eval(f *frame) (any, error) {
	v, err := f.lookup(x.name, x.off)
	if err != nil {
		return nil, locate(err, f.at(x.off))
	}
	return v, nil
}

func (x *listExpr) eval(f *frame) (any, error) {
	items := make([]any, len(x.items), max(len(x.items), 1)) // with an array: see aliases
	for i, e := range x.items {
		v, err := e.eval(f)
		if err != nil {
			return nil, err
		}
		items[i] = v
	}
	if x.tuple {
		return Tuple(items), nil
	}
	return items, nil
}

func (x *dictExpr) eval(f *frame) (any, error) {
	m := &Map{owner: f.rt.own()}
	for i := range x.keys {
		k, err := x.keys[i].eval(f)
		if err != nil {
			return nil, err
		}
		if err := hashable(k); err != nil {
			return nil, locate(err, f.at(x.keys[i].offset()))
		}
		v, err := x.vals[i].eval(f)
		if err != nil {
			return nil, err
		}
		m.Set(k, v)
	}
	return m, nil
}

func (x *notExpr) eval(f *frame) (any, error) {
	b, err := truthOf(f, x.x)
	return !b, err
}

// truthOf evaluates x as a condition.
func truthOf(f *frame, x expr) (bool, error) {
	v, err := x.eval(f)
	if err != nil {
		return false, err
	}
	if b, ok := v.(bool); ok {
		return b, nil
	}
	b, err := Truth(v)
	if err != nil {
		return false, locate(err, f.at(x.offset()))
	}
	return b, nil
}

func (x *logicExpr) eval(f *frame) (any, error) {
	v, err := x.left.eval(f)
	if err != nil {
		return nil, err
	}
	b, err := Truth(v)
	if err != nil {
		return nil, locate(err, f.at(x.left.offset()))
	}
	if b != x.and {
		return v, nil
	}
	return x.right.eval(f)
}

func (x *condExpr) eval(f *frame) (any, error) {
	b, err := truthOf(f, x.cond)
	if err != nil {
		return nil, err
	}
	if b {
		return x.then.eval(f)
	}
	if x.els == nil {
		return &Undefined{hint: "the condition is false and there is no else", at: f.at(x.off), lenient: true}, nil
	}
	return x.els.eval(f)
}

func (x *compareExpr) eval(f *frame) (any, error) {
	left, err := x.first.eval(f)
	if err != nil {
		return nil, err
	}
	for i, op := range x.ops {
		right, err := x.rest[i].eval(f)
		if err != nil {
			return nil, err
		}
		ok, err := f.c.compare(op, left, right)
		if err != nil {
			return nil, locate(err, f.at(x.off))
		}
		if !ok {
			return false, nil
		}
		left = right
	}
	return true, nil
}

func (c *Context) compare(op string, a, b any) (bool, error) {
	switch op {
	case "in":
		return c.contains(b, a)
	case "not in":
		ok, err := c.contains(b, a)
		return !ok, err
	}
	if !isScalar(a) || !isScalar(b) {
		var err error
		if a, err = c.loosely(a); err != nil {
			return false, err
		}
		if b, err = c.loosely(b); err != nil {
			return false, err
		}
	}
	switch op {
	case "==":
		return c.equal(a, b)
	case "!=":
		eq, err := c.equal(a, b)
		return !eq, err
	}
	o, err := c.order(op, a, b)
	if err != nil || o == 2 {
		return false, err
	}
	switch op {
	case "<":
		return o < 0, nil
	case "<=":
		return o <= 0, nil
	case ">":
		return o > 0, nil
	}
	return o >= 0, nil
}

func (x *binaryExpr) eval(f *frame) (any, error) {
	a, err := x.left.eval(f)
	if err != nil {
		return nil, err
	}
	b, err := x.right.eval(f)
	if err != nil {
		return nil, err
	}
	if x.op == "%" && !isScalar(b) {
		if b, err = f.c.loosely(b); err != nil {
			return nil, locate(err, f.at(x.off))
		}
	}
	v, err := binary(x.op, a, b)
	if err == nil && isLarge(v) {
		err = f.c.made(v)
	}
	if err != nil {
		return nil, locate(err, f.at(x.off))
	}
	return v, nil
}

func (x *unaryExpr) eval(f *frame) (any, error) {
	v, err := x.x.eval(f)
	if err != nil {
		return nil, err
	}
	if u, ok := v.(*Undefined); ok {
		return nil, u.Err()
	}
	i, n, isInt, ok := num(v)
	switch {
	case isBig(v) || isInt && i == math.MinInt:
		return negate(v, x.neg)
	case !ok:
		return nil, locate(newError("a sign does not work before %s", describe(v)), f.at(x.off))
	case isInt && x.neg:
		return -i, nil
	case isInt:
		return i, nil
	case x.neg:
		return -n, nil
	}
	return n, nil
}

func negate(v any, neg bool) (any, error) {
	z, _ := bigOf(v)
	if neg {
		z = new(big.Int).Neg(z)
	}
	return smallest(z)
}

func (x *concatExpr) eval(f *frame) (any, error) {
	var out output
	out.rt = &render{}
	for _, p := range x.parts {
		v, err := p.eval(f)
		if err != nil {
			return nil, err
		}
		s, err := f.c.str(v)
		if err == nil {
			err = out.write(s)
		}
		if err != nil {
			return nil, locate(err, f.at(p.offset()))
		}
	}
	s := out.String()
	if isLarge(s) {
		return s, f.c.made(s)
	}
	return s, nil
}
