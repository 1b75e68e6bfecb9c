package jinja

import (
	"strconv"
	"unicode/utf8"
)

func (x *attrExpr) eval(f *frame) (any, error) {
	obj, err := f.owner(x.obj)
	if err != nil {
		return nil, err
	}
	at := f.at(x.off)
	v, err := f.c.attr(obj, x.name, at)
	if err != nil {
		return nil, locate(err, at)
	}
	return named(v, at, x.obj), nil
}

// owner evaluates what a member is taken of. A variable that is Partial stays so.
func (f *frame) owner(x expr) (any, error) {
	name, isName := x.(*nameExpr)
	if !isName || f.bare || f.c.left.changed.any() {
		return x.eval(f)
	}
	if g, _ := f.find(name.name); g != nil {
		return x.eval(f)
	}
	v, ok := f.c.Scope.Lookup(name.name)
	if !ok {
		return x.eval(f)
	}
	if _, partial := v.(Partial); partial {
		return v, nil
	}
	v, err := f.c.resolve(v)
	return v, locateIf(err, f.at(name.off))
}

// entry returns the entry under a key of a Partial, or the whole dictionary.
func (c *Context) entry(p Partial, key any) (v any, found bool, whole any, err error) {
	if name, ok := key.(string); ok && !c.tables.isMethod((*Map)(nil), name) {
		if v, ok := p.Entry(name); ok {
			v, err = c.resolve(v)
			return v, true, nil, err
		}
	}
	whole, err = c.resolve(p)
	return nil, false, whole, err
}

// named tells an Undefined of this place how its owner is written.
func named(v any, at place, owner expr) any {
	if u, ok := v.(*Undefined); ok && u.attr && u.at == at && u.start == 0 {
		u.start = startOf(owner) + 1
	}
	return v
}

// startOf returns the offset at which an expression starts, or -1.
func startOf(x expr) int {
	switch x := x.(type) {
	case *nameExpr:
		return x.off
	case *attrExpr:
		return startOf(x.obj)
	case *itemExpr:
		return startOf(x.obj)
	case *callExpr:
		return startOf(x.fn)
	}
	return -1
}

// attr is obj.name: a method or attribute, else the item of that name. What is
// missing is Undefined, and so is everything below something undefined.
func (c *Context) attr(obj any, name string, at place) (any, error) {
	if p, ok := obj.(Partial); ok {
		v, found, whole, err := c.entry(p, name)
		if found || err != nil {
			return v, err
		}
		obj = whole
	}
	switch o := obj.(type) {
	case *Undefined:
		return o, nil
	case *Map:
		if c.tables.isMethod(obj, name) {
			return c.boundMethod(obj, name), nil
		}
		if v, ok := o.Get(name); ok {
			return c.resolve(v)
		}
		return &Undefined{Name: name, at: at, owner: obj, attr: true}, nil
	case Mapping:
		if c.tables.isMethod(obj, name) {
			return c.boundMethod(obj, name), nil
		}
		return c.mappingItem(o, name, at)
	case *Namespace:
		if v, ok := o.vars.Get(name); ok {
			return c.resolve(v)
		}
		return &Undefined{Name: name, at: at, owner: obj, attr: true}, nil
	case attributes:
		if v, ok := o.attribute(c, name); ok {
			return v, nil
		}
	}
	if v, ok := basicAttr(obj, name); ok {
		return v, nil
	}
	if c.tables.isMethod(obj, name) {
		return c.boundMethod(obj, name), nil
	}
	return &Undefined{Name: name, at: at, owner: obj, attr: true}, nil
}

// attributes is a value with attributes of its own.
type attributes interface {
	attribute(c *Context, name string) (any, bool)
}

func (m *Map) names() []string {
	var names []string
	for _, k := range m.keys {
		if s, ok := k.(string); ok {
			names = append(names, s)
		}
	}
	return names
}

func (c *Context) mappingItem(m Mapping, key any, at place) (any, error) {
	v, ok, err := m.Lookup(c, key)
	if err != nil {
		return nil, err
	}
	if ok {
		return c.resolve(v)
	}
	name, _ := key.(string)
	return &Undefined{Name: name, at: at, owner: m, attr: true, known: func() []string {
		return (&Map{keys: m.Keys()}).names()
	}}, nil
}

func (x *itemExpr) eval(f *frame) (any, error) {
	obj, err := f.owner(x.obj)
	if err != nil {
		return nil, err
	}
	var v any
	if s, ok := x.key.(*sliceExpr); ok {
		if obj, err = f.c.resolve(obj); err == nil {
			v, err = s.slice(f, obj)
		}
	} else {
		var key any
		if key, err = x.key.eval(f); err != nil {
			return nil, err
		}
		at := f.at(x.key.offset())
		v, err = f.c.item(obj, key, at)
		v = named(v, at, x.obj)
	}
	if err != nil {
		return nil, locate(err, f.at(x.key.offset()))
	}
	return v, nil
}

// item is obj[key]: the item, else the attribute of that name.
func (c *Context) item(obj, key any, at place) (any, error) {
	if u, ok := key.(*Undefined); ok {
		return nil, u.Err()
	}
	if p, ok := obj.(Partial); ok {
		v, found, whole, err := c.entry(p, key)
		if found || err != nil {
			return v, err
		}
		obj = whole
	}
	switch o := obj.(type) {
	case *Undefined:
		return o, nil
	case *Map:
		if v, ok := o.Get(key); ok {
			return c.resolve(v)
		}
		if s, ok := key.(string); ok {
			if c.tables.isMethod(obj, s) {
				return c.boundMethod(obj, s), nil
			}
			return &Undefined{Name: s, at: at, owner: obj, attr: true}, nil
		}
		return &Undefined{Name: Str(key), at: at, owner: obj, attr: true, notText: true}, nil
	case Mapping:
		return c.mappingItem(o, key, at)
	}
	if s, ok := key.(string); ok {
		return c.attr(obj, s, at)
	}
	n, _, isInt, ok := num(key)
	if !ok || !isInt {
		return &Undefined{Name: Str(key), at: at, owner: obj, attr: true, notText: true}, nil
	}
	switch o := obj.(type) {
	case []any:
		return c.index(o, n, obj, at)
	case Tuple:
		return c.index(o, n, obj, at)
	case string:
		if r, ok := runeAt(o, n); ok {
			return r, nil
		}
	}
	return outOfRange(n, obj, at), nil
}

func outOfRange(n int, obj any, at place) *Undefined {
	u := &Undefined{Name: strconv.Itoa(n), at: at, owner: obj, attr: true, notText: true}
	switch o := obj.(type) {
	case []any:
		u.hint = "the list has " + strconv.Itoa(len(o)) + " elements, there is no element " + strconv.Itoa(n)
	case Tuple:
		u.hint = "the tuple has " + strconv.Itoa(len(o)) + " elements, there is no element " + strconv.Itoa(n)
	}
	return u
}

func (c *Context) index(l []any, n int, obj any, at place) (any, error) {
	if n < 0 {
		n += len(l)
	}
	if n < 0 || n >= len(l) {
		return outOfRange(n, obj, at), nil
	}
	return c.resolve(l[n])
}

func runeAt(s string, n int) (string, bool) {
	if n < 0 {
		n += utf8.RuneCountInString(s)
	}
	if n < 0 {
		return "", false
	}
	for _, r := range s {
		if n == 0 {
			return string(r), true
		}
		n--
	}
	return "", false
}

// eval of a slice that stands alone, as in x[1:2, 3], has no meaning here.
func (x *sliceExpr) eval(f *frame) (any, error) {
	return nil, locate(newError("a slice must stand alone between the brackets"), f.at(x.off))
}
