package source

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"gopkg.in/yaml.v3"
)

// Node is a YAML node that knows its file. The zero Node stands for "absent".
// Aliases are already followed and merge keys (<<) already merged.
type Node struct {
	*yaml.Node
	doc *document
}

// document is the file that nodes come from.
type document struct {
	file      string
	lines     []string
	keys      Keys // decrypts the values in it
	encrypted bool // the whole file was
}

// File returns the name of the node's file.
func (n Node) File() string {
	if n.doc == nil {
		return ""
	}
	return n.doc.file
}

// Pair is one entry of a mapping.
type Pair struct{ Key, Value Node }

// ReadYAML reads the file and returns its documents, checked: no syntax error,
// no duplicate key, no endless alias. An empty file has no documents.
func ReadYAML(file string) ([]Node, error) { return Files{}.YAML(file) }

func readError(file string, err error) error {
	var pathErr *os.PathError
	if errors.As(err, &pathErr) {
		err = pathErr.Err
	}
	return Errorf(Pos{File: file}, "cannot read: %w", err)
}

// ParseYAML is ReadYAML for text that is already in memory; file is only named.
func ParseYAML(file string, data []byte) ([]Node, error) { return Files{}.parse(file, data, false) }

func (f Files) parse(file string, data []byte, encrypted bool) ([]Node, error) {
	from := &document{file: file, lines: strings.Split(string(data), "\n"), keys: f.Keys, encrypted: encrypted}
	roots, err := decodeSlashes(data)
	if err != nil {
		return nil, from.syntaxError(data, err)
	}
	var docs []Node
	for _, root := range roots {
		x := expander{file: file, open: map[*yaml.Node]bool{}, duplicate: f.Duplicate}
		root, err := x.expand(root)
		if err != nil {
			return nil, err
		}
		docs = append(docs, Node{root, from})
	}
	return docs, nil
}

func kindName(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "mapping"
	case yaml.SequenceNode:
		return "list"
	case yaml.ScalarNode:
		if n.ShortTag() == "!!null" {
			return "null"
		}
		return "value"
	}
	return "node"
}

// Exists reports whether the node is there at all (it may still be null).
func (n Node) Exists() bool { return n.Node != nil }

// Pos returns where the node starts.
func (n Node) Pos() Pos {
	if n.Node == nil {
		return Pos{File: n.File()}
	}
	return Pos{File: n.File(), Line: n.Line, Col: n.Column}
}

// TextPos returns where the text of a scalar starts: behind an opening quote,
// or on the line below a block scalar's header.
func (n Node) TextPos() Pos {
	p := n.Pos()
	if n.Node == nil || n.Kind != yaml.ScalarNode {
		return p
	}
	switch {
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		p.Line++
		p.Indent = n.blockIndent()
		p.Col = p.Indent + 1
	case n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0:
		p.Col++
	}
	return p
}

// blockIndent returns the indentation of a block scalar: that of its first line
// that is not blank.
func (n Node) blockIndent() int {
	if n.doc == nil {
		return 0
	}
	for line := n.Line + 1; line <= len(n.doc.lines); line++ {
		if strings.TrimSpace(n.doc.lines[line-1]) != "" {
			return n.doc.indent(line)
		}
	}
	return 0
}

// indent returns the number of blanks that the line (from 1) starts with.
func (d *document) indent(line int) int {
	if line < 1 || line > len(d.lines) {
		return 0
	}
	text := d.lines[line-1]
	return len(text) - len(strings.TrimLeft(text, " \t"))
}

// KindName returns "mapping", "list", "value", "null" or "nothing", for errors.
func (n Node) KindName() string {
	if n.Node == nil {
		return "nothing"
	}
	return kindName(n.Node)
}

// IsMap, IsList and IsNull report the kind. A plain empty value is null.
func (n Node) IsMap() bool  { return n.Node != nil && n.Kind == yaml.MappingNode }
func (n Node) IsList() bool { return n.Node != nil && n.Kind == yaml.SequenceNode }
func (n Node) IsNull() bool { return n.Node != nil && n.Kind == yaml.ScalarNode && Scalar(n) == nil }

// IsString reports whether the node is a scalar that stands for text.
func (n Node) IsString() bool {
	if n.Node == nil || n.Kind != yaml.ScalarNode {
		return false
	}
	_, ok := Scalar(n).(string)
	return ok
}

// Pairs returns the entries of a mapping in the order of the file.
func (n Node) Pairs() []Pair {
	if !n.IsMap() {
		return nil
	}
	pairs := make([]Pair, 0, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		pairs = append(pairs, Pair{Node{n.Content[i], n.doc}, Node{n.Content[i+1], n.doc}})
	}
	return pairs
}

// Get returns the value under key, or the zero Node.
func (n Node) Get(key string) Node {
	for _, p := range n.Pairs() {
		if p.Key.Value == key {
			return p.Value
		}
	}
	return Node{}
}

// Items returns the elements of a list in order.
func (n Node) Items() []Node {
	if !n.IsList() {
		return nil
	}
	items := make([]Node, 0, len(n.Content))
	for _, c := range n.Content {
		items = append(items, Node{c, n.doc})
	}
	return items
}

// Text returns a scalar's text as it stands in the file, whatever its type.
func (n Node) Text() string {
	if n.Node == nil || n.Kind != yaml.ScalarNode {
		return ""
	}
	return n.Node.Value
}

// Errorf returns an Error at the node.
func (n Node) Errorf(format string, args ...any) *Error { return Errorf(n.Pos(), format, args...) }

// Decode is not offered: it would lose positions and types. It hides yaml.v3's.
func (n Node) Decode(any) error { return fmt.Errorf("source: use Pairs, Items and Scalar") }
