package jinja

import "errors"

var (
	errBreak    = errors.New("break outside of a loop")
	errContinue = errors.New("continue outside of a loop")
)

// run executes statements in order.
func run(f *frame, body []stmt, w *output) error {
	for _, s := range body {
		if err := s.exec(f, w); err != nil {
			return err
		}
	}
	return nil
}

func (s *dataStmt) exec(f *frame, w *output) error {
	if w.muted() {
		return nil
	}
	w.pieces, w.last = w.pieces+1, nil
	return w.write(s.data)
}

func (s *printStmt) exec(f *frame, w *output) error {
	if w.muted() {
		return nil
	}
	v, err := s.x.eval(f)
	if err != nil {
		return err
	}
	w.pieces, w.last = w.pieces+1, nil
	if _, isText := v.(string); isText {
		w.last = s.x
	}
	if err := w.print(f, v); err != nil {
		return locate(err, f.at(s.off))
	}
	return nil
}

func (s *ifStmt) exec(f *frame, w *output) error {
	for i, cond := range s.conds {
		ok, err := truthOf(f, cond)
		if err != nil {
			return err
		}
		if ok {
			return run(f, s.bodies[i], w)
		}
	}
	return run(f, s.els, w)
}

func (s *setStmt) exec(f *frame, _ *output) error {
	v, err := s.x.eval(f)
	if err != nil {
		return err
	}
	return f.assign(s.target, v)
}

// assign stores v in a target.
func (f *frame) assign(t target, v any) error {
	switch {
	case t.attr != "":
		ns, err := f.lookup(t.name, t.off)
		if err != nil {
			return locate(err, f.at(t.off))
		}
		n, ok := ns.(*Namespace)
		if !ok {
			return locate(newError("cannot assign to an attribute of %q: it is no namespace", t.name).
				WithHint("{%% set %s = namespace(%s=…) %%} makes one", t.name, t.attr), f.at(t.off))
		}
		n.vars.Set(t.attr, v)
		return nil
	case t.tuple == nil:
		f.set(t.name, v)
		return nil
	}
	v, err := f.c.resolve(v)
	if err != nil {
		return locate(err, f.at(t.off))
	}
	items, err := f.c.iterate(v)
	if err != nil {
		return locate(err, f.at(t.off))
	}
	if len(items) != len(t.tuple) {
		return locate(newError("%d values for %d names", len(items), len(t.tuple)), f.at(t.off))
	}
	for i, sub := range t.tuple {
		if err := f.assign(sub, items[i]); err != nil {
			return err
		}
	}
	return nil
}

// capture renders a body into a text.
func capture(f *frame, body []stmt) (string, error) {
	w := output{rt: f.rt}
	err := run(f, body, &w)
	return w.String(), err
}

func (s *setBlockStmt) exec(f *frame, _ *output) error {
	body, err := capture(f.child(), s.body)
	if err != nil {
		return err
	}
	var v any = body
	if s.filter != nil {
		if v, err = applyChain(f, s.filter, body); err != nil {
			return err
		}
	}
	return f.assign(s.target, v)
}

// applyChain runs filters that have nothing in front on v.
func applyChain(f *frame, x expr, v any) (any, error) {
	fx, ok := x.(*filterExpr)
	if !ok {
		return v, nil
	}
	if fx.in != nil {
		var err error
		if v, err = applyChain(f, fx.in, v); err != nil {
			return nil, err
		}
	}
	return fx.apply(f, v)
}

func (s *filterStmt) exec(f *frame, w *output) error {
	body, err := capture(f.child(), s.body)
	if err != nil {
		return err
	}
	v, err := applyChain(f, s.filter, body)
	if err != nil {
		return err
	}
	return locateIf(w.print(f, v), f.at(s.off))
}

func locateIf(err error, at place) error {
	if err == nil {
		return nil
	}
	return locate(err, at)
}

func (s *withStmt) exec(f *frame, w *output) error {
	g := f.child()
	for i, x := range s.vals {
		v, err := x.eval(f)
		if err != nil {
			return err
		}
		if err := g.assign(s.targets[i], v); err != nil {
			return err
		}
	}
	return run(g, s.body, w)
}

func (s *doStmt) exec(f *frame, _ *output) error {
	_, err := s.x.eval(f)
	return err
}

func (s *loopCtlStmt) exec(*frame, *output) error { return s.err }
