package jinja

import "strings"

// render is one rendering: what all its frames share.
type render struct {
	owner *owner
	size  int // bytes written so far, captured blocks included
	// blocks are the definitions of each block, the most derived first.
	blocks map[string][]*blockBody
	// literal says that the text is read as a literal of Python: none is a word in it.
	literal bool
	// parent is the template that the present one extends.
	parent *Template
}

// owner marks the dictionaries that a rendering made itself, and keeps the
// templates that it loaded. What it includes and imports shares it.
type owner struct {
	templates map[string]*Template
}

func (r *render) own() *owner {
	if r.owner == nil {
		r.owner = &owner{}
	}
	return r.owner
}

// blockBody is a block and the template that it stands in.
type blockBody struct {
	*blockStmt
	text *text
}

// frame holds the names of one scope of a template.
type frame struct {
	c      *Context
	rt     *render
	text   *text
	parent *frame
	names  []string
	vals   []any
	// loop is the loop whose body this is, or nil.
	loop *loopState
	// bare says that the variables of the host cannot be seen: the template is
	// included or imported without context.
	bare bool
	// kept says that a macro refers to the frame: it may not be used again.
	kept bool
}

func (f *frame) child() *frame {
	return &frame{c: f.c, rt: f.rt, text: f.text, parent: f, bare: f.bare}
}

func (f *frame) at(off int) place { return place{f.text, off} }

// set defines name in this frame.
func (f *frame) set(name string, v any) {
	for i, n := range f.names {
		if n == name {
			f.vals[i] = v
			return
		}
	}
	f.names = append(f.names, name)
	f.vals = append(f.vals, v)
}

// find returns the frame that defines name, and the place in it.
func (f *frame) find(name string) (*frame, int) {
	for g := f; g != nil; g = g.parent {
		for i, n := range g.names {
			if n == name {
				return g, i
			}
		}
	}
	return nil, 0
}

func (f *frame) root() *frame {
	for f.parent != nil {
		f = f.parent
	}
	return f
}

// lookup returns the value of name, resolved, or an Undefined.
func (f *frame) lookup(name string, off int) (any, error) {
	if g, i := f.find(name); g != nil {
		return f.c.resolve(g.vals[i])
	}
	if !f.bare {
		if v, ok := f.c.Scope.Lookup(name); ok {
			return f.c.resolve(v)
		}
	}
	if v, ok := f.c.tables.globals[name]; ok {
		return v, nil
	}
	if name == "self" && f.rt.blocks != nil {
		return selfBlocks{f}, nil
	}
	return &Undefined{Name: name, at: f.at(off), known: f.known}, nil
}

// known returns all names that can be seen from f.
func (f *frame) known() []string {
	var names []string
	if !f.bare {
		names = f.c.Scope.Names()
	}
	for g := f; g != nil; g = g.parent {
		names = append(names, g.names...)
	}
	for n := range f.c.tables.globals {
		names = append(names, n)
	}
	return names
}

// output collects text, within the limit of the rendering.
type output struct {
	strings.Builder
	rt *render
	// main says that this is the template's own output, not a captured block.
	main bool
	// wrote says that something was written, be it an empty text.
	wrote bool
	// pieces counts the texts and the expressions that made the output; last is the
	// last of these where it is an expression that gave a text.
	pieces int
	last   expr
}

// muted says that output goes nowhere: it stands outside of the blocks of a
// template that extends another.
func (w *output) muted() bool { return w.main && w.rt.parent != nil }

func (w *output) write(s string) error {
	w.wrote = true
	if w.rt.size += len(s); w.rt.size > maxOutput {
		return newError("the result is larger than %d MiB", maxOutput>>20)
	}
	w.WriteString(s)
	return nil
}

// print writes a value as Ansible does: none is the empty text.
func (w *output) print(f *frame, v any) error {
	switch x := v.(type) {
	case nil:
		if w.main && w.rt.literal {
			return w.write("None")
		}
		return nil
	case string:
		return w.write(x)
	case bool, int, float64:
		return w.write(Repr(x))
	case *Undefined:
		if x.lenient {
			return nil
		}
		return x.Err()
	}
	v, err := Deep(f.c, v)
	if err != nil {
		return err
	}
	if v, err = f.c.plainMap(v); err != nil {
		return err
	}
	return w.write(Str(v))
}

// plainMap turns a Mapping into the *Map of its entries, resolved.
func (c *Context) plainMap(v any) (any, error) {
	m, ok := v.(Mapping)
	if !ok {
		return v, nil
	}
	if err := c.enter(); err != nil {
		return nil, err
	}
	defer c.leave()
	out := &Map{}
	for _, k := range m.Keys() {
		e, ok, err := m.Lookup(c, k)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		if e, err = Deep(c, e); err != nil {
			return nil, err
		}
		if e, err = c.plainMap(e); err != nil {
			return nil, err
		}
		out.Set(k, e)
	}
	return out, nil
}
