package jinja

import "strconv"

// loopState is the variable loop of a running loop.
type loopState struct {
	stmt    *forStmt
	frame   *frame // the frame around the loop
	items   []any
	index   int
	depth   int
	seen    []any // the arguments of the last changed()
	started bool
	// origin is true while items are the elements of what the loop iterates
	// over, in their order, so that a changed element can be put back.
	origin bool
	// completed says that a turn came to its end: else is for when none did, also
	// where break or continue ended them.
	completed bool
}

func (s *forStmt) exec(f *frame, w *output) error {
	v, err := s.iter.eval(f)
	if err != nil {
		return err
	}
	return s.run(f, v, 1, w)
}

// run loops over v.
func (s *forStmt) run(f *frame, v any, depth int, w *output) error {
	items, err := f.c.iterate(v)
	if err != nil {
		return locate(err, f.at(s.iter.offset()))
	}
	loop := &loopState{stmt: s, frame: f, items: items, depth: depth}
	if _, ok := v.([]any); ok {
		loop.origin = s.test == nil && depth == 1
	}
	if s.test != nil {
		if loop.items, err = s.filter(f, items); err != nil {
			return err
		}
	}
	if err := loop.run(w); err != nil || loop.completed {
		return err
	}
	return run(f.child(), s.els, w)
}

func (s *forStmt) filter(f *frame, items []any) ([]any, error) {
	var out []any
	for _, item := range items {
		if err := f.c.step(); err != nil {
			return nil, err
		}
		g := f.child()
		if err := g.assign(s.target, item); err != nil {
			return nil, err
		}
		ok, err := truthOf(g, s.test)
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, item)
		}
	}
	return out, nil
}

func (l *loopState) run(w *output) error {
	var g *frame
	for i, item := range l.items {
		if err := l.frame.c.step(); err != nil {
			return err
		}
		l.index = i
		if g == nil || g.kept {
			g = l.frame.child()
			g.loop = l
		} else {
			g.names, g.vals = g.names[:0], g.vals[:0]
		}
		g.set("loop", l)
		if err := g.assign(l.stmt.target, item); err != nil {
			return err
		}
		switch err := run(g, l.stmt.body, w); err {
		case nil:
			l.completed = true
		case errContinue:
		case errBreak:
			return nil
		default:
			return err
		}
	}
	return nil
}

// changed puts a changed loop variable back where it came from, as if it were
// the same object.
func (l *loopState) changed(name string, v any) error {
	if !l.origin || l.stmt.target.name != name || l.stmt.target.tuple != nil {
		return nil
	}
	return l.frame.storeIn(l.stmt.iter, l.index, v)
}

// recurse is loop(items) in a recursive loop.
func (l *loopState) recurse(c *Context, a Args) (any, error) {
	if !l.stmt.recursive {
		return nil, newError("loop() needs a recursive loop").WithHint("write %s", "{% for … in … recursive %}")
	}
	if len(a.Pos) != 1 || a.Kw.Len() > 0 {
		return nil, newError("loop() takes one argument")
	}
	if err := c.enter(); err != nil {
		return nil, err
	}
	defer c.leave()
	w := output{rt: l.frame.rt}
	if err := l.stmt.run(l.frame, a.Pos[0], l.depth+1, &w); err != nil {
		return nil, err
	}
	return w.String(), nil
}

func (l *loopState) attribute(c *Context, name string) (any, bool) {
	n := len(l.items)
	switch name {
	case "index":
		return l.index + 1, true
	case "index0":
		return l.index, true
	case "revindex":
		return n - l.index, true
	case "revindex0":
		return n - l.index - 1, true
	case "first":
		return l.index == 0, true
	case "last":
		return l.index == n-1, true
	case "length":
		return n, true
	case "depth":
		return l.depth, true
	case "depth0":
		return l.depth - 1, true
	case "previtem":
		return l.neighbour(c, l.index-1, "there is no previous item"), true
	case "nextitem":
		return l.neighbour(c, l.index+1, "there is no next item"), true
	case "cycle":
		return &Func{"cycle", l.cycle}, true
	case "changed":
		return &Func{"changed", l.hasChanged}, true
	}
	return nil, false
}

func (l *loopState) neighbour(c *Context, i int, missing string) any {
	if i < 0 || i >= len(l.items) {
		return &Undefined{Name: "loop", hint: missing}
	}
	v, err := c.resolve(l.items[i])
	if err != nil {
		return &Undefined{Name: "loop", cause: err}
	}
	return v
}

func (l *loopState) cycle(_ *Context, a Args) (any, error) {
	if len(a.Pos) == 0 {
		return nil, newError("loop.cycle() needs values")
	}
	return a.Pos[l.index%len(a.Pos)], nil
}

func (l *loopState) hasChanged(_ *Context, a Args) (any, error) {
	if l.started {
		eq, err := equal(Tuple(a.Pos), Tuple(l.seen))
		if err != nil {
			return nil, err
		}
		if eq {
			return false, nil
		}
	}
	l.started, l.seen = true, a.Pos
	return true, nil
}

func (l *loopState) String() string {
	return "<LoopContext " + strconv.Itoa(l.index+1) + "/" + strconv.Itoa(len(l.items)) + ">"
}
