package inventory

import (
	"errors"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"fleet/internal/source"
)

// iniVar is a variable of an INI inventory.
type iniVar struct {
	key, value string
	pos        source.Pos
}

// iniVars returns the variables as a mapping. A value that is a literal of
// Python (a number, True, None, quoted text, a list, a dict) is that; all else
// is text.
func (r *reader) iniVars(vars []iniVar) source.Node {
	m := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: vars[0].pos.Line, Column: vars[0].pos.Col}
	for _, v := range vars {
		at := v.pos
		at.Col += len(v.key) + 1
		m.Content = append(m.Content, textNode(v.key, v.pos), literalNode(v.value, at))
	}
	return r.inFile(m)
}

// mapping returns a mapping with one plain value.
func (r *reader) mapping(pos source.Pos, key, value string) source.Node {
	m := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: pos.Line, Column: pos.Col}
	plain := &yaml.Node{Kind: yaml.ScalarNode, Value: value, Line: pos.Line, Column: pos.Col}
	m.Content = []*yaml.Node{textNode(key, pos), plain}
	return r.inFile(m)
}

// inFile returns a node that belongs to the file that is being read.
func (r *reader) inFile(n *yaml.Node) source.Node {
	docs, err := source.ParseYAML(r.file, []byte("x"))
	if err != nil || len(docs) != 1 {
		return source.Node{Node: n}
	}
	docs[0].Node = n
	return docs[0]
}

func textNode(text string, pos source.Pos) *yaml.Node {
	return &yaml.Node{
		Kind: yaml.ScalarNode, Tag: "!!str", Style: yaml.TaggedStyle, Value: text, Line: pos.Line, Column: pos.Col,
	}
}

// literalNode returns what a text stands for as a Python literal, or the text.
func literalNode(text string, pos source.Pos) *yaml.Node {
	p := &literal{text: text, pos: pos}
	n, err := p.value(0)
	if err != nil || !p.atEnd() {
		return textNode(text, pos)
	}
	return n
}

// literal reads one literal of Python.
type literal struct {
	text string
	i    int
	pos  source.Pos
}

var errNoLiteral = errors.New("not a literal")

const maxNesting = 50

func (p *literal) blanks() {
	for p.i < len(p.text) && strings.IndexByte(" \t", p.text[p.i]) >= 0 {
		p.i++
	}
}

// atEnd reports whether nothing but a comment follows.
func (p *literal) atEnd() bool {
	p.blanks()
	return p.i == len(p.text) || p.text[p.i] == '#'
}

// next skips blanks and returns the next byte, or 0.
func (p *literal) next() byte {
	p.blanks()
	if p.i == len(p.text) {
		return 0
	}
	return p.text[p.i]
}

func (p *literal) at() source.Pos { return p.pos.At(p.text, p.i) }

func (p *literal) value(depth int) (*yaml.Node, error) {
	if depth > maxNesting {
		return nil, errNoLiteral
	}
	switch c := p.next(); {
	case c == '\'' || c == '"':
		return p.strings()
	case c == '[':
		return p.list(']', depth)
	case c == '(':
		return p.list(')', depth)
	case c == '{':
		return p.dict(depth)
	case c == '-' || c == '+' || c == '.' || c >= '0' && c <= '9':
		return p.number()
	}
	start, at := p.i, p.at()
	for p.i < len(p.text) && (p.text[p.i] == '_' || p.text[p.i] >= 'a' && p.text[p.i] <= 'z' || p.text[p.i] >= 'A' && p.text[p.i] <= 'Z') {
		p.i++
	}
	plain := map[string]string{"True": "true", "False": "false", "None": "null"}[p.text[start:p.i]]
	if plain == "" {
		return nil, errNoLiteral
	}
	return plainNode(plain, at), nil
}

func plainNode(text string, pos source.Pos) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Value: text, Line: pos.Line, Column: pos.Col}
}

// strings reads quoted texts; those that follow one another are one.
func (p *literal) strings() (*yaml.Node, error) {
	at := p.at()
	var b strings.Builder
	for c := p.next(); c == '\'' || c == '"'; c = p.next() {
		if err := p.quoted(&b, c); err != nil {
			return nil, err
		}
	}
	return textNode(b.String(), at), nil
}

func (p *literal) quoted(b *strings.Builder, quote byte) error {
	if strings.HasPrefix(p.text[p.i:], strings.Repeat(string(quote), 3)) {
		return errNoLiteral
	}
	for p.i++; p.i < len(p.text); p.i++ {
		switch c := p.text[p.i]; c {
		case quote:
			p.i++
			return nil
		case '\\':
			if err := p.escape(b); err != nil {
				return err
			}
		default:
			b.WriteByte(c)
		}
	}
	return errNoLiteral
}

// escape reads an escape and leaves the position on its last byte.
func (p *literal) escape(b *strings.Builder) error {
	rest := p.text[p.i:]
	if len(rest) < 2 {
		return errNoLiteral
	}
	size := map[byte]int{'x': 2, 'u': 4, 'U': 8}[rest[1]]
	if size > 0 {
		if len(rest) < 2+size {
			return errNoLiteral
		}
		code, err := strconv.ParseUint(rest[2:2+size], 16, 32)
		if err != nil || code > 0x10ffff {
			return errNoLiteral
		}
		b.WriteRune(rune(code))
		p.i += 1 + size
		return nil
	}
	p.i++
	const names, values = `\'"abfnrtv0`, "\\'\"\a\b\f\n\r\t\v\x00"
	if k := strings.IndexByte(names, rest[1]); k >= 0 {
		b.WriteByte(values[k])
		return nil
	}
	b.WriteString(rest[:2])
	return nil
}

// list reads a list or a tuple. Parentheses around one value alone mean nothing.
func (p *literal) list(end byte, depth int) (*yaml.Node, error) {
	at := p.at()
	n := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Line: at.Line, Column: at.Col}
	p.i++
	comma := false
	for p.next() != end {
		if len(n.Content) > 0 && !comma {
			return nil, errNoLiteral
		}
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		n.Content = append(n.Content, v)
		comma = p.comma()
	}
	p.i++
	if end == ')' && len(n.Content) == 1 && !comma {
		return n.Content[0], nil
	}
	return n, nil
}

func (p *literal) comma() bool {
	if p.next() != ',' {
		return false
	}
	p.i++
	return true
}

func (p *literal) dict(depth int) (*yaml.Node, error) {
	at := p.at()
	n := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: at.Line, Column: at.Col}
	p.i++
	comma := false
	for p.next() != '}' {
		if len(n.Content) > 0 && !comma {
			return nil, errNoLiteral
		}
		k, err := p.value(depth + 1)
		if err != nil || k.Kind != yaml.ScalarNode || p.next() != ':' {
			return nil, errNoLiteral
		}
		p.i++
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		n.Content = append(n.Content, k, v)
		comma = p.comma()
	}
	p.i++
	return n, nil
}

// number reads a number as Python writes them: no leading zeros.
func (p *literal) number() (*yaml.Node, error) {
	at, start := p.at(), p.i
	for p.i < len(p.text) && strings.IndexByte("+-.0123456789abcdefABCDEFxXoO_", p.text[p.i]) >= 0 {
		p.i++
	}
	text := p.text[start:p.i]
	digits := strings.TrimLeft(text, "+-")
	if len(text)-len(digits) > 1 || digits == "" || badUnderscore(digits) {
		return nil, errNoLiteral
	}
	if i, err := strconv.ParseInt(text, 0, 64); err == nil {
		if len(digits) > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9' && strings.Trim(digits, "0_") != "" {
			return nil, errNoLiteral
		}
		return plainNode(strconv.FormatInt(i, 10), at), nil
	}
	f, err := strconv.ParseFloat(strings.ReplaceAll(text, "_", ""), 64)
	if err != nil || strings.ContainsAny(digits, "xXpP") {
		return nil, errNoLiteral
	}
	return plainNode(floatText(f), at), nil
}

// badUnderscore reports an underscore that does not stand between digits.
func badUnderscore(s string) bool {
	return strings.HasPrefix(s, "_") || strings.HasSuffix(s, "_") || strings.Contains(s, "__") ||
		strings.Contains(s, "._") || strings.Contains(s, "_.")
}

// floatText writes a number so that YAML reads it as one with a fraction.
func floatText(f float64) string {
	s := strconv.FormatFloat(f, 'g', -1, 64)
	mantissa, exponent, ok := strings.Cut(s, "e")
	if !strings.Contains(mantissa, ".") {
		mantissa += ".0"
	}
	if ok {
		return mantissa + "e" + exponent
	}
	return mantissa
}
