package jinja

// target parses what is assigned to.
func (p *parser) target(r tupleRules) (target, error) {
	x, err := p.tuple(r)
	if err != nil {
		return target{}, err
	}
	return p.toTarget(x)
}

func (p *parser) toTarget(x expr) (target, error) {
	switch x := x.(type) {
	case *nameExpr:
		return target{off: x.off, name: x.name}, nil
	case *listExpr:
		if !x.tuple {
			break
		}
		t := target{off: x.off, tuple: []target{}}
		for _, item := range x.items {
			sub, err := p.toTarget(item)
			if err != nil {
				return t, err
			}
			t.tuple = append(t.tuple, sub)
		}
		return t, nil
	}
	return target{}, p.errorf(token{off: x.offset()}, "cannot assign to this").WithHint("assign to a name")
}

func (p *parser) set(t token) (stmt, error) {
	var to target
	var err error
	if l := p.look(); l.kind == tokOp && l.val == "." {
		ns, err := p.expectName()
		if err != nil {
			return nil, err
		}
		p.next()
		attr, err := p.expectName()
		if err != nil {
			return nil, err
		}
		to = target{off: ns.off, name: ns.val, attr: attr.val}
	} else if to, err = p.target(tupleRules{simple: true}); err != nil {
		return nil, err
	}
	if p.skipOp("=") {
		x, err := p.tuple(tupleRules{cond: true})
		return &setStmt{node{t.off}, to, x}, err
	}
	s := &setBlockStmt{node: node{t.off}, target: to}
	if p.isOp("|") {
		if s.filter, err = p.filterChain(); err != nil {
			return nil, err
		}
	}
	s.body, err = p.innerTo("endset")
	return s, err
}

// filterChain parses `| f | g` with nothing in front.
func (p *parser) filterChain() (x expr, err error) {
	for p.skipOp("|") {
		if x, err = p.filter(x); err != nil {
			return nil, err
		}
	}
	return x, nil
}
