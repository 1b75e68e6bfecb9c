package jinja

import "fleet/internal/source"

// FromYAML returns what a node of the operator's own file stands for: text with
// a template marker is a *Text, unless it is tagged !unsafe; an encrypted value is
// *Vaulted.
func FromYAML(n source.Node) any { return fromNode(n, true) }

// Plain is FromYAML where nothing is a template.
func Plain(n source.Node) any { return fromNode(n, false) }

func fromNode(n source.Node, templates bool) any {
	switch {
	case n.IsMap():
		m := &Map{}
		for _, p := range n.Pairs() {
			m.Set(fromKey(p.Key), fromNode(p.Value, templates))
		}
		return m
	case n.IsList():
		items := n.Items()
		list := make([]any, len(items))
		for i, item := range items {
			list[i] = fromNode(item, templates)
		}
		return list
	case n.Vaulted():
		return &Vaulted{node: n}
	}
	v := source.Scalar(n)
	if s, ok := v.(string); ok && templates && n.Tag != "!unsafe" && IsTemplate(s) {
		return NewText(s, n.TextPos())
	}
	return v
}

func fromKey(n source.Node) any { return source.Scalar(n) }
