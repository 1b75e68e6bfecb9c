// Package jmespath reads JMESPath, the query language of jmespath.org, as the
// Python library reads it that Ansible uses: with literals in backquotes that are
// no JSON and mean a text, and without the additions of later proposals. It runs on
// the controller, makes a tree of an expression and says where one is wrong; it
// knows no values and evaluates nothing.
package jmespath

// Kind says what a node does with the value that it is applied to.
type Kind uint8

// The kinds of nodes, and what their children are.
const (
	Current    Kind = iota // the value itself
	Field                  // the entry Text
	Index                  // the element Bounds[0]
	Slice                  // the elements from Bounds[0] to Bounds[1] by Bounds[2]
	Literal                // Value
	Chain                  // each child on what the one before gave
	Project                // the second on each element of the first
	Values                 // the second on each value of the first
	Filter                 // the second on each element of the first for which the third is true
	Flatten                // the child, one level flatter
	Or                     // the first, or the second where that is false
	And                    // the first where that is false, or the second
	Not                    // whether the child is false
	Compare                // whether the two are as the operator Text says
	List                   // a list of the children
	Hash                   // a dictionary of the children under Keys
	Call                   // the function Text with the children as arguments
	Expression             // the child, not evaluated: an argument of a function
)

// Node is a part of an expression. It never changes.
type Node struct {
	Kind   Kind
	Text   string
	Keys   []string
	Value  any
	Bounds [3]*int // where nil, not written
	Nodes  []*Node
	// Offset is where it begins in the expression, in bytes.
	Offset int
}

// Error is a mistake in an expression.
type Error struct {
	Offset int // in bytes
	Msg    string
}

func (e *Error) Error() string { return e.Msg }
