package jinja

import (
	"maps"
	"slices"
	"strings"
)

// maxRange bounds the numbers of one range().
const maxRange = 1_000_000

// globalFuncs are the functions that every template can call.
func globalFuncs() map[string]*Func {
	table := []*Func{
		{"cycler", globalCycler},
		{"dict", globalDict},
		{"joiner", globalJoiner},
		{"lipsum", func(*Context, Args) (any, error) { return nil, newError("lipsum() is not supported") }},
		{"lookup", func(c *Context, a Args) (any, error) { return c.lookup(a, false) }},
		{"namespace", globalNamespace},
		{"now", globalNow},
		{"q", func(c *Context, a Args) (any, error) { return c.lookup(a, true) }},
		{"query", func(c *Context, a Args) (any, error) { return c.lookup(a, true) }},
		{"range", globalRange},
		{"undef", globalUndef},
	}
	m := map[string]*Func{}
	for _, f := range table {
		m[f.Name] = f
	}
	return m
}

func globalRange(c *Context, a Args) (any, error) {
	if len(a.Pos) < 1 || len(a.Pos) > 3 || a.Kw.Len() > 0 {
		return nil, newError("range() takes one to three numbers")
	}
	var n [3]int
	for i, v := range a.Pos {
		var err error
		if n[i], err = intArg("range", v); err != nil {
			return nil, err
		}
	}
	start, stop, step := n[0], n[1], n[2]
	if len(a.Pos) == 1 {
		start, stop = 0, n[0]
	}
	if len(a.Pos) < 3 {
		step = 1
	}
	if step == 0 {
		return nil, newError("the step of range() must not be 0")
	}
	size := (float64(stop) - float64(start)) / float64(step)
	if size > maxRange {
		return nil, newError("range() would have more than %d numbers", maxRange)
	}
	if err := c.charge(24 * max(int(size), 0)); err != nil {
		return nil, err
	}
	out := make([]any, 0, max(int(size)+1, 0))
	for i := start; step > 0 && i < stop || step < 0 && i > stop; i += step {
		out = append(out, i)
	}
	return out, nil
}

func globalDict(c *Context, a Args) (any, error) {
	m := &Map{}
	if len(a.Pos) > 1 {
		return nil, newError("dict() takes at most one argument, not %d", len(a.Pos))
	}
	if len(a.Pos) == 1 {
		from, err := c.pairs(a.Pos[0])
		if err != nil {
			return nil, err
		}
		m = from.Clone()
	}
	for k, v := range a.Kw.All() {
		m.Set(k, v)
	}
	return m, nil
}

func globalNamespace(c *Context, a Args) (any, error) {
	m, err := globalDict(c, a)
	if err != nil {
		return nil, err
	}
	return &Namespace{m.(*Map)}, nil
}

func globalNow(c *Context, a Args) (any, error) {
	args, err := parseSignature("utc=false fmt=none").bind("", "now()", a)
	if err != nil {
		return nil, err
	}
	utc, err := Truth(args[0])
	if err != nil {
		return nil, err
	}
	t := c.now()
	if utc {
		t = t.UTC()
	}
	if ok, err := Truth(args[1]); !ok || err != nil {
		return t, err
	}
	return strftime(t, Str(args[1]))
}

func globalUndef(_ *Context, a Args) (any, error) {
	args, err := parseSignature("hint=none").bind("", "undef()", a)
	if err != nil {
		return nil, err
	}
	hint := "a mandatory variable has not been overridden"
	if s, ok := args[0].(string); ok && s != "" {
		hint = s
	}
	return &Undefined{hint: hint}, nil
}

// cycler is an object that goes round its values.
type cycler struct {
	items []any
	i     int
}

func globalCycler(_ *Context, a Args) (any, error) {
	if len(a.Pos) == 0 || a.Kw.Len() > 0 {
		return nil, newError("cycler() needs values")
	}
	return &cycler{items: a.Pos}, nil
}

func (y *cycler) attribute(_ *Context, name string) (any, bool) {
	switch name {
	case "current":
		return y.items[y.i], true
	case "next":
		return &Func{name, func(*Context, Args) (any, error) {
			v := y.items[y.i]
			y.i = (y.i + 1) % len(y.items)
			return v, nil
		}}, true
	case "reset":
		return &Func{name, func(*Context, Args) (any, error) {
			y.i = 0
			return nil, nil
		}}, true
	}
	return nil, false
}

// globalJoiner makes a function that yields its text at every call but the first.
func globalJoiner(_ *Context, a Args) (any, error) {
	args, err := parseSignature("sep=,").bind("", "joiner()", a)
	if err != nil {
		return nil, err
	}
	sep := args[0]
	if len(a.Pos) == 0 && a.Kw.Len() == 0 {
		sep = ", "
	}
	used := false
	return &Func{"joiner", func(*Context, Args) (any, error) {
		if !used {
			used = true
			return "", nil
		}
		return sep, nil
	}}, nil
}

// lookup runs a lookup: lookup('name', terms…, wantlist=, errors=, …).
func (c *Context) lookup(a Args, wantList bool) (any, error) {
	if len(a.Pos) == 0 {
		return nil, newError("lookup() needs the name of a lookup")
	}
	name, err := textArg("name", a.Pos[0])
	if err != nil {
		return nil, err
	}
	run := c.findLookup(name)
	if run == nil {
		known := append(slices.Collect(maps.Keys(c.tables.lookups)), slices.Collect(maps.Keys(c.Env.Lookups))...)
		e := newError("unknown lookup %q", name)
		e.Hint = LookupHint(name, sorted(known))
		return nil, e
	}
	kw, mode, err := c.lookupOptions(a.Kw, &wantList)
	if err != nil {
		return nil, err
	}
	terms, err := deepList(c, a.Pos[1:])
	if err != nil {
		return nil, err
	}
	for i, t := range terms {
		if t, err = c.plainMap(t); err != nil {
			return nil, err
		}
		terms[i] = withoutTuples(t)
	}
	// a single list is the list of terms
	if len(terms) == 1 && name != "vars" {
		if l, ok := terms[0].([]any); ok && !keepsList[trimCollection(name)] {
			terms = l
		}
	}
	found, err := run(c, terms, kw)
	if err != nil {
		if mode == "strict" || IsUndefined(err) {
			return nil, err
		}
		if wantList {
			return []any{}, nil
		}
		return nil, nil // the text of a template that is this call alone is empty
	}
	if wantList {
		return found, nil
	}
	return joinFound(found), nil
}

// keepsList are the lookups for which one list is one term.
var keepsList = map[string]bool{
	"list": true, "nested": true, "together": true, "cartesian": true, "subelements": true, "flattened": true, "items": true,
	"indexed_items": true, "first_found": true, "dict": true, "random_choice": true,
	"ansible.utils.get_path": true, "ansible.utils.index_of": true, "ansible.utils.to_paths": true,
}

func (c *Context) findLookup(name string) LookupFunc {
	short := trimCollection(name)
	for _, n := range []string{name, short} {
		if f := c.Env.Lookups[n]; f != nil {
			return f
		}
	}
	return c.tables.lookups[short]
}

func (c *Context) lookupOptions(kw *Map, wantList *bool) (*Map, string, error) {
	rest, mode := &Map{}, "strict"
	for k, v := range kw.All() {
		v, err := c.loosely(v)
		if err != nil {
			return nil, "", err
		}
		switch k {
		case "wantlist":
			want, err := Truth(v)
			if err != nil {
				return nil, "", err
			}
			*wantList = *wantList || want
		case "errors":
			if mode = Str(v); mode != "strict" && mode != "warn" && mode != "ignore" {
				return nil, "", newError("the argument \"errors\" must be strict, warn or ignore, not %s", Repr(v))
			}
		default:
			rest.Set(k, v)
		}
	}
	return rest, mode, nil
}

// joinFound joins texts with commas; other results stay what they are.
func joinFound(found []any) any {
	if len(found) == 0 {
		return found
	}
	parts := make([]string, len(found))
	for i, v := range found {
		s, ok := v.(string)
		if !ok {
			if len(found) == 1 {
				return v
			}
			return found
		}
		parts[i] = s
	}
	return strings.Join(parts, ",")
}
