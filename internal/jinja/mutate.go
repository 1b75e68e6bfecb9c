package jinja

import (
	"slices"
)

// mutator is a method that changes its list or dictionary. It gets a copy, or
// one that the template owns, and returns the result and the changed value.
type mutator struct {
	name   string
	params string
	fn     func(c *Context, v any, a []any) (result, changed any, err error)
	sig    *signature
}

func indexMutators(l []mutator) map[string]*mutator {
	m := map[string]*mutator{}
	for i := range l {
		f := l[i]
		f.sig = parseSignature(f.params)
		m[f.name] = &f
	}
	return m
}

// mutate calls a method that changes obj. What all names for obj see from then on is
// the changed value: see aliases.
func (x *callExpr) mutate(f *frame, at *attrExpr, obj any, m *mutator) (any, error) {
	a, err := x.args.eval(f)
	if err != nil {
		return nil, err
	}
	bound, err := m.sig.bind("method", m.name, a)
	if err != nil {
		return nil, locate(err, f.at(at.off))
	}
	if d, ok := obj.(Mapping); ok {
		if obj, err = f.c.plainMap(d); err != nil {
			return nil, err
		}
	}
	if d, ok := obj.(*Map); ok {
		obj = f.own(d)
	}
	result, changed, err := f.change(obj, m, bound)
	if err != nil {
		return nil, locate(err, f.at(at.off))
	}
	result = f.c.left.changed.current(result)
	if _, ok := changed.(*Map); ok {
		return result, f.keep(at.obj, changed)
	}
	old, _ := obj.([]any)
	if l, ok := changed.([]any); ok && f.c.left.changed.replace(old, l) {
		return result, f.keep(at.obj, changed)
	}
	return result, f.store(at.obj, changed)
}

func (f *frame) change(obj any, m *mutator, bound []any) (result, changed any, err error) {
	if l, ok := obj.([]any); ok && m.name == "append" {
		changed, err := f.c.appended(l, bound[0])
		return nil, changed, err
	}
	result, changed, err = m.fn(f.c, obj, bound)
	if err == nil && isLarge(changed) && !same(obj, changed) {
		err = f.c.made(changed)
	}
	return result, changed, err
}

// appended returns l with another element: a copy with room, so that a list that
// grows element by element is copied seldom.
func (c *Context) appended(l []any, v any) ([]any, error) {
	grown := c.left.changed.grown
	if len(l) < cap(l) && grown[array(l)] {
		return append(l, v), nil
	}
	room := 2*len(l) + 4
	if err := c.charge(16 * room); err != nil {
		return nil, err
	}
	bigger := make([]any, len(l)+1, room)
	copy(bigger, l)
	bigger[len(l)] = v
	if err := checkSize(bigger); err != nil {
		return nil, err
	}
	if grown == nil {
		grown = map[*any]bool{}
		c.left.changed.grown = grown
	}
	delete(grown, array(l))
	grown[array(bigger)] = true
	return bigger, nil
}

// own returns d, or a copy of it that the running template may change, and that
// takes its place.
func (f *frame) own(d *Map) *Map {
	if d.owner == f.rt.own() {
		return d
	}
	mine := d.Clone()
	mine.owner = f.rt.own()
	f.c.left.changed.replaceMap(d, mine)
	return mine
}

// keep makes a variable from outside the template's own where it was changed: it
// may be computed anew whenever it is asked for.
func (f *frame) keep(x expr, v any) error {
	if n, ok := x.(*nameExpr); ok {
		if g, _ := f.find(n.name); g == nil {
			f.root().set(n.name, v)
		}
	}
	return nil
}

// store puts a changed list without identity (see array) where x names it. Where x
// is no place but a value, the change is lost, as in Python.
func (f *frame) store(x expr, v any) error {
	switch x := x.(type) {
	case *nameExpr:
		g, i := f.find(x.name)
		if g == nil {
			f.root().set(x.name, v)
			return nil
		}
		old := g.vals[i]
		g.vals[i] = v
		if g.loop != nil && !same(old, v) {
			return g.loop.changed(x.name, v)
		}
		return nil
	case *attrExpr:
		return f.storeIn(x.obj, x.name, v)
	case *itemExpr:
		if _, slice := x.key.(*sliceExpr); slice {
			return nil
		}
		key, err := x.key.eval(f)
		if err != nil {
			return err
		}
		return f.storeIn(x.obj, key, v)
	}
	return nil
}

// storeIn puts v under key into what x names.
func (f *frame) storeIn(x expr, key, v any) error {
	obj, err := x.eval(f)
	if err != nil {
		return err
	}
	switch o := obj.(type) {
	case *Namespace:
		o.vars.Set(key, v)
	case *Map:
		if old, ok := o.Get(key); ok && same(old, v) {
			return nil
		}
		d := f.own(o)
		d.Set(key, v)
		if d != o {
			return f.store(x, d)
		}
	case []any:
		i, _, isInt, ok := num(key)
		if i < 0 {
			i += len(o)
		}
		if !ok || !isInt || i < 0 || i >= len(o) || same(o[i], v) {
			return nil
		}
		l := slices.Clone(o)
		l[i] = v
		f.c.left.changed.replace(o, l)
	}
	return nil
}
