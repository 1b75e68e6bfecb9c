package jinja

import (
	"strings"
)

func (p *parser) call(x expr) (expr, error) {
	off := x.offset()
	args, err := p.arguments()
	if err != nil {
		return nil, err
	}
	p.noteLookup(x, args)
	return &callExpr{node{off}, x, args}, nil
}

// written returns the texts among the first arguments that are written out.
func written(args callArgs) []string {
	var out []string
	for _, a := range args.pos {
		c, ok := a.(*constExpr)
		if !ok {
			break
		}
		s, ok := c.val.(string)
		if !ok {
			break
		}
		out = append(out, s)
	}
	return out
}

// noteLookup remembers a lookup whose name is written out.
func (p *parser) noteLookup(fn expr, args callArgs) {
	n, ok := fn.(*nameExpr)
	if !ok || n.name != "lookup" && n.name != "query" && n.name != "q" || len(args.pos) == 0 {
		return
	}
	if c, ok := args.pos[0].(*constExpr); ok {
		if name, ok := c.val.(string); ok {
			p.calls = append(p.calls, callAt{"lookup", name, c.off, nil})
		}
	}
}

func (p *parser) arguments() (a callArgs, err error) {
	p.next()
	for !p.isOp(")") {
		t := p.cur()
		switch {
		case p.skipOp("*"):
			if a.star != nil || a.dstar != nil {
				return a, p.errorf(t, "only one *arguments, before **arguments")
			}
			a.star, err = p.expr()
		case p.skipOp("**"):
			if a.dstar != nil {
				return a, p.errorf(t, "only one **arguments")
			}
			a.dstar, err = p.expr()
		case t.kind == tokName && p.look().kind == tokOp && p.look().val == "=":
			err = p.keyword(&a)
		case len(a.names) > 0 || a.star != nil || a.dstar != nil:
			return a, p.errorf(t, "arguments without a name must come first")
		default:
			var x expr
			x, err = p.expr()
			a.pos = append(a.pos, x)
		}
		if err != nil {
			return a, err
		}
		if !p.skipOp(",") {
			break
		}
	}
	return a, p.expectOp(")")
}

func (p *parser) keyword(a *callArgs) error {
	t := p.next()
	p.next()
	for _, n := range a.names {
		if n == t.val {
			return p.errorf(t, "keyword argument repeated: %s", t.val)
		}
	}
	x, err := p.expr()
	a.names, a.vals, a.nameAt = append(a.names, t.val), append(a.vals, x), append(a.nameAt, t.off)
	return err
}

// filters parses `| filter` and `is test`.
func (p *parser) filters(x expr) (expr, error) {
	var err error
	for n := 0; err == nil; n++ {
		if err := p.checkChain(n); err != nil {
			return nil, err
		}
		switch {
		case p.isOp("|"):
			p.next()
			x, err = p.filter(x)
		case p.isName("is"):
			x, err = p.test(x)
		case p.isOp("("):
			x, err = p.call(x)
		default:
			return x, nil
		}
	}
	return nil, err
}

func (p *parser) dottedName() (token, error) {
	t, err := p.expectName()
	for err == nil && p.isOp(".") {
		p.next()
		var part token
		part, err = p.expectName()
		t.val += "." + part.val
	}
	return t, err
}

func (p *parser) filter(in expr) (expr, error) {
	t, err := p.dottedName()
	if err != nil {
		return nil, err
	}
	x := &filterExpr{node: node{t.off}, in: in, name: t.val}
	if p.isOp("(") {
		if x.args, err = p.arguments(); err != nil {
			return nil, err
		}
	}
	p.calls = append(p.calls, callAt{"filter", t.val, t.off, written(x.args)})
	if x.def, err = p.tables.find("filter", t.val); err != nil {
		return nil, locate(err, place{p.text, t.off})
	}
	return x, p.checkArgs(x.def, "filter", t.val, t.off, x.args)
}

func (p *parser) test(in expr) (expr, error) {
	is := p.next()
	negated := p.skipName("not")
	t, err := p.dottedName()
	if err != nil {
		return nil, err
	}
	x := &testExpr{node: node{t.off}, in: in, name: t.val}
	if err := p.testArgs(x); err != nil {
		return nil, err
	}
	p.calls = append(p.calls, callAt{"test", t.val, t.off, written(x.args)})
	if x.def, err = p.tables.find("test", t.val); err != nil {
		return nil, locate(err, place{p.text, t.off})
	}
	if err := p.checkArgs(x.def, "test", t.val, t.off, x.args); err != nil {
		return nil, err
	}
	if negated {
		return &notExpr{node{is.off}, x}, nil
	}
	return x, nil
}

func (p *parser) testArgs(x *testExpr) (err error) {
	t := p.cur()
	if p.isOp("(") {
		x.args, err = p.arguments()
		return err
	}
	bare := t.kind == tokString || t.kind == tokInt || t.kind == tokFloat || p.isOp("[") || p.isOp("{")
	if t.kind == tokName {
		bare = !strings.Contains(" else or and if in not ", " "+t.val+" ")
		if t.val == "is" {
			return p.errorf(t, "tests cannot follow each other").WithHint(`write "x is a and x is b"`)
		}
	}
	if !bare {
		return nil
	}
	arg, err := p.primary()
	if err != nil {
		return err
	}
	arg, err = p.postfix(arg)
	x.args.pos = []expr{arg}
	return err
}
