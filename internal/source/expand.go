package source

import (
	"fmt"
	"slices"

	"gopkg.in/yaml.v3"
)

// maxNodes bounds how many nodes one document may have once its aliases are
// followed, so that a small file cannot fill the memory.
const maxNodes = 1_000_000

// expander copies a document with its aliases followed and merge keys merged.
type expander struct {
	file  string
	open  map[*yaml.Node]bool
	count int

	duplicate func(*Error) error // decides about a key that stands twice; nil refuses it
}

func (x *expander) pos(n *yaml.Node) Pos { return Pos{File: x.file, Line: n.Line, Col: n.Column} }

func (x *expander) expand(n *yaml.Node) (*yaml.Node, error) {
	if x.count++; x.count > maxNodes {
		return nil, Errorf(x.pos(n), "the document has more than %d nodes once its aliases are followed", maxNodes)
	}
	if n.Kind == yaml.AliasNode {
		return x.expandAlias(n)
	}
	if n.Kind == yaml.ScalarNode {
		return n, nil
	}
	if x.open[n] {
		return nil, Errorf(x.pos(n), "the anchor %q contains itself", n.Anchor)
	}
	x.open[n] = true
	defer delete(x.open, n)
	out := *n
	out.Content = make([]*yaml.Node, 0, len(n.Content))
	if err := x.expandContent(n, &out); err != nil {
		return nil, err
	}
	if n.Tag == unsafeTag {
		return unsafeBelow(&out), nil
	}
	return &out, nil
}

func (x *expander) expandContent(n, out *yaml.Node) error {
	if n.Kind == yaml.MappingNode {
		return x.expandMapping(n, out)
	}
	for _, c := range n.Content {
		e, err := x.expand(c)
		if err != nil {
			return err
		}
		out.Content = append(out.Content, e)
	}
	return nil
}

// unsafeTag is on text that is no template.
const unsafeTag = "!unsafe"

// Unsafe returns the node with all texts in it marked as no templates.
func (n Node) Unsafe() Node {
	if n.Node != nil {
		n.Node = unsafeBelow(n.Node)
	}
	return n
}

// unsafeBelow returns a copy of a node in which the tag stands at each text, instead
// of at the list or mapping that holds them.
func unsafeBelow(n *yaml.Node) *yaml.Node {
	out := *n
	if n.Kind == yaml.ScalarNode {
		if _, isText := Scalar(Node{Node: n}).(string); isText && n.Style&yaml.TaggedStyle == 0 {
			out.Tag, out.Style = unsafeTag, n.Style|yaml.TaggedStyle
		}
		return &out
	}
	if out.Tag == unsafeTag {
		out.Tag, out.Style = "", n.Style&^yaml.TaggedStyle
	}
	out.Content = slices.Clone(n.Content)
	for i, c := range n.Content {
		if n.Kind == yaml.SequenceNode || i%2 == 1 {
			out.Content[i] = unsafeBelow(c)
		}
	}
	return &out
}

func (x *expander) expandAlias(n *yaml.Node) (*yaml.Node, error) {
	if x.open[n.Alias] {
		return nil, Errorf(x.pos(n), "the anchor %q contains itself", n.Value)
	}
	return x.expand(n.Alias)
}

func (x *expander) expandMapping(n, out *yaml.Node) error {
	seen := map[string]*yaml.Node{}
	places := map[string]int{} // of values in out
	var merged []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, err := x.expand(n.Content[i])
		if err != nil {
			return err
		}
		value, err := x.expand(n.Content[i+1])
		if err != nil {
			return err
		}
		if key.Tag == "!!merge" {
			merged = append(merged, value)
			continue
		}
		if key.Kind != yaml.ScalarNode {
			return Errorf(x.pos(key), "a key must be a plain value, not a %s", kindName(key)).
				WithHint("quote a value that starts with {{ or {")
		}
		if first, dup := seen[key.Value]; dup {
			if err := x.twice(key, first); err != nil {
				return err
			}
			out.Content[places[key.Value]] = value
			continue
		}
		seen[key.Value], places[key.Value] = key, len(out.Content)+1
		out.Content = append(out.Content, key, value)
	}
	for _, m := range merged {
		if err := x.merge(m, seen, out); err != nil {
			return err
		}
	}
	return nil
}

// twice is called for a key that stands in a mapping already. Where it returns nil,
// the later value counts.
func (x *expander) twice(key, first *yaml.Node) error {
	e := &Error{Pos: x.pos(key), Msg: fmt.Sprintf("found a duplicate dict key (%s)", key.Value), Err: ErrSyntax}
	e.WithHint("it stands first on line %d", first.Line)
	if x.duplicate == nil {
		return e
	}
	return x.duplicate(e)
}

func (x *expander) merge(from *yaml.Node, seen map[string]*yaml.Node, out *yaml.Node) error {
	switch from.Kind {
	case yaml.SequenceNode:
		for _, c := range from.Content {
			if err := x.merge(c, seen, out); err != nil {
				return err
			}
		}
		return nil
	case yaml.MappingNode:
		for i := 0; i+1 < len(from.Content); i += 2 {
			if key := from.Content[i]; seen[key.Value] == nil {
				seen[key.Value] = key
				out.Content = append(out.Content, key, from.Content[i+1])
			}
		}
		return nil
	}
	return Errorf(x.pos(from), "<< merges mappings, not a %s", kindName(from))
}
