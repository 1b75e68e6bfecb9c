package jinja

import (
	"strconv"
)

type tupleRules struct {
	parens bool   // () is a tuple
	cond   bool   // `a if b` may stand inside
	simple bool   // names and literals only
	end    string // a name that ends the tuple
}

func (p *parser) tupleEnd(r tupleRules) bool {
	k := p.cur().kind
	return k == tokVarEnd || k == tokBlockEnd || k == tokEOF || p.isOp(")") || r.end != "" && p.isName(r.end)
}

// tuple parses `a` or `a, b`.
func (p *parser) tuple(r tupleRules) (expr, error) {
	off := p.cur().off
	parse := p.expr
	if r.simple {
		parse = p.primary
	} else if !r.cond {
		parse = p.or
	}
	var items []expr
	for {
		if p.tupleEnd(r) {
			break
		}
		x, err := parse()
		if err != nil {
			return nil, err
		}
		items = append(items, x)
		if !p.isOp(",") {
			if len(items) == 1 {
				return x, nil
			}
			break
		}
		p.next()
	}
	if len(items) == 0 && !r.parens {
		return nil, p.unexpected(p.cur())
	}
	return &listExpr{node{off}, items, true}, nil
}

func (p *parser) list() (expr, error) {
	l := &listExpr{node: node{p.next().off}}
	for !p.isOp("]") {
		x, err := p.expr()
		if err != nil {
			return nil, err
		}
		l.items = append(l.items, x)
		if !p.skipOp(",") {
			break
		}
	}
	return l, p.expectOp("]")
}

func (p *parser) dict() (expr, error) {
	open := p.next()
	d := &dictExpr{node: node{open.off}}
	if p.isOp("{") { // a dictionary is no key
		return nil, p.errorf(open, `unexpected "{{"`).WithHint("this is an expression already: leave out {{ and }}")
	}
	for !p.isOp("}") {
		k, err := p.expr()
		if err != nil {
			return nil, err
		}
		if err := p.expectOp(":"); err != nil {
			return nil, err
		}
		v, err := p.expr()
		if err != nil {
			return nil, err
		}
		d.keys, d.vals = append(d.keys, k), append(d.vals, v)
		if !p.skipOp(",") {
			break
		}
	}
	return d, p.expectOp("}")
}

// postfix parses what may follow a value: .name, [item] and (arguments).
func (p *parser) postfix(x expr) (expr, error) {
	var err error
	for n := 0; err == nil; n++ {
		if err := p.checkChain(n); err != nil {
			return nil, err
		}
		switch {
		case p.isOp("."):
			x, err = p.attr(x)
		case p.isOp("["):
			x, err = p.subscript(x)
		case p.isOp("("):
			x, err = p.call(x)
		default:
			return x, nil
		}
	}
	return nil, err
}

func (p *parser) attr(x expr) (expr, error) {
	off := p.next().off
	t := p.next()
	switch t.kind {
	case tokName:
		return &attrExpr{node{t.off}, x, t.val}, nil
	case tokInt:
		n, err := strconv.Atoi(t.val)
		if err != nil {
			return nil, p.errorf(t, "the number %s does not fit into 64 bits", t.val)
		}
		return &itemExpr{node{off}, x, &constExpr{node{t.off}, n}}, nil
	}
	return nil, p.errorf(t, "unexpected %s, expected a name or a number after the dot", t.what())
}

func (p *parser) subscript(x expr) (expr, error) {
	off := p.next().off
	var keys []expr
	for !p.isOp("]") {
		if len(keys) > 0 {
			if err := p.expectOp(","); err != nil {
				return nil, err
			}
		}
		k, err := p.sliceOrExpr()
		if err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	p.next()
	switch len(keys) {
	case 0:
		return nil, p.errorf(token{off: off}, "the brackets are empty").WithHint("write a key or an index between [ and ]")
	case 1:
		return &itemExpr{node{off}, x, keys[0]}, nil
	}
	return &itemExpr{node{off}, x, &listExpr{node{off}, keys, true}}, nil
}

func (p *parser) sliceOrExpr() (expr, error) {
	s := &sliceExpr{node: node{p.cur().off}}
	for i, part := range []*expr{&s.start, &s.stop, &s.step} {
		if !p.isOp(":") && !p.isOp("]") && !p.isOp(",") {
			x, err := p.expr()
			if err != nil {
				return nil, err
			}
			if *part = x; i == 0 && !p.isOp(":") {
				return x, nil
			}
		}
		if i == 2 || !p.skipOp(":") {
			break
		}
	}
	return s, nil
}
