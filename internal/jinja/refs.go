package jinja

import (
	"maps"
	"slices"
)

// Names returns the variables that the template takes from its scope, in the
// order in which they stand there.
func (t *Template) Names() []Ref {
	w := &walker{text: t.text, bound: map[string]bool{}, guards: map[string]bool{}}
	if x := alone(t.body); x != nil {
		w.marked(x, mark{whole: true, printed: true})
	} else {
		w.stmts(t.body)
	}
	return w.refs
}

// Names is as Template.Names.
func (e *Expr) Names() []Ref {
	w := &walker{text: e.text, bound: map[string]bool{}, guards: map[string]bool{}}
	w.marked(e.x, mark{whole: true, printed: true})
	return w.refs
}

// callAt is a Call whose position is not computed yet.
type callAt struct {
	kind, name string
	off        int
	args       []string
}

func located(calls []callAt, t *text) []Call {
	out := make([]Call, len(calls))
	for i, c := range calls {
		out[i] = Call{c.kind, c.name, place{t, c.off}.pos(), c.args}
	}
	return out
}

// walker collects the variables that a template does not define itself.
type walker struct {
	text   *text
	bound  map[string]bool // names that the template defines
	guards map[string]bool // names that were tested
	maybe  bool            // what is walked now may never be evaluated
	child  bool            // the template extends another, whose text is rendered instead
	refs   []Ref
	every  bool     // names that the template defines itself are wanted too
	loads  bool     // there is another template that it takes in
	path   []string // what is taken of the value that is walked next
	mark   mark     // where that stands
}

// perhaps runs f for what may never be evaluated.
func (w *walker) perhaps(f func()) {
	maybe := w.maybe
	w.maybe = true
	f()
	w.maybe = maybe
}

// scoped runs f; what it binds and guards is forgotten behind it.
func (w *walker) scoped(f func()) {
	bound, guards := maps.Clone(w.bound), maps.Clone(w.guards)
	f()
	w.bound, w.guards = bound, guards
}

// guarded runs f with more names guarded.
func (w *walker) guarded(names []string, f func()) {
	guards := maps.Clone(w.guards)
	for _, n := range names {
		w.guards[n] = true
	}
	f()
	w.guards = guards
}

func (w *walker) ref(x *nameExpr, path []string, guarded bool, m mark) {
	if !w.every {
		if _, global := builtin().globals[x.name]; global || w.bound[x.name] {
			return
		}
	}
	w.refs = append(w.refs, Ref{x.name, place{w.text, x.off}.pos(), guarded || w.guards[x.name], !w.maybe, path, m.whole, m.printed, m.word && len(path) == 0, m.compared, w.text, m.offs})
}

func (w *walker) exprs(list ...expr) {
	for _, x := range list {
		if x != nil {
			w.expr(x)
		}
	}
}

func (w *walker) args(a callArgs) {
	w.exprs(a.pos...)
	w.exprs(a.vals...)
	w.exprs(a.star, a.dstar)
}

func (w *walker) expr(x expr) {
	path, at := w.path, w.mark
	w.path, w.mark = nil, mark{}
	switch x := x.(type) {
	case *nameExpr:
		w.ref(x, path, false, at)
	case *listExpr:
		w.exprs(x.items...)
	case *dictExpr:
		w.words(x.keys...)
		w.exprs(x.vals...)
	case *attrExpr:
		w.path = slices.Insert(path, 0, x.name)
		w.marked(x.obj, at.member(x.off))
	case *itemExpr:
		if w.path = item(x, path); w.path != nil {
			w.mark = at.member(x.key.offset())
		}
		w.expr(x.obj)
		w.expr(x.key)
	case *sliceExpr:
		w.exprs(x.start, x.stop, x.step)
	case *callExpr:
		w.expr(x.fn)
		w.called(x)
	case *filterExpr:
		if x.def.takes&takesUndefined != 0 && x.def.name != "type_debug" && x.in != nil {
			w.soft(x.in)
		} else {
			w.exprs(x.in)
		}
		if x.def.takes&showsUndefined != 0 {
			w.perhaps(func() { w.args(x.args) })
		} else {
			w.args(x.args)
		}
	case *testExpr:
		if tellsState(x) {
			w.path = []string{"is " + x.def.name}
		}
		if x.def.takes&takesUndefined != 0 {
			w.soft(x.in)
		} else {
			w.expr(x.in)
		}
		w.args(x.args)
	case *notExpr:
		w.expr(x.x)
	case *logicExpr:
		w.expr(x.left)
		w.guarded(impliedBy(x.left, x.and), func() { w.perhaps(func() { w.expr(x.right) }) })
	case *condExpr:
		w.expr(x.cond)
		w.perhaps(func() {
			w.guarded(impliedBy(x.cond, true), func() { w.expr(x.then) })
			w.guarded(impliedBy(x.cond, false), func() { w.exprs(x.els) })
		})
	case *compareExpr:
		w.compare(x.first, x.ops[0], x.rest[0])
		w.perhaps(func() { w.exprs(x.rest[1:]...) })
	case *binaryExpr:
		w.exprs(x.left, x.right)
	case *unaryExpr:
		w.expr(x.x)
	case *concatExpr:
		w.exprs(x.parts...)
	}
}

// soft walks a value that may be undefined: the variable at its root is guarded.
func (w *walker) soft(x expr) {
	path := w.path
	w.path = nil
	switch x := x.(type) {
	case *nameExpr:
		w.ref(x, path, true, mark{})
	case *attrExpr:
		w.path = slices.Insert(path, 0, x.name)
		w.soft(x.obj)
	case *itemExpr:
		w.path = item(x, path)
		w.soft(x.obj)
		w.expr(x.key)
	case *filterExpr:
		w.path = path
		if x.def == nil || x.def.name != "extract" || x.in == nil {
			w.expr(x)
			return
		}
		w.expr(x.in) // what it takes from may be missing, and then its member is too
		for _, arg := range x.args.pos {
			w.soft(arg)
		}
	default:
		w.path = path
		w.expr(x)
	}
}

// impliedBy returns the variables that are defined where cond is what truth says.
func impliedBy(cond expr, truth bool) []string {
	switch x := cond.(type) {
	case *notExpr:
		return impliedBy(x.x, !truth)
	case *logicExpr:
		if x.and == truth {
			return append(impliedBy(x.left, truth), impliedBy(x.right, truth)...)
		}
	case *testExpr:
		if root := rootName(x.in); root != "" && (x.def.name == "defined" && truth || x.def.name == "undefined" && !truth) {
			return []string{root}
		}
	}
	return nil
}

func rootName(x expr) string {
	switch x := x.(type) {
	case *nameExpr:
		return x.name
	case *attrExpr:
		return rootName(x.obj)
	case *itemExpr:
		return rootName(x.obj)
	}
	return ""
}
