package inventory

import (
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"

	"fleet/internal/source"
)

// toml reads a TOML inventory: tables [GROUP], [GROUP.hosts] and [GROUP.vars], with
// the same meaning as in YAML; children are a list.
func (r *reader) toml(text string) {
	p := &tomlReader{text: strings.ReplaceAll(text, "\r\n", "\n"), start: source.Pos{File: r.file, Line: 1, Col: 1}}
	root, err := p.document()
	if err != nil {
		r.fail(err)
		return
	}
	if len(root.Content) == 0 {
		r.fail(source.Errorf(source.Pos{File: r.file}, "the inventory is empty").WithHint(`start with "[all.hosts]"`))
		return
	}
	r.groups(r.inFile(root), true)
}

// tomlReader reads TOML 1.0 (toml.io), without arrays of tables; dates are texts.
type tomlReader struct {
	text  string
	i     int
	start source.Pos
}

func (p *tomlReader) pos(at int) source.Pos { return p.start.At(p.text, at) }

func (p *tomlReader) errorf(format string, args ...any) error {
	return source.Errorf(p.pos(p.i), "not valid TOML: %s", fmt.Sprintf(format, args...))
}

func (p *tomlReader) mapping() *yaml.Node {
	at := p.pos(p.i)
	return &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: at.Line, Column: at.Col}
}

func (p *tomlReader) peek() byte {
	if p.i >= len(p.text) {
		return 0
	}
	return p.text[p.i]
}

// skip passes over blanks, and with lines over line ends and comments too.
func (p *tomlReader) skip(lines bool) {
	for p.i < len(p.text) {
		switch c := p.text[p.i]; {
		case c == ' ' || c == '\t' || c == '\n' && lines:
			p.i++
		case c == '#' && lines:
			p.comment()
		default:
			return
		}
	}
}

func (p *tomlReader) comment() {
	if n := strings.IndexByte(p.text[p.i:], '\n'); n >= 0 {
		p.i += n
		return
	}
	p.i = len(p.text)
}

// lineEnd wants nothing more on the line but a comment.
func (p *tomlReader) lineEnd() error {
	p.skip(false)
	if p.peek() == '#' {
		p.comment()
	}
	if p.i < len(p.text) && p.text[p.i] != '\n' {
		return p.errorf("unexpected %q", p.text[p.i:p.i+1])
	}
	return nil
}

func (p *tomlReader) document() (*yaml.Node, error) {
	root := p.mapping()
	table := root
	for p.skip(true); p.i < len(p.text); p.skip(true) {
		var err error
		if p.peek() == '[' {
			table, err = p.header(root)
		} else {
			err = p.entry(table, 0)
		}
		if err == nil {
			err = p.lineEnd()
		}
		if err != nil {
			return nil, err
		}
	}
	return root, nil
}

// header reads "[a.b]" and returns the table.
func (p *tomlReader) header(root *yaml.Node) (*yaml.Node, error) {
	p.i++
	if p.peek() == '[' {
		return nil, p.errorf("an inventory has no arrays of tables")
	}
	keys, err := p.keys()
	if err != nil {
		return nil, err
	}
	if p.peek() != ']' {
		return nil, p.errorf(`a table's name ends with "]"`)
	}
	p.i++
	return p.descend(root, keys)
}

// entry reads "key = value" into a table.
func (p *tomlReader) entry(table *yaml.Node, depth int) error {
	keys, err := p.keys()
	if err != nil {
		return err
	}
	if p.peek() != '=' {
		return p.errorf(`a key is followed by "="`)
	}
	p.i++
	last := keys[len(keys)-1]
	if table, err = p.descend(table, keys[:len(keys)-1]); err != nil {
		return err
	}
	if below(table, last.Value) != nil {
		return p.errorf("the key %q stands twice", last.Value)
	}
	p.skip(false)
	value, err := p.value(depth)
	if err != nil {
		return err
	}
	table.Content = append(table.Content, last, value)
	return nil
}

// keys reads "a.b.'c d'".
func (p *tomlReader) keys() ([]*yaml.Node, error) {
	var keys []*yaml.Node
	for {
		p.skip(false)
		at := p.i
		key, err := p.key()
		if err != nil {
			return nil, err
		}
		keys = append(keys, textNode(key, p.pos(at)))
		p.skip(false)
		if p.peek() != '.' {
			return keys, nil
		}
		p.i++
	}
}

func (p *tomlReader) key() (string, error) {
	if c := p.peek(); c == '"' || c == '\'' {
		return p.quoted()
	}
	from := p.i
	for p.i < len(p.text) && isTOMLWord(p.text[p.i]) {
		p.i++
	}
	if p.i == from {
		return "", p.errorf("a key is wanted")
	}
	return p.text[from:p.i], nil
}

func isTOMLWord(c byte) bool {
	return c == '_' || c == '-' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// descend returns the table below one that the keys name, which is made where it
// is new.
func (p *tomlReader) descend(table *yaml.Node, keys []*yaml.Node) (*yaml.Node, error) {
	for _, k := range keys {
		next := below(table, k.Value)
		if next == nil {
			next = p.mapping()
			table.Content = append(table.Content, k, next)
		}
		if next.Kind != yaml.MappingNode {
			return nil, p.errorf("%q is no table", k.Value)
		}
		table = next
	}
	return table, nil
}

func below(table *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(table.Content); i += 2 {
		if table.Content[i].Value == key {
			return table.Content[i+1]
		}
	}
	return nil
}
