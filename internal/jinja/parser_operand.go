package jinja

import (
	"math/big"
	"strconv"
)

func (p *parser) unary(withFilter bool) (x expr, err error) {
	if err := p.down(); err != nil {
		return nil, err
	}
	defer p.up()
	t := p.cur()
	if t.kind == tokOp && (t.val == "-" || t.val == "+") {
		p.next()
		if x, err = p.unary(false); err != nil {
			return nil, err
		}
		x = &unaryExpr{node{t.off}, t.val == "-", x}
	} else if x, err = p.primary(); err != nil {
		return nil, err
	}
	if x, err = p.postfix(x); err != nil || !withFilter {
		return x, err
	}
	return p.filters(x)
}

func (p *parser) primary() (expr, error) {
	t := p.cur()
	switch t.kind {
	case tokName:
		p.next()
		return nameOrConst(t), nil
	case tokString:
		p.next()
		s := t.val
		for p.cur().kind == tokString {
			s += p.next().val
		}
		return &constExpr{node{t.off}, s}, nil
	case tokInt:
		p.next()
		n, err := strconv.ParseInt(t.val, 0, 64)
		if err != nil {
			return p.bigLiteral(t)
		}
		return &constExpr{node{t.off}, int(n)}, nil
	case tokFloat:
		p.next()
		n, _ := strconv.ParseFloat(t.val, 64)
		return &constExpr{node{t.off}, n}, nil
	case tokOp:
		switch t.val {
		case "(":
			p.next()
			x, err := p.tuple(tupleRules{parens: true, cond: true})
			if err != nil {
				return nil, err
			}
			return x, p.expectOp(")")
		case "[":
			return p.list()
		case "{":
			return p.dict()
		}
	}
	return nil, p.unexpected(t)
}

func (p *parser) bigLiteral(t token) (expr, error) {
	if len(t.val) <= maxDigits {
		if z, ok := new(big.Int).SetString(t.val, 0); ok {
			return &constExpr{node{t.off}, z}, nil
		}
	}
	return nil, p.errorf(t, "the number has more than %d digits", maxDigits)
}

func (p *parser) unexpected(t token) error {
	switch t.kind {
	case tokEOF, tokVarEnd, tokBlockEnd:
		return p.errorf(t, "expected an expression, got the %s", t.what())
	}
	e := p.errorf(t, "unexpected %s", t.what())
	if t.kind == tokOp && t.val == "%" {
		e.Hint = "{% … %} cannot stand inside of {{ … }}"
	}
	if before := max(p.i-1, 0); t.kind == tokOp && t.val == ">" && p.tokens[before].val == "<" {
		e.Hint = `write "!="`
	}
	return e
}

func nameOrConst(t token) expr {
	switch t.val {
	case "true", "True":
		return &constExpr{node{t.off}, true}
	case "false", "False":
		return &constExpr{node{t.off}, false}
	case "none", "None":
		return &constExpr{node{t.off}, nil}
	}
	return &nameExpr{node{t.off}, t.val}
}
