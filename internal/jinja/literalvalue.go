package jinja

import "strings"

// Literal reads a text that is a list, a dictionary or a boolean in Python's
// notation. Only literals count: nothing is looked up, called or computed.
func Literal(s string) (any, bool) {
	switch s {
	case "True":
		return true, true
	case "False":
		return false, true
	}
	if !strings.HasPrefix(s, "[") && !strings.HasPrefix(s, "{") || len(s) > maxLiteral {
		return nil, false
	}
	t := &text{src: s}
	tokens, err := lexExpr(t)
	if err != nil {
		return nil, false
	}
	p := &parser{text: t, tokens: tokens}
	p.tables = &tables{}
	x, err := p.primary()
	if err != nil || p.cur().kind != tokEOF {
		return nil, false
	}
	return literalOf(x)
}

// maxLiteral is the size up to which a text is read as a literal.
const maxLiteral = 1 << 20

// pythonLiteral reads a text that is any literal of Python: numbers, texts in
// quotes, None and tuples too, but not JSON's words true, false and null.
func pythonLiteral(s string) (any, bool) {
	if s == "" || len(s) > maxLiteral || strings.ContainsRune(" \t\n", rune(s[0])) {
		return nil, false
	}
	t := &text{src: withoutComments(s)}
	tokens, err := lexExpr(t)
	if err != nil {
		return nil, false
	}
	for _, k := range tokens {
		if k.kind == tokName && k.val != "True" && k.val != "False" && k.val != "None" {
			return nil, false
		}
	}
	p := &parser{text: t, tokens: tokens, tables: &tables{}}
	x, err := p.tuple(tupleRules{})
	if err != nil || p.cur().kind != tokEOF {
		return nil, false
	}
	return literalOf(x)
}

// withoutComments returns a text without what stands between # and the end of a
// line, outside of quotes.
func withoutComments(s string) string {
	if !strings.Contains(s, "#") {
		return s
	}
	var b strings.Builder
	var quote byte
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quote == 0 && c == '#':
			if i += strings.IndexByte(s[i:]+"\n", '\n') - 1; i+1 >= len(s) {
				return b.String()
			}
			continue
		case quote == 0 && (c == '\'' || c == '"'):
			quote = c
		case quote == c:
			quote = 0
		case quote != 0 && c == '\\' && i+1 < len(s):
			b.WriteByte(c)
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func literalOf(x expr) (any, bool) {
	switch x := x.(type) {
	case *constExpr:
		return x.val, true
	case *nameExpr:
		if x.name == "null" {
			return nil, true
		}
	case *unaryExpr:
		if _, twice := x.x.(*unaryExpr); twice {
			return nil, false
		}
		v, ok := literalOf(x.x)
		if i, f, isInt, isNum := num(v); ok && isNum {
			switch {
			case isInt && x.neg:
				return -i, true
			case isInt:
				return i, true
			case x.neg:
				return -f, true
			}
			return f, true
		}
	case *listExpr:
		items := make([]any, len(x.items))
		for i, e := range x.items {
			v, ok := literalOf(e)
			if !ok {
				return nil, false
			}
			items[i] = v
		}
		if x.tuple {
			return Tuple(items), true
		}
		return items, true
	case *dictExpr:
		m := &Map{}
		for i := range x.keys {
			k, ok := literalOf(x.keys[i])
			v, ok2 := literalOf(x.vals[i])
			if !ok || !ok2 || hashable(k) != nil {
				return nil, false
			}
			m.Set(k, v)
		}
		return m, true
	}
	return nil, false
}
