package jinja

import (
	"strconv"
	"strings"

	"fleet/internal/source"
)

// Expr is a parsed bare expression. It is never changed, and safe for concurrent
// use.
type Expr struct {
	text  *text
	x     expr
	calls []callAt
}

// ParseExpr reads a bare expression: when, until, changed_when.
func ParseExpr(src string, pos source.Pos) (*Expr, error) {
	t := &text{src, pos}
	tokens, err := lexExpr(t)
	if err != nil {
		return nil, withBraceHint(err, src)
	}
	p := &parser{text: t, tokens: tokens, tables: builtin()}
	x, err := p.tuple(tupleRules{cond: true})
	if err != nil {
		return nil, withBraceHint(err, src)
	}
	if k := p.cur(); k.kind != tokEOF {
		e := p.errorf(k, "unexpected %s after the expression", k.what())
		e.Hint = foreign(k)
		return nil, withBraceHint(e, src)
	}
	return &Expr{t, x, p.calls}, nil
}

// foreign is the hint for a word of another language behind an expression.
func foreign(k token) string {
	switch {
	case k.kind == tokOp && k.val == "=":
		return `compare with "=="`
	case k.kind != tokName:
		return ""
	}
	switch word := strings.ToLower(k.val); word {
	case "and", "or":
		return "write " + strconv.Quote(word)
	case "not":
		return `write "!=" or "is not"`
	case "contains", "includes", "has":
		return "write 'TEXT' in NAME"
	case "equals", "eq":
		return `compare with "=="`
	case "like", "matches":
		return `write "is search(...)"`
	}
	return ""
}

func withBraceHint(err error, src string) error {
	if e, ok := err.(*source.Error); ok && e.Hint == "" && strings.Contains(src, "{{") {
		e.Hint = "this is an expression already: leave out {{ and }}"
	}
	return err
}

// Value returns the expression's value, resolved; something undefined is an error.
func (e *Expr) Value(c *Context) (any, error) {
	if err := c.enter(); err != nil {
		return nil, locate(err, place{e.text, 0})
	}
	defer c.leave()
	v, err := valueOf(&frame{c: c, rt: &render{}, text: e.text}, e.x)
	if err != nil {
		return nil, locate(err, place{e.text, 0})
	}
	return v, nil
}

// Truth returns whether Python holds the value to be true.
func (e *Expr) Truth(c *Context) (bool, error) {
	if err := c.enter(); err != nil {
		return false, locate(err, place{e.text, 0})
	}
	defer c.leave()
	return truthOf(&frame{c: c, rt: &render{}, text: e.text}, e.x)
}

// Source returns the expression as written.
func (e *Expr) Source() string { return e.text.src }
