package jinja

import (
	"slices"
	"strconv"
)

func lineOf(at place) string { return strconv.Itoa(at.pos().Line) }

// signature parses a macro's parameters.
func (p *parser) signature(d *macroDef) error {
	if err := p.expectOp("("); err != nil {
		return err
	}
	for !p.isOp(")") {
		t, err := p.expectName()
		if err != nil {
			return err
		}
		if slices.Contains(d.params, t.val) {
			return p.errorf(t, "the parameter %q is there twice", t.val)
		}
		d.params = append(d.params, t.val)
		if p.skipOp("=") {
			x, err := p.expr()
			if err != nil {
				return err
			}
			d.defaults = append(d.defaults, x)
		} else if len(d.defaults) > 0 {
			return p.errorf(t, "the parameter %q needs a default, as those before it have one", t.val)
		}
		if !p.skipOp(",") {
			break
		}
	}
	return p.expectOp(")")
}

// macroBody parses a body in which no loop is open.
func (p *parser) macroBody(d *macroDef, end string) error {
	loops, from := p.loops, p.i
	p.loops = 0
	defer func() { p.loops = loops }()
	var err error
	if d.body, err = p.innerTo(end); err != nil {
		return err
	}
	for _, t := range p.tokens[from:p.i] {
		if t.kind == tokName {
			d.usesCaller = d.usesCaller || t.val == "caller"
			d.usesVarargs = d.usesVarargs || t.val == "varargs"
			d.usesKwargs = d.usesKwargs || t.val == "kwargs"
		}
	}
	return nil
}

func (p *parser) macro(t token) (stmt, error) {
	name, err := p.expectName()
	if err != nil {
		return nil, err
	}
	d := &macroDef{name: name.val}
	if err := p.signature(d); err != nil {
		return nil, err
	}
	return &macroStmt{node{t.off}, d}, p.macroBody(d, "endmacro")
}

func (p *parser) callBlock(t token) (stmt, error) {
	d := &macroDef{name: "caller"}
	if p.isOp("(") {
		if err := p.signature(d); err != nil {
			return nil, err
		}
	}
	at := p.cur()
	x, err := p.expr()
	if err != nil {
		return nil, err
	}
	c, ok := x.(*callExpr)
	if !ok {
		return nil, p.errorf(at, "expected the call of a macro").WithHint("write %s", "{% call name(arguments) %}")
	}
	return &callStmt{node{t.off}, c, d}, p.macroBody(d, "endcall")
}

func (p *parser) filterBlock(t token) (stmt, error) {
	s := &filterStmt{node: node{t.off}}
	x, err := p.filter(nil)
	for err == nil && p.skipOp("|") {
		x, err = p.filter(x)
	}
	if err != nil {
		return nil, err
	}
	s.filter = x
	s.body, err = p.innerTo("endfilter")
	return s, err
}

func (p *parser) with(t token) (stmt, error) {
	s := &withStmt{node: node{t.off}}
	for p.cur().kind != tokBlockEnd {
		if len(s.targets) > 0 {
			if err := p.expectOp(","); err != nil {
				return nil, err
			}
		}
		x, err := p.primary()
		if err != nil {
			return nil, err
		}
		to, err := p.toTarget(x)
		if err != nil {
			return nil, err
		}
		if err := p.expectOp("="); err != nil {
			return nil, err
		}
		if x, err = p.expr(); err != nil {
			return nil, err
		}
		s.targets, s.vals = append(s.targets, to), append(s.vals, x)
	}
	var err error
	s.body, err = p.innerTo("endwith")
	return s, err
}

func (p *parser) block(t token) (stmt, error) {
	name, err := p.expectName()
	if err != nil {
		return nil, err
	}
	if _, dup := p.blocks[name.val]; dup {
		return nil, p.errorf(name, "the block %q is there twice", name.val)
	}
	s := &blockStmt{node: node{t.off}, name: name.val, scoped: p.skipName("scoped"), required: p.skipName("required")}
	p.blocks[s.name] = s
	loops := p.loops
	p.loops = 0
	s.body, err = p.innerTo("endblock")
	p.loops = loops
	if err != nil {
		return nil, err
	}
	p.skipName(s.name)
	return s, nil
}

// context parses `with context` or `without context`.
func (p *parser) context(standard bool) bool {
	if (p.isName("with") || p.isName("without")) && p.look().val == "context" {
		with := p.next().val == "with"
		p.next()
		return with
	}
	return standard
}

func (p *parser) include(t token) (stmt, error) {
	x, err := p.expr()
	if err != nil {
		return nil, err
	}
	s := &includeStmt{node: node{t.off}, name: x}
	if p.isName("ignore") && p.look().val == "missing" {
		s.ignoreMissing = true
		p.next()
		p.next()
	}
	s.withContext = p.context(true)
	return s, nil
}

func (p *parser) imports(t token) (stmt, error) {
	x, err := p.expr()
	if err != nil {
		return nil, err
	}
	if !p.skipName("as") {
		return nil, p.errorf(p.cur(), "unexpected %s, expected \"as\"", p.cur().what())
	}
	as, err := p.expectName()
	if err != nil {
		return nil, err
	}
	return &importStmt{node: node{t.off}, name: x, as: as.val, withContext: p.context(false)}, nil
}

func (p *parser) fromImport(t token) (stmt, error) {
	x, err := p.expr()
	if err != nil {
		return nil, err
	}
	if !p.skipName("import") {
		return nil, p.errorf(p.cur(), "unexpected %s, expected \"import\"", p.cur().what())
	}
	s := &importStmt{node: node{t.off}, name: x}
	for {
		name, err := p.expectName()
		if err != nil {
			return nil, err
		}
		if name.val[0] == '_' {
			return nil, p.errorf(name, "names that start with an underscore cannot be imported")
		}
		pair := [2]string{name.val, name.val}
		if p.skipName("as") {
			as, err := p.expectName()
			if err != nil {
				return nil, err
			}
			pair[1] = as.val
		}
		s.names = append(s.names, pair)
		s.withContext = p.context(s.withContext)
		if !p.skipOp(",") {
			return s, nil
		}
		if p.isName("with") || p.isName("without") {
			s.withContext = p.context(s.withContext)
			return s, nil
		}
	}
}

// autoescape parses a block in which escaping is off, as it is everywhere.
func (p *parser) autoescape(t token) (stmt, error) {
	at := p.cur()
	x, err := p.expr()
	if err != nil {
		return nil, err
	}
	if c, ok := x.(*constExpr); !ok || c.val != false {
		return nil, p.errorf(at, "automatic escaping is not supported").WithHint("escape values with the filter \"| e\"")
	}
	s := &withStmt{node: node{t.off}}
	s.body, err = p.innerTo("endautoescape")
	return s, err
}
