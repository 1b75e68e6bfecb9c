package jmespath

// member reads what may stand behind a dot.
func (p *parser) member(bound int) (*Node, error) {
	switch {
	case p.kind() == "name" || p.kind() == "quoted" || p.kind() == "*":
		return p.expression(bound)
	case p.skip("["):
		return p.list()
	case p.skip("{"):
		return p.hash()
	}
	return nil, p.unexpected(`a name, "*", "[" or "{"`)
}

// list reads the rest of [a, b].
func (p *parser) list() (*Node, error) {
	list := &Node{Kind: List, Offset: p.tokens[p.at-1].offset}
	for {
		n, err := p.expression(0)
		if err != nil {
			return nil, err
		}
		list.Nodes = append(list.Nodes, n)
		if p.skip("]") {
			return list, nil
		}
		if p.kind() != "," {
			return nil, p.unexpected(`"," or "]"`)
		}
		p.at++
	}
}

// hash reads the rest of {a: b, c: d}.
func (p *parser) hash() (*Node, error) {
	hash := &Node{Kind: Hash, Offset: p.tokens[p.at-1].offset}
	for {
		if p.kind() != "name" && p.kind() != "quoted" {
			return nil, p.unexpected("a name")
		}
		hash.Keys = append(hash.Keys, p.next().text)
		if err := p.expect(":"); err != nil {
			return nil, err
		}
		n, err := p.expression(0)
		if err != nil {
			return nil, err
		}
		hash.Nodes = append(hash.Nodes, n)
		if p.skip("}") {
			return hash, nil
		}
		if p.kind() != "," {
			return nil, p.unexpected(`"," or "}"`)
		}
		p.at++
	}
}

// call reads the rest of name(a, b).
func (p *parser) call(name *Node) (*Node, error) {
	if name.Kind != Field {
		return nil, &Error{p.tokens[p.at-1].offset, `unexpected "(": only a name can be called`}
	}
	call := &Node{Kind: Call, Text: name.Text, Offset: name.Offset}
	for !p.skip(")") {
		n, err := p.expression(0)
		if err != nil {
			return nil, err
		}
		call.Nodes = append(call.Nodes, n)
		if p.kind() != ")" && !p.skip(",") {
			return nil, p.unexpected(`"," or ")"`)
		}
	}
	return call, nil
}

// item reads the rest of [0], [1:2] or [*] behind left.
func (p *parser) item(left *Node) (*Node, error) {
	at := p.tokens[p.at-1].offset
	if k := p.kind(); k != "number" && k != ":" {
		if !p.skip("*") {
			return nil, p.unexpected(`a number, ":" or "*"`)
		}
		if err := p.expect("]"); err != nil {
			return nil, err
		}
		return p.project(Project, left, power["*"])
	}
	right, err := p.indexOrSlice()
	if err != nil {
		return nil, err
	}
	right.Offset = at
	// Behind an index a slice makes no projection, as in the library that Ansible uses.
	if right.Kind == Index || left.Kind == Chain && left.indexes() {
		return chain(left, right), nil
	}
	return p.project(Project, chain(left, right), power["*"])
}

func (p *parser) indexOrSlice() (*Node, error) {
	n := &Node{Kind: Index}
	for i := 0; !p.skip("]"); {
		switch t := p.next(); {
		case t.kind == ":" && i < 2:
			n.Kind = Slice
			i++
		case t.kind == "number" && n.Bounds[i] == nil:
			v := t.value.(int)
			n.Bounds[i] = &v
			if k := p.kind(); k != ":" && k != "]" {
				return nil, p.unexpected(`"]"`)
			}
		default:
			return nil, &Error{t.offset, "unexpected " + t.what() + ", expected \"]\""}
		}
	}
	if step := n.Bounds[2]; step != nil && *step == 0 {
		return nil, &Error{p.tokens[p.at-2].offset, "the step of a slice cannot be 0"}
	}
	return n, nil
}

// indexes says that a chain ends with an index, or with a slice behind one.
func (n *Node) indexes() bool {
	last := n.Nodes[1].Kind
	return last == Index || last == Slice
}
