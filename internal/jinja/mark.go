package jinja

import (
	"slices"

	"fleet/internal/source"
)

// Comparison is a value that is written out, and held against a variable's.
type Comparison struct {
	// Op is "==", "!=", "<", "<=", ">" or ">=", with the variable on its left.
	Op string
	// With is a text, a whole number, a float or a bool.
	With any
}

// mark is what is known of the place at which the next value stands.
type mark struct {
	whole    bool        // it is all there is
	printed  bool        // it is written out, as it is
	word     bool        // texts in quotes are usual there
	compared *Comparison // it is held against a constant
	offs     []int       // where the steps of its path stand
}

// marked walks an expression at a place.
func (w *walker) marked(x expr, m mark) {
	w.mark = m
	w.expr(x)
}

// member is the mark of the value that a step of a path is taken of.
func (m mark) member(off int) mark {
	m.offs = slices.Insert(slices.Clone(m.offs), 0, off)
	return m
}

// StepPos returns where a step of the path stands.
func (r Ref) StepPos(i int) source.Pos {
	if i >= len(r.offs) {
		return r.Pos
	}
	return place{r.text, r.offs[i]}.pos()
}

// words walks expressions that stand where texts are usual.
func (w *walker) words(list ...expr) {
	for _, x := range list {
		if x != nil {
			w.marked(x, mark{word: true})
		}
	}
}

// called walks the arguments of a call: the first of a lookup is a name.
func (w *walker) called(x *callExpr) {
	args := x.args
	if fn, ok := x.fn.(*nameExpr); ok && len(args.pos) > 0 && (fn.name == "lookup" || fn.name == "query" || fn.name == "q") {
		w.words(args.pos[0])
		args.pos = args.pos[1:]
	}
	w.args(args)
}

// compare walks the first comparison of a chain.
func (w *walker) compare(left expr, op string, right expr) {
	w.marked(left, mark{word: true, compared: against(op, right)})
	w.marked(right, mark{word: true, compared: against(mirrored[op], left)})
}

// mirrored are the comparisons with their sides changed.
var mirrored = map[string]string{"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}

func against(op string, with expr) *Comparison {
	c, constant := with.(*constExpr)
	if !constant || mirrored[op] == "" {
		return nil
	}
	switch c.val.(type) {
	case string, int, int64, float64, bool:
		return &Comparison{op, c.val}
	}
	return nil
}

// alone returns the expression that is all a template has, or nil.
func alone(body []stmt) expr {
	if len(body) != 1 {
		return nil
	}
	if print, ok := body[0].(*printStmt); ok {
		return print.x
	}
	return nil
}
