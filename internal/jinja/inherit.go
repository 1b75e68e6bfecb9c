package jinja

import (
	"errors"
	"slices"
	"strconv"

	"fleet/internal/source"
)

// run renders the template into w, and the template that it extends.
func (t *Template) run(f *frame, w *output) error {
	for range maxDepth {
		if f.rt.blocks == nil && len(t.blocks) > 0 {
			f.rt.blocks = map[string][]*blockBody{}
		}
		for name, b := range t.blocks {
			f.rt.blocks[name] = append(f.rt.blocks[name], &blockBody{b, t.text})
		}
		f.rt.parent, f.text = nil, t.text
		if err := run(f, t.body, w); err != nil {
			return locate(err, place{t.text, 0})
		}
		if f.rt.parent == nil {
			return nil
		}
		t = f.rt.parent
	}
	return newError("more than %d templates extend each other", maxDepth)
}

func (s *extendsStmt) exec(f *frame, _ *output) error {
	if f.rt.parent != nil {
		return locate(newError("a template can extend one other only"), f.at(s.off))
	}
	t, err := f.load(s.name, false)
	if err != nil {
		return err
	}
	f.rt.parent = t
	return nil
}

func (s *blockStmt) exec(f *frame, w *output) error {
	if w.muted() {
		return nil
	}
	chain := f.rt.blocks[s.name]
	if len(chain) == 0 {
		return run(f.child(), s.body, w)
	}
	if chain[0].required {
		return locate(newError("the required block %q is not defined", s.name), f.at(s.off))
	}
	g := f
	if !s.scoped {
		g = f.root()
	}
	return renderBlock(g, chain, 0, w)
}

// renderBlock renders the level-th definition of a block; super() is the next.
func renderBlock(f *frame, chain []*blockBody, level int, w *output) error {
	if err := f.c.enter(); err != nil {
		return err
	}
	defer f.c.leave()
	g := f.child()
	g.text = chain[level].text
	g.set("super", &superBlock{f, chain, level + 1})
	g.set("self", selfBlocks{f})
	return run(g, chain[level].body, w)
}

// superBlock is the variable super: the definition of a block at a level above. Its
// attribute super is the one above that.
type superBlock struct {
	frame *frame
	chain []*blockBody
	level int
}

func (s *superBlock) attribute(_ *Context, name string) (any, bool) {
	if name == "super" && s.level < len(s.chain) {
		return &superBlock{s.frame, s.chain, s.level + 1}, true
	}
	return nil, false
}

func (s *superBlock) render() (any, error) {
	if s.level >= len(s.chain) {
		return nil, newError("there is no parent block called %q", s.chain[0].name)
	}
	w := output{rt: s.frame.rt}
	err := renderBlock(s.frame, s.chain, s.level, &w)
	return w.String(), err
}

// selfBlocks is the variable self: its attributes render blocks.
type selfBlocks struct{ f *frame }

func (s selfBlocks) attribute(_ *Context, name string) (any, bool) {
	chain, ok := s.f.rt.blocks[name]
	if !ok {
		return nil, false
	}
	return &Func{Name: name, Call: func(*Context, Args) (any, error) {
		w := output{rt: s.f.rt}
		err := renderBlock(s.f.root(), chain, 0, &w)
		return w.String(), err
	}}, true
}

// load reads and parses the template that x names; a list names candidates. With
// optional, nil stands for a template that is not there.
func (f *frame) load(x expr, optional bool) (*Template, error) {
	v, err := x.eval(f)
	if err != nil {
		return nil, err
	}
	names := []any{v}
	if l, ok := v.([]any); ok {
		names = l
	}
	if t, ok := v.(Tuple); ok {
		names = t
	}
	var failed error = newError("no template is named")
	for _, n := range names {
		name, ok := n.(string)
		if !ok {
			return nil, locate(newError("a template's name must be a text, not %s", describe(n)), f.at(x.offset()))
		}
		t, err := f.loadOne(name)
		var missing *missingTemplate
		if errors.As(err, &missing) {
			failed = newError("%w", missing).WithHint("%s", source.HintOf(missing.err))
			continue
		}
		if err != nil {
			return nil, locate(err, f.at(x.offset()))
		}
		return t, nil
	}
	if optional {
		return nil, nil
	}
	return nil, locate(failed, f.at(x.offset()))
}

// loadOne reads and parses one template, once in a rendering.
func (f *frame) loadOne(name string) (*Template, error) {
	own := f.rt.own()
	if t, ok := own.templates[name]; ok {
		return t, nil
	}
	if f.c.Env.Load == nil {
		return nil, newError("templates cannot be included here")
	}
	src, file, err := f.c.Env.Load(name)
	if err != nil {
		return nil, &missingTemplate{name, err}
	}
	t, err := Parse(src, source.Pos{File: file, Line: 1, Col: 1}, Options{TrimBlocks: true})
	if err != nil {
		return nil, err
	}
	if own.templates == nil {
		own.templates = map[string]*Template{}
	}
	own.templates[name] = t
	return t, nil
}

// missingTemplate says that a template could not be loaded.
type missingTemplate struct {
	name string
	err  error
}

func (m *missingTemplate) Error() string {
	return "cannot load the template " + strconv.Quote(m.name) + ": " + m.err.Error()
}

func (m *missingTemplate) Unwrap() error { return m.err }

func (s *includeStmt) exec(f *frame, w *output) error {
	if w.muted() {
		return nil
	}
	t, err := f.load(s.name, s.ignoreMissing)
	if err != nil || t == nil {
		return err
	}
	if err := f.c.enter(); err != nil {
		return locate(err, f.at(s.off))
	}
	defer f.c.leave()
	g := t.module(f, s.withContext)
	sub := output{rt: g.rt, main: true}
	if err := t.run(g, &sub); err != nil {
		return err
	}
	f.rt.size = g.rt.size - sub.Len()
	return w.write(sub.String())
}

// module returns a frame for rendering t from within f: with the names that f
// sees, or without.
func (t *Template) module(f *frame, withContext bool) *frame {
	g := &frame{c: f.c, rt: &render{size: f.rt.size, owner: f.rt.own()}, text: t.text, bare: f.bare || !withContext}
	if withContext {
		for h := f; h != nil; h = h.parent {
			for i, n := range h.names {
				if !slices.Contains(g.names, n) && n != "super" && n != "self" && n != "loop" {
					g.set(n, h.vals[i])
				}
			}
		}
	}
	return g
}

func (s *importStmt) exec(f *frame, _ *output) error {
	t, err := f.load(s.name, false)
	if err != nil {
		return err
	}
	if err := f.c.enter(); err != nil {
		return locate(err, f.at(s.off))
	}
	defer f.c.leave()
	g := t.module(f, s.withContext)
	before := len(g.names)
	sub := output{rt: g.rt, main: true}
	if err := t.run(g, &sub); err != nil {
		return err
	}
	exports := &Map{}
	for i, n := range g.names {
		if i >= before && n[0] != '_' {
			exports.Set(n, g.vals[i])
		}
	}
	if s.as != "" {
		f.set(s.as, &Namespace{exports})
		return nil
	}
	for _, n := range s.names {
		v, ok := exports.Get(n[0])
		if !ok {
			v = &Undefined{Name: n[0], at: f.at(s.off), known: exports.names,
				hint: "the template does not export the name \"" + n[0] + "\""}
		}
		f.set(n[1], v)
	}
	return nil
}
