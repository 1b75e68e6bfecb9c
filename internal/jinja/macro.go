package jinja

import (
	"slices"

	"fleet/internal/source"
)

// Macro is a macro: a piece of template with parameters. It is called, and
// yields text.
type Macro struct {
	def   *macroDef
	frame *frame
}

// Namespace is what namespace() makes: an object whose attributes `set` changes,
// also from within loops.
type Namespace struct {
	vars *Map
}

func (f *frame) macro(d *macroDef) *Macro {
	for g := f; g != nil; g = g.parent {
		g.kept = true
	}
	return &Macro{d, f}
}

// call renders the macro. caller is the body of a call block, or nil.
func (m *Macro) call(c *Context, a Args, caller *Macro) (any, error) {
	if err := c.enter(); err != nil {
		return nil, err
	}
	defer c.leave()
	f := m.frame.child()
	f.c = c
	if err := c.step(); err != nil {
		return nil, err
	}
	if err := m.bind(f, a, caller); err != nil {
		return nil, err
	}
	w := output{rt: f.rt}
	if err := run(f, m.def.body, &w); err != nil {
		return nil, err
	}
	return w.String(), nil
}

func (m *Macro) bind(f *frame, a Args, caller *Macro) error {
	d := m.def
	kw := a.Kw.Clone()
	if v, ok := kw.Get("caller"); ok && caller == nil {
		caller, _ = v.(*Macro)
		kw.Delete("caller")
	}
	if caller != nil && slices.Contains(d.params, "caller") {
		kw.Set("caller", caller)
	}
	for i, name := range d.params {
		switch v, named := kw.Get(name); {
		case i < len(a.Pos):
			if named {
				return newError("the macro %q got the argument %q twice", d.name, name)
			}
			f.set(name, a.Pos[i])
		case named:
			f.set(name, v)
			kw.Delete(name)
		case i >= len(d.params)-len(d.defaults):
			v, err := d.defaults[i-(len(d.params)-len(d.defaults))].eval(f)
			if err != nil {
				return err
			}
			f.set(name, v)
		default:
			f.set(name, &Undefined{Name: name, hint: "the parameter \"" + name + "\" was not given to the macro \"" + d.name + "\""})
		}
	}
	if caller != nil && !d.usesCaller {
		return newError("the macro %q does not use caller()", d.name)
	}
	if d.usesCaller && !slices.Contains(d.params, "caller") {
		if caller != nil {
			f.set("caller", caller)
		} else {
			f.set("caller", &Undefined{Name: "caller", hint: "the macro \"" + d.name + "\" was called without a call block"})
		}
	}
	return m.rest(f, a, kw)
}

// rest puts what no parameter took into varargs and kwargs.
func (m *Macro) rest(f *frame, a Args, kw *Map) error {
	d := m.def
	extra := a.Pos[min(len(d.params), len(a.Pos)):]
	if d.usesVarargs {
		f.set("varargs", Tuple(extra))
	} else if len(extra) > 0 {
		return newError("the macro %q takes %s, not %d", d.name, atMost(len(d.params)), len(a.Pos))
	}
	if d.usesKwargs {
		f.set("kwargs", kw)
	} else if kw.Len() > 0 {
		name := Str(kw.keys[0])
		e := newError("the macro %q has no argument %q", d.name, name)
		e.Hint = source.DidYouMean(name, d.params)
		return e
	}
	return nil
}

func (m *Macro) attribute(_ *Context, name string) (any, bool) {
	switch name {
	case "name":
		return m.def.name, true
	case "arguments":
		var names Tuple
		for _, p := range m.def.params {
			names = append(names, p)
		}
		return names, true
	case "catch_varargs":
		return m.def.usesVarargs, true
	case "catch_kwargs":
		return m.def.usesKwargs, true
	case "caller":
		return m.def.usesCaller, true
	}
	return nil, false
}

func (s *macroStmt) exec(f *frame, _ *output) error {
	f.set(s.def.name, f.macro(s.def))
	return nil
}

func (s *callStmt) exec(f *frame, w *output) error {
	fn, err := s.call.fn.eval(f)
	if err != nil {
		return err
	}
	a, err := s.call.args.eval(f)
	if err != nil {
		return err
	}
	body := f.macro(s.def)
	var v any
	if m, ok := fn.(*Macro); ok {
		v, err = m.call(f.c, a, body)
	} else {
		if a.Kw == nil {
			a.Kw = &Map{}
		}
		a.Kw.Set("caller", body)
		v, err = f.c.call(f, fn, a)
	}
	if err != nil {
		return locate(err, f.at(s.call.off))
	}
	return w.print(f, v)
}
