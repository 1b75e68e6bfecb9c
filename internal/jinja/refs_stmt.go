package jinja

func (w *walker) bind(t target) {
	if t.tuple == nil && t.attr == "" {
		w.bound[t.name] = true
	}
	for _, sub := range t.tuple {
		w.bind(sub)
	}
}

func (w *walker) stmts(body []stmt) {
	for _, s := range body {
		w.stmt(s)
	}
}

func (w *walker) stmt(s stmt) {
	switch s := s.(type) {
	case *printStmt:
		if w.child {
			w.perhaps(func() { w.expr(s.x) })
		} else {
			w.marked(s.x, mark{printed: true})
		}
	case *doStmt:
		w.expr(s.x)
	case *ifStmt:
		w.ifStmt(s)
	case *forStmt:
		w.expr(s.iter)
		w.perhaps(func() {
			w.scoped(func() {
				w.bind(s.target)
				w.exprs(s.test)
				w.bound["loop"] = true
				w.stmts(s.body)
			})
			w.scoped(func() { w.stmts(s.els) })
		})
	case *setStmt:
		w.expr(s.x)
		w.bind(s.target)
	case *setBlockStmt:
		w.exprs(s.filter)
		w.scoped(func() { w.stmts(s.body) })
		w.bind(s.target)
	case *macroStmt:
		w.bound[s.def.name] = true
		w.macro(s.def)
	case *callStmt:
		w.expr(s.call)
		w.macro(s.def)
	case *filterStmt:
		w.exprs(s.filter)
		w.scoped(func() { w.stmts(s.body) })
	case *withStmt:
		w.exprs(s.vals...)
		w.scoped(func() {
			for _, t := range s.targets {
				w.bind(t)
			}
			w.stmts(s.body)
		})
	case *blockStmt:
		body := func() {
			w.bound["super"], w.bound["self"] = true, true
			w.stmts(s.body)
		}
		w.scoped(func() {
			if w.child || s.required {
				w.perhaps(body)
			} else {
				body()
			}
		})
	case *extendsStmt:
		w.expr(s.name)
		w.child, w.loads = true, true
	case *includeStmt:
		w.expr(s.name)
		w.loads = true
	case *importStmt:
		w.expr(s.name)
		w.loads = true
		if s.as != "" {
			w.bound[s.as] = true
		}
		for _, n := range s.names {
			w.bound[n[1]] = true
		}
	}
}

// ifStmt walks the branches; a name that any of them sets counts as set, as
// otherwise `{% if a %}{% set x = 1 %}{% else %}…` would look undefined.
func (w *walker) ifStmt(s *ifStmt) {
	var before []string
	for i, cond := range s.conds {
		if i == 0 {
			w.expr(cond)
		} else {
			w.guarded(before, func() { w.perhaps(func() { w.expr(cond) }) })
		}
		w.guarded(append(impliedBy(cond, true), before...), func() { w.perhaps(func() { w.stmts(s.bodies[i]) }) })
		before = append(before, impliedBy(cond, false)...)
	}
	w.guarded(before, func() { w.perhaps(func() { w.stmts(s.els) }) })
}

// macro walks what is evaluated where the macro is called, if it is.
func (w *walker) macro(d *macroDef) {
	w.perhaps(func() {
		w.exprs(d.defaults...)
		w.scoped(func() {
			for _, p := range d.params {
				w.bound[p] = true
			}
			w.bound["caller"], w.bound["varargs"], w.bound["kwargs"] = true, true, true
			w.stmts(d.body)
		})
	})
}
