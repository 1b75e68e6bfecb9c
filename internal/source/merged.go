package source

import "gopkg.in/yaml.v3"

// Merged returns a list of mappings as one mapping, in which the later entries of
// a name win. It is false for anything else.
func (n Node) Merged() (Node, bool) {
	if !n.IsList() || len(n.Content) == 0 {
		return Node{}, false
	}
	all := *n.Node
	all.Kind, all.Tag, all.Content = yaml.MappingNode, "!!map", nil
	for _, item := range n.Items() {
		if !item.IsMap() {
			return Node{}, false
		}
		all.Content = append(all.Content, item.Content...)
	}
	return Node{&all, n.doc}, true
}
