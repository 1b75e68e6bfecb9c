package jmespath

import (
	"strconv"
)

const (
	// maxTokens bounds an expression, and with it how deep its tree can be.
	maxTokens = 10_000
	// maxDepth bounds the brackets within brackets.
	maxDepth = 200
)

// power says how tightly the signs bind that can follow a value. What binds less
// than stop ends a projection.
var power = map[string]int{
	"|": 1, "||": 2, "&&": 3, "==": 5, "!=": 5, "<": 5, "<=": 5, ">": 5, ">=": 5, "[]": 9,
	"*": 20, "[?": 21, ".": 40, "!": 45, "{": 50, "[": 55, "(": 60,
}

const stop = 10

// Parse reads an expression; json reads the JSON in it. Its errors are *Error.
func Parse(expression string, json func(text string) (any, error)) (*Node, error) {
	tokens, err := (&lexer{text: expression, json: json}).tokens()
	if err != nil {
		return nil, err
	}
	if len(tokens) == 1 {
		return nil, &Error{0, "it is empty"}
	}
	p := &parser{tokens: tokens}
	n, err := p.expression(0)
	if err == nil && p.kind() != "" {
		err = p.unexpected("")
	}
	if err != nil {
		return nil, err
	}
	return n, nil
}

type parser struct {
	tokens []token
	at     int
	depth  int
}

func (p *parser) cur() token   { return p.tokens[p.at] }
func (p *parser) kind() string { return p.cur().kind }

// next returns the token and goes behind it, if it is not the end.
func (p *parser) next() token {
	t := p.cur()
	if t.kind != "" {
		p.at++
	}
	return t
}

// unexpected is the error at the token that comes next.
func (p *parser) unexpected(wanted string) error {
	e := &Error{p.cur().offset, "unexpected " + p.cur().what()}
	if wanted != "" {
		e.Msg += ", expected " + wanted
	}
	return e
}

func (p *parser) expect(sign string) error {
	if p.kind() != sign {
		return p.unexpected(strconv.Quote(sign))
	}
	p.at++
	return nil
}

// skip goes over a sign, and reports whether it was there.
func (p *parser) skip(sign string) bool {
	if p.kind() != sign {
		return false
	}
	p.at++
	return true
}

// expression reads as far as the signs bind more tightly than the one before.
func (p *parser) expression(bound int) (*Node, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, &Error{p.cur().offset, "it nests more than " + strconv.Itoa(maxDepth) + " levels deep"}
	}
	defer func() { p.depth-- }()
	left, err := p.first()
	for err == nil && bound < power[p.kind()] {
		left, err = p.behind(left)
	}
	return left, err
}

// first reads what can begin an expression.
func (p *parser) first() (*Node, error) {
	t := p.cur()
	here := &Node{Offset: t.offset}
	switch t.kind {
	case "literal":
		p.at++
		return &Node{Kind: Literal, Value: t.value, Offset: t.offset}, nil
	case "name":
		p.at++
		return &Node{Kind: Field, Text: t.text, Offset: t.offset}, nil
	case "quoted":
		if p.at++; p.kind() == "(" {
			return nil, &Error{t.offset, "the name of a function stands without quotes"}
		}
		return &Node{Kind: Field, Text: t.text, Offset: t.offset}, nil
	case "@":
		p.at++
		return here, nil
	case "*":
		if p.at++; p.kind() == "]" {
			return &Node{Kind: Values, Nodes: []*Node{here, here}, Offset: t.offset}, nil
		}
		return p.project(Values, here, power["*"])
	case "[?", "[]":
		return p.behind(here)
	case "{":
		p.at++
		return p.hash()
	case "[":
		return p.brackets(here)
	case "&":
		p.at++
		return p.around(Expression, 0)
	case "!":
		p.at++
		return p.around(Not, power["!"])
	case "(":
		p.at++
		n, err := p.expression(0)
		if err != nil {
			return nil, err
		}
		return n, p.expect(")")
	}
	return nil, p.unexpected("")
}

func (p *parser) around(kind Kind, bound int) (*Node, error) {
	at := p.tokens[p.at-1].offset
	n, err := p.expression(bound)
	return &Node{Kind: kind, Nodes: []*Node{n}, Offset: at}, err
}

// brackets reads what stands in brackets at the beginning.
func (p *parser) brackets(here *Node) (*Node, error) {
	switch next := p.tokens[p.at+1]; {
	case next.kind == "number" || next.kind == ":":
		return p.behind(here)
	case next.kind == "*" && p.tokens[p.at+2].kind == "]":
		return p.behind(here)
	}
	p.at++
	return p.list()
}

// behind reads a sign that follows a value, and what belongs to it.
func (p *parser) behind(left *Node) (*Node, error) {
	t := p.next()
	switch t.kind {
	case "|":
		return p.pair(Chain, t, left)
	case "||":
		return p.pair(Or, t, left)
	case "&&":
		return p.pair(And, t, left)
	case "==", "!=", "<", "<=", ">", ">=":
		return p.pair(Compare, t, left)
	case "[]":
		return p.project(Project, &Node{Kind: Flatten, Nodes: []*Node{left}, Offset: t.offset}, power["[]"])
	case "[?":
		return p.filter(t, left)
	case ".":
		if p.skip("*") {
			return p.project(Values, left, power["."])
		}
		right, err := p.member(power["."])
		return chain(left, right), err
	case "[":
		return p.item(left)
	case "(":
		return p.call(left)
	}
	p.at--
	return nil, p.unexpected("")
}

func (p *parser) pair(kind Kind, t token, left *Node) (*Node, error) {
	right, err := p.expression(power[t.kind])
	return &Node{Kind: kind, Text: t.text, Nodes: []*Node{left, right}, Offset: t.offset}, err
}

func chain(left, right *Node) *Node {
	return &Node{Kind: Chain, Nodes: []*Node{left, right}, Offset: left.Offset}
}

// project reads what is done with each element of left.
func (p *parser) project(kind Kind, left *Node, bound int) (*Node, error) {
	right, err := p.each(bound)
	return &Node{Kind: kind, Nodes: []*Node{left, right}, Offset: left.Offset}, err
}

func (p *parser) each(bound int) (*Node, error) {
	switch {
	case power[p.kind()] < stop:
		return &Node{Offset: p.cur().offset}, nil
	case p.kind() == "[" || p.kind() == "[?":
		return p.expression(bound)
	case p.skip("."):
		return p.member(bound)
	}
	return nil, p.unexpected("")
}

func (p *parser) filter(t token, left *Node) (*Node, error) {
	condition, err := p.expression(0)
	if err != nil {
		return nil, err
	}
	if err := p.expect("]"); err != nil {
		return nil, err
	}
	right := &Node{Offset: p.cur().offset}
	if p.kind() != "[]" {
		right, err = p.each(power["[?"])
	}
	return &Node{Kind: Filter, Nodes: []*Node{left, right, condition}, Offset: t.offset}, err
}
