package playbook

import "fleet/internal/source"

// kind says what a node is, for "must be a list, not ...".
func kind(n source.Node) string {
	switch source.Scalar(n).(type) {
	case string:
		return "text"
	case bool:
		return "a boolean"
	case int, float64:
		return "a number"
	}
	if n.IsMap() || n.IsList() {
		return "a " + n.KindName()
	}
	return "null"
}

// isPlainText reports whether the node is a scalar that is not null.
func isPlainText(n source.Node) bool {
	return n.Exists() && !n.IsMap() && !n.IsList() && !n.IsNull()
}
