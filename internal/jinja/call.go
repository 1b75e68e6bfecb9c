package jinja

// args evaluates the arguments of a call.
func (a *callArgs) eval(f *frame) (Args, error) {
	var out Args
	if len(a.pos) > 0 {
		out.Pos = make([]any, len(a.pos), len(a.pos)+1)
	}
	for i, x := range a.pos {
		v, err := x.eval(f)
		if err != nil {
			return out, err
		}
		out.Pos[i] = v
	}
	if len(a.names) > 0 {
		out.Kw = &Map{}
	}
	for i, n := range a.names {
		v, err := a.vals[i].eval(f)
		if err != nil {
			return out, err
		}
		out.Kw.Set(n, v)
	}
	return out, a.evalStars(f, &out)
}

func (a *callArgs) evalStars(f *frame, out *Args) error {
	if a.star != nil {
		v, err := a.star.eval(f)
		if err != nil {
			return err
		}
		l, err := f.c.iterate(v)
		if err != nil {
			return locate(err, f.at(a.star.offset()))
		}
		out.Pos = append(out.Pos, l...)
	}
	if a.dstar == nil {
		return nil
	}
	v, err := a.dstar.eval(f)
	if err != nil {
		return err
	}
	m, err := f.c.dict(v)
	if err != nil {
		return locate(err, f.at(a.dstar.offset()))
	}
	if out.Kw == nil {
		out.Kw = &Map{}
	}
	for k, e := range m.All() {
		if out.Kw.Has(k) {
			return locate(newError("the argument %q is given twice", Str(k)), f.at(a.dstar.offset()))
		}
		out.Kw.Set(k, e)
	}
	return nil
}

func (x *filterExpr) eval(f *frame) (any, error) {
	if x.def.takes&takesVaulted != 0 {
		if secret, ok := f.vaulted(x.in); ok {
			return x.apply(f, secret.Vault())
		}
	}
	v, err := x.in.eval(f)
	if err != nil {
		return nil, err
	}
	return x.apply(f, v)
}

// apply runs the filter on v.
func (x *filterExpr) apply(f *frame, v any) (any, error) {
	a, err := x.args.eval(f)
	if err != nil {
		return nil, err
	}
	r, err := f.c.apply(x.def, "filter", v, a)
	if err != nil {
		return nil, locate(err, f.at(x.off))
	}
	if u, ok := r.(*Undefined); ok && u.at.text == nil && u.cause == nil {
		u.at = f.at(x.off)
	}
	return r, nil
}

func (x *testExpr) eval(f *frame) (any, error) {
	if x.def.takes&takesVaulted != 0 {
		if _, ok := f.vaulted(x.in); ok {
			return true, nil
		}
	}
	v, err := x.in.eval(f)
	if err != nil {
		return nil, err
	}
	a, err := x.args.eval(f)
	if err != nil {
		return nil, err
	}
	r, err := f.c.apply(x.def, "test", v, a)
	if err != nil {
		return nil, locate(err, f.at(x.off))
	}
	b, err := Truth(r)
	if err != nil {
		return nil, locate(err, f.at(x.off))
	}
	return b, nil
}

// Filter runs the filter called name on v, for lookups that build on one.
func (c *Context) Filter(name string, v any, args ...any) (any, error) {
	def, err := c.tables.find("filter", name)
	if err != nil {
		return nil, err
	}
	return c.apply(def, "filter", v, Args{Pos: args})
}

// apply runs a filter, test or method: it resolves what the function does not
// want lazy and puts the arguments in order.
func (c *Context) apply(d *filter, kind string, v any, a Args) (any, error) {
	if err := c.step(); err != nil {
		return nil, err
	}
	if u, ok := v.(*Undefined); ok && d.takes&takesUndefined == 0 {
		if !u.lenient {
			return nil, u.Err()
		}
		v = ""
	}
	var err error
	if d.takes&takesLazy == 0 {
		if !isScalar(v) {
			if v, err = c.loosely(v); err != nil {
				return nil, err
			}
			if v, err = c.plainMap(v); err != nil {
				return nil, err
			}
		}
		for i, e := range a.Pos {
			if !isScalar(e) {
				if a.Pos[i], err = c.loosely(e); err != nil {
					return nil, err
				}
			}
		}
		if a.Kw != nil {
			for i, e := range a.Kw.vals {
				if a.Kw.vals[i], err = c.loosely(e); err != nil {
					return nil, err
				}
			}
		}
	}
	bound, err := d.sig.bind(kind, d.name, a)
	if err != nil {
		return nil, err
	}
	r, err := d.fn(c, v, bound)
	if err != nil {
		return nil, err
	}
	if isLarge(r) && !same(r, v) {
		return r, c.made(r)
	}
	return r, nil
}

func (x *callExpr) eval(f *frame) (any, error) {
	if a, ok := x.fn.(*attrExpr); ok {
		return x.method(f, a)
	}
	fn, err := x.fn.eval(f)
	if err != nil {
		return nil, err
	}
	return x.invoke(f, fn)
}

func (x *callExpr) invoke(f *frame, fn any) (any, error) {
	a, err := x.args.eval(f)
	if err != nil {
		return nil, err
	}
	v, err := f.c.call(f, fn, a)
	if err != nil {
		return nil, locate(err, f.at(x.off))
	}
	if v, err = f.c.resolve(v); err != nil {
		return nil, locate(err, f.at(x.off))
	}
	return v, nil
}

// call calls a value.
func (c *Context) call(f *frame, fn any, a Args) (any, error) {
	if err := c.step(); err != nil {
		return nil, err
	}
	switch fn := fn.(type) {
	case *Func:
		return fn.Call(c, a)
	case *Macro:
		return fn.call(c, a, nil)
	case *loopState:
		return fn.recurse(c, a)
	case *superBlock:
		return fn.render()
	case *Undefined:
		return nil, fn.Err()
	}
	return nil, newError("%s cannot be called", describe(fn))
}

// method calls obj.name(…). Methods that change a list or a dictionary change
// the place that obj names.
func (x *callExpr) method(f *frame, at *attrExpr) (any, error) {
	obj, err := at.obj.eval(f)
	if err != nil {
		return nil, err
	}
	t := typeName(obj)
	if m, ok := f.c.tables.mutators[t][at.name]; ok {
		return x.mutate(f, at, obj, m)
	}
	if d, ok := f.c.tables.methods[t][at.name]; ok {
		a, err := x.args.eval(f)
		if err != nil {
			return nil, err
		}
		v, err := f.c.apply(d, "method", obj, a)
		if err != nil {
			return nil, locate(err, f.at(at.off))
		}
		if v, err = f.c.resolve(v); err != nil {
			return nil, locate(err, f.at(at.off))
		}
		return v, nil
	}
	fn, err := f.c.attr(obj, at.name, f.at(at.off))
	if err != nil {
		return nil, locate(err, f.at(at.off))
	}
	return x.invoke(f, fn)
}

// boundMethod is obj.name without the call.
func (c *Context) boundMethod(obj any, name string) *Func {
	t := typeName(obj)
	return &Func{Name: name, Call: func(c *Context, a Args) (any, error) {
		if d, ok := c.tables.methods[t][name]; ok {
			return c.apply(d, "method", obj, a)
		}
		return nil, newError("%q must be called where it is written", name)
	}}
}
