package source

import "gopkg.in/yaml.v3"

// With returns n, a mapping, with a value under key: in the place of the one that
// it has, or behind all others. Where n is no mapping the result is one that
// stands in its place. A value that was written elsewhere counts as written where n
// stands. n is not changed.
func (n Node) With(key string, value Node) Node {
	out := n.emptied(yaml.MappingNode)
	if n.IsMap() {
		out.Content = append(out.Content, n.Content...)
	}
	v := n.adopted(value)
	for i := 0; i+1 < len(out.Content); i += 2 {
		if out.Content[i].Value == key {
			out.Content[i+1] = v
			return Node{out, n.doc}
		}
	}
	name := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Style: yaml.DoubleQuotedStyle, Value: key, Line: out.Line, Column: out.Column}
	out.Content = append(out.Content, name, v)
	return Node{out, n.doc}
}

// Without returns n, a mapping, without the entry under key.
func (n Node) Without(key string) Node {
	out := n.emptied(yaml.MappingNode)
	for _, p := range n.Pairs() {
		if p.Key.Value != key {
			out.Content = append(out.Content, p.Key.Node, p.Value.Node)
		}
	}
	return Node{out, n.doc}
}

// WithItem returns n, a list, with another element at i, which it has.
func (n Node) WithItem(i int, value Node) Node {
	out := n.emptied(yaml.SequenceNode)
	out.Content = append(out.Content, n.Content...)
	out.Content[i] = n.adopted(value)
	return Node{out, n.doc}
}

// NewText returns a text that counts as written where n stands.
func (n Node) NewText(text string) Node {
	out := n.emptied(yaml.ScalarNode)
	out.Tag, out.Style, out.Value = "!!str", yaml.DoubleQuotedStyle, text
	return Node{out, n.doc}
}

// IsUnsafe reports whether the node is text that is marked as no template.
func (n Node) IsUnsafe() bool {
	return n.Node != nil && n.Kind == yaml.ScalarNode && n.Tag == unsafeTag
}

// emptied returns a node of this kind that stands where n does.
func (n Node) emptied(kind yaml.Kind) *yaml.Node {
	out := &yaml.Node{Kind: kind}
	if n.Node != nil {
		out.Line, out.Column = n.Line, n.Column
	}
	return out
}

// adopted returns a value as one of n's own document.
func (n Node) adopted(value Node) *yaml.Node {
	if value.doc == n.doc || n.Node == nil {
		return value.Node
	}
	return moved(value.Node, n.Line, n.Column)
}

func moved(n *yaml.Node, line, column int) *yaml.Node {
	out := *n
	out.Line, out.Column, out.Content = line, column, nil
	for _, c := range n.Content {
		out.Content = append(out.Content, moved(c, line, column))
	}
	return &out
}
