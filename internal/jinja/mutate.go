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

// mutate calls a method that changes obj. Lists are values here: the changed one
// is put where the receiver expression names it. Dictionaries that the template
// did not make itself are copied before.
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
	if l, ok := obj.([]any); ok && m.name == "append" {
		changed, err := f.appended(l, bound[0])
		if err != nil {
			return nil, locate(err, f.at(at.off))
		}
		return nil, f.store(at.obj, changed)
	}
	result, changed, err := m.fn(f.c, obj, bound)
	if err == nil && isLarge(changed) && !same(obj, changed) {
		err = f.c.made(changed)
	}
	if err != nil {
		return nil, locate(err, f.at(at.off))
	}
	return result, f.store(at.obj, changed)
}

// appended returns l with another element. Lists are values, so it is a copy; but
// one with room, so that a list that grows element by element is copied seldom.
func (f *frame) appended(l []any, v any) ([]any, error) {
	own := f.rt.own()
	if len(l) > 0 && len(l) < cap(l) && own.grown[&l[0]] == len(l) {
		l = append(l, v)
		own.grown[&l[0]] = len(l)
		return l, nil
	}
	room := 2*len(l) + 4
	if err := f.c.charge(16 * room); err != nil {
		return nil, err
	}
	bigger := make([]any, len(l)+1, room)
	copy(bigger, l)
	bigger[len(l)] = v
	if err := checkSize(bigger); err != nil {
		return nil, err
	}
	if own.grown == nil {
		own.grown = map[*any]int{}
	}
	own.grown[&bigger[0]] = len(bigger)
	return bigger, nil
}

// own returns d, or a copy of it that the running template may change.
func (f *frame) own(d *Map) *Map {
	if d.owner == f.rt.own() {
		return d
	}
	d = d.Clone()
	d.owner = f.rt.own()
	return d
}

// store puts a changed list or dictionary where x names it. Where x is no place
// but a value, the change is lost, as in Python.
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
		return f.store(x, l)
	}
	return nil
}
