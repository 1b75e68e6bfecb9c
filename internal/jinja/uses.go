package jinja

import "slices"

// Uses is all that a text can read when it is evaluated.
type Uses struct {
	// Refs are all names in it, those too that it may define itself and those of
	// the language's own functions.
	Refs []Ref
	// Calls are its filters, tests and lookups.
	Calls []Call
	// Loads: it takes in other templates, which read more.
	Loads bool
}

// Uses returns what the template can read.
func (t *Template) Uses() Uses {
	w := &walker{text: t.text, bound: map[string]bool{}, guards: map[string]bool{}, every: true}
	w.stmts(t.body)
	return Uses{w.refs, t.Calls(), w.loads}
}

// Uses is as Template.Uses.
func (e *Expr) Uses() Uses {
	w := &walker{text: e.text, bound: map[string]bool{}, guards: map[string]bool{}, every: true}
	w.expr(e.x)
	return Uses{Refs: w.refs, Calls: e.Calls()}
}

// IsDictMethod reports whether a dictionary has a method of this name, by which
// more is read of it than the member that would be called so.
func IsDictMethod(name string) bool {
	switch name {
	case "clear", "pop", "popitem", "setdefault", "update":
		return true
	}
	return builtin().methods["dict"][name] != nil
}

// IsTextMethod reports whether a text has a method of this name.
func IsTextMethod(name string) bool { return builtin().methods["str"][name] != nil }

// item returns the path of what an index is put to, where path is that of the
// element: a key that is not written out may be any.
func item(x *itemExpr, path []string) []string {
	if c, ok := x.key.(*constExpr); ok {
		if key, ok := c.val.(string); ok {
			return slices.Insert(path, 0, key)
		}
	}
	return nil
}

// tellsState reports whether a test tells no more of a value than whether it is
// there, or how a task ended.
func tellsState(x *testExpr) bool {
	switch x.def.name {
	case "defined", "undefined", "changed", "change", "failed", "failure", "success", "succeeded", "successful",
		"skipped", "skip", "reachable", "unreachable":
		return len(x.args.pos) == 0 && x.args.star == nil
	}
	return false
}
