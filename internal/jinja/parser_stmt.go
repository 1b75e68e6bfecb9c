package jinja

import (
	"slices"
	"strings"

	"fleet/internal/source"
)

// tags are the statements there are, sorted.
var tags = []string{
	"autoescape", "block", "break", "call", "continue", "do", "extends", "filter", "for", "from", "if", "import", "include",
	"macro", "print", "raw", "set", "with",
}

var closers = []string{
	"elif", "else", "endautoescape", "endblock", "endcall", "endfilter", "endfor", "endif", "endmacro", "endset", "endwith",
}

// body parses statements up to one of the tags in ends, which is left current.
// With no ends it parses to the end of the source.
func (p *parser) body(ends ...string) ([]stmt, error) {
	if err := p.down(); err != nil {
		return nil, err
	}
	defer p.up()
	var out []stmt
	for {
		t := p.next()
		switch t.kind {
		case tokEOF:
			if len(ends) > 0 {
				return nil, p.unclosed(ends)
			}
			return out, nil
		case tokData:
			out = append(out, &dataStmt{node{t.off}, t.val})
		case tokVarBegin:
			x, err := p.tuple(tupleRules{cond: true})
			if err != nil {
				return nil, err
			}
			if err := p.end(tokVarEnd); err != nil {
				return nil, err
			}
			out = append(out, &printStmt{node{x.offset()}, x})
		case tokBlockBegin:
			if len(ends) > 0 && p.cur().kind == tokName && slices.Contains(ends, p.cur().val) {
				return out, nil
			}
			s, err := p.statement()
			if err != nil {
				return nil, err
			}
			out = append(out, s...)
			if err := p.end(tokBlockEnd); err != nil {
				return nil, err
			}
		}
	}
}

func (p *parser) end(k tokenKind) error {
	if t := p.cur(); t.kind != k {
		e := p.errorf(t, "unexpected %s", t.what())
		if t.kind == tokOp && t.val == "=" {
			e.Hint = `compare with "=="`
		}
		return e
	}
	p.next()
	return nil
}

// unclosed reports a tag without its end, at the tag.
func (p *parser) unclosed(ends []string) error {
	open := p.open[len(p.open)-1]
	end := ends[0]
	for _, e := range ends {
		if strings.HasPrefix(e, "end") {
			end = e
		}
	}
	return p.errorf(open, "%q has no %q", open.val, end).WithHint("close it with {%% %s %%}", end)
}

func (p *parser) statement() ([]stmt, error) {
	t, err := p.expectName()
	if err != nil {
		return nil, p.errorf(p.cur(), "unexpected %s, expected the name of a statement", p.cur().what())
	}
	one := func(s stmt, err error) ([]stmt, error) { return []stmt{s}, err }
	p.open = append(p.open, t)
	defer func() { p.open = p.open[:len(p.open)-1] }()
	switch t.val {
	case "if":
		return one(p.ifStmt(t))
	case "for":
		return one(p.forStmt(t))
	case "set":
		return one(p.set(t))
	case "macro":
		return one(p.macro(t))
	case "call":
		return one(p.callBlock(t))
	case "filter":
		return one(p.filterBlock(t))
	case "with":
		return one(p.with(t))
	case "autoescape":
		return one(p.autoescape(t))
	case "block":
		return one(p.block(t))
	case "extends":
		x, err := p.expr()
		return one(&extendsStmt{node{t.off}, x}, err)
	case "include":
		return one(p.include(t))
	case "import":
		return one(p.imports(t))
	case "from":
		return one(p.fromImport(t))
	case "do":
		x, err := p.tuple(tupleRules{cond: true})
		return one(&doStmt{node{t.off}, x}, err)
	case "print":
		return p.print()
	case "break", "continue":
		return one(p.loopControl(t))
	}
	return nil, p.unknownTag(t)
}

func (p *parser) unknownTag(t token) error {
	if slices.Contains(closers, t.val) {
		e := p.errorf(t, "unexpected %q", t.val)
		if len(p.open) > 1 {
			open := p.open[len(p.open)-2]
			e.Hint = "the open tag is " + `"` + open.val + `", from line ` + strings.TrimPrefix(lineOf(place{p.text, open.off}), "0")
		} else {
			e.Hint = "no tag is open here"
		}
		return e
	}
	e := p.errorf(t, "unknown statement %q", t.val)
	e.Hint = source.DidYouMean(t.val, append(slices.Clone(tags), closers...))
	switch next := p.cur(); {
	case next.kind == tokOp && (next.val == "=" || next.val == "+" || next.val == "-"):
		e.Hint = "write {% set " + t.val + " = ... %}"
	case e.Hint == "" && strings.HasPrefix(t.val, "end") && len(p.open) > 1:
		e.Hint = "write {% end" + p.open[len(p.open)-2].val + " %}"
	case t.val == "foreach":
		e.Hint = "write {% for ... in ... %}"
	}
	return e
}

func (p *parser) loopControl(t token) (stmt, error) {
	if p.loops == 0 {
		return nil, p.errorf(t, "%q stands outside of a loop", t.val)
	}
	if t.val == "break" {
		return &loopCtlStmt{node{t.off}, errBreak}, nil
	}
	return &loopCtlStmt{node{t.off}, errContinue}, nil
}

func (p *parser) print() ([]stmt, error) {
	var out []stmt
	for p.cur().kind != tokBlockEnd {
		if len(out) > 0 {
			if err := p.expectOp(","); err != nil {
				return nil, err
			}
		}
		x, err := p.expr()
		if err != nil {
			return nil, err
		}
		out = append(out, &printStmt{node{x.offset()}, x})
	}
	return out, nil
}

// block's end of the opening tag, the body, and the closing tag's name.
func (p *parser) inner(ends ...string) ([]stmt, error) {
	p.skipOp(":")
	if err := p.end(tokBlockEnd); err != nil {
		return nil, err
	}
	return p.body(ends...)
}

// innerTo is inner with one end, which it skips.
func (p *parser) innerTo(end string) ([]stmt, error) {
	body, err := p.inner(end)
	if err == nil {
		p.next()
	}
	return body, err
}

func (p *parser) ifStmt(t token) (stmt, error) {
	s := &ifStmt{node: node{t.off}}
	for {
		cond, err := p.tuple(tupleRules{})
		if err != nil {
			return nil, err
		}
		body, err := p.inner("elif", "else", "endif")
		if err != nil {
			return nil, err
		}
		s.conds, s.bodies = append(s.conds, cond), append(s.bodies, body)
		switch p.next().val {
		case "else":
			s.els, err = p.innerTo("endif")
			return s, err
		case "endif":
			return s, nil
		}
	}
}

func (p *parser) forStmt(t token) (stmt, error) {
	s := &forStmt{node: node{t.off}}
	var err error
	if s.target, err = p.target(tupleRules{simple: true, end: "in"}); err != nil {
		return nil, err
	}
	if s.target.tuple == nil && s.target.name == "loop" {
		return nil, p.errorf(token{off: s.target.off}, "the loop variable must not be called \"loop\"")
	}
	if !p.skipName("in") {
		return nil, p.errorf(p.cur(), "unexpected %s, expected \"in\"", p.cur().what())
	}
	if s.iter, err = p.tuple(tupleRules{end: "recursive"}); err != nil {
		return nil, err
	}
	if p.skipName("if") {
		if s.test, err = p.expr(); err != nil {
			return nil, err
		}
	}
	s.recursive = p.skipName("recursive")
	p.loops++
	s.body, err = p.inner("endfor", "else")
	p.loops--
	if err != nil {
		return nil, err
	}
	if p.next().val == "else" {
		s.els, err = p.innerTo("endfor")
	}
	return s, err
}
