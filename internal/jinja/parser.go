package jinja

import (
	"fleet/internal/source"
)

// Limits on the shape of a template: how deep expressions and blocks nest, and
// how long a chain of operators is.
const (
	maxNesting = 200
	maxChain   = 10_000
)

// parser turns tokens into expressions and statements.
type parser struct {
	text   *text
	tokens []token
	i      int
	depth  int
	tables *tables
	calls  []callAt
	blocks map[string]*blockStmt
	loops  int
	// open are the block tags that wait for their end.
	open []token
}

func (p *parser) cur() token { return p.tokens[p.i] }

func (p *parser) look() token { return p.tokens[min(p.i+1, len(p.tokens)-1)] }

func (p *parser) next() token {
	t := p.tokens[p.i]
	if p.i < len(p.tokens)-1 {
		p.i++
	}
	return t
}

func (p *parser) isOp(op string) bool { t := p.cur(); return t.kind == tokOp && t.val == op }

func (p *parser) isName(n string) bool {
	t := p.cur()
	return t.kind == tokName && t.val == n
}

func (p *parser) skipOp(op string) bool {
	if p.isOp(op) {
		p.next()
		return true
	}
	return false
}

func (p *parser) skipName(n string) bool {
	if p.isName(n) {
		p.next()
		return true
	}
	return false
}

func (p *parser) errorf(t token, format string, args ...any) *source.Error {
	return source.Errorf(place{p.text, t.off}.pos(), format, args...)
}

func (p *parser) expectOp(op string) error {
	if p.skipOp(op) {
		return nil
	}
	return p.errorf(p.cur(), "unexpected %s, expected %q", p.cur().what(), op)
}

func (p *parser) expectName() (token, error) {
	if p.cur().kind != tokName {
		return token{}, p.errorf(p.cur(), "unexpected %s, expected a name", p.cur().what())
	}
	return p.next(), nil
}

// down goes one level deeper into the source's structure.
func (p *parser) down() error {
	if p.depth++; p.depth > maxNesting {
		return p.errorf(p.cur(), "the template nests more than %d levels deep", maxNesting)
	}
	return nil
}

func (p *parser) up() { p.depth-- }

func (p *parser) checkChain(n int) error {
	if n > maxChain {
		return p.errorf(p.cur(), "the expression has more than %d operators in a row", maxChain)
	}
	return nil
}

// expr parses a whole expression, `a if b else c` included.
func (p *parser) expr() (expr, error) {
	if err := p.down(); err != nil {
		return nil, err
	}
	defer p.up()
	x, err := p.or()
	if err != nil {
		return nil, err
	}
	for n := 0; p.isName("if"); n++ {
		off := p.next().off
		cond, err := p.or()
		if err != nil {
			return nil, err
		}
		var els expr
		if p.skipName("else") {
			if els, err = p.expr(); err != nil {
				return nil, err
			}
		}
		if err := p.checkChain(n); err != nil {
			return nil, err
		}
		x = &condExpr{node{off}, cond, x, els}
	}
	return x, nil
}

// chain parses `x op x op x`, left to right.
func (p *parser) chain(sub func() (expr, error), is func() bool, join func(op token, l, r expr) expr) (expr, error) {
	x, err := sub()
	if err != nil {
		return nil, err
	}
	for n := 0; is(); n++ {
		op := p.next()
		r, err := sub()
		if err != nil {
			return nil, err
		}
		if err := p.checkChain(n); err != nil {
			return nil, err
		}
		x = join(op, x, r)
	}
	return x, nil
}

func (p *parser) or() (expr, error) {
	return p.chain(p.and, func() bool { return p.isName("or") }, func(op token, l, r expr) expr {
		return &logicExpr{node{op.off}, false, l, r}
	})
}

func (p *parser) and() (expr, error) {
	return p.chain(p.not, func() bool { return p.isName("and") }, func(op token, l, r expr) expr {
		return &logicExpr{node{op.off}, true, l, r}
	})
}

func (p *parser) not() (expr, error) {
	if !p.isName("not") {
		return p.compare()
	}
	if err := p.down(); err != nil {
		return nil, err
	}
	defer p.up()
	off := p.next().off
	x, err := p.not()
	if err != nil {
		return nil, err
	}
	return &notExpr{node{off}, x}, nil
}

func (p *parser) compareOp() string {
	t := p.cur()
	switch {
	case t.kind == tokOp:
		switch t.val {
		case "==", "!=", "<", "<=", ">", ">=":
			p.next()
			return t.val
		}
	case p.skipName("in"):
		return "in"
	case p.isName("not") && p.look().kind == tokName && p.look().val == "in":
		p.next()
		p.next()
		return "not in"
	}
	return ""
}

func (p *parser) compare() (expr, error) {
	first, err := p.sum()
	if err != nil {
		return nil, err
	}
	var c *compareExpr
	for n := 0; ; n++ {
		off := p.cur().off
		op := p.compareOp()
		if op == "" {
			break
		}
		x, err := p.sum()
		if err != nil {
			return nil, err
		}
		if c == nil {
			c = &compareExpr{node: node{off}, first: first}
		}
		c.ops, c.rest = append(c.ops, op), append(c.rest, x)
	}
	if c == nil {
		return first, nil
	}
	return c, nil
}

func (p *parser) binary(sub func() (expr, error), ops ...string) (expr, error) {
	is := func() bool {
		for _, op := range ops {
			if p.isOp(op) {
				return true
			}
		}
		return false
	}
	return p.chain(sub, is, func(op token, l, r expr) expr { return &binaryExpr{node{op.off}, op.val, l, r} })
}

func (p *parser) sum() (expr, error) { return p.binary(p.concat, "+", "-") }

func (p *parser) product() (expr, error) { return p.binary(p.pow, "*", "/", "//", "%") }

func (p *parser) pow() (expr, error) {
	return p.binary(func() (expr, error) { return p.unary(true) }, "**")
}

func (p *parser) concat() (expr, error) {
	x, err := p.product()
	if err != nil || !p.isOp("~") {
		return x, err
	}
	c := &concatExpr{node{p.cur().off}, []expr{x}}
	for p.skipOp("~") {
		if x, err = p.product(); err != nil {
			return nil, err
		}
		c.parts = append(c.parts, x)
	}
	return c, nil
}
