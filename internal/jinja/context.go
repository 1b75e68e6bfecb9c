package jinja

import (
	"context"
	"io/fs"
	"maps"
	"math/big"
	"slices"
	"time"

	"fleet/internal/source"
)

// Scope gives the variables of one host at one moment. It is asked from one
// goroutine at a time.
type Scope interface {
	// Lookup returns the variable, possibly Lazy.
	Lookup(name string) (any, bool)
	// Names returns all names in the scope's order.
	Names() []string
}

// Vars is a Scope over a map.
type Vars map[string]any

// Lookup returns the variable called name.
func (v Vars) Lookup(name string) (any, bool) {
	x, ok := v[name]
	return x, ok
}

// Names returns all names, sorted.
func (v Vars) Names() []string { return slices.Sorted(maps.Keys(v)) }

// LookupFunc is a lookup: it gets its terms, resolved, and the arguments by name
// except wantlist and errors, and returns a list.
type LookupFunc func(c *Context, terms []any, kwargs *Map) ([]any, error)

// Env is what a template reaches outside of its variables. Its fields may be
// nil: what needs them then fails by name. One Env serves all hosts at the same
// time and is not changed while it is in use.
type Env struct {
	// Lookups are the lookups that need the controller. They take precedence
	// over those of the language itself.
	Lookups map[string]LookupFunc
	// Load returns the source and the file name of an included template.
	Load func(name string) (src, file string, err error)
	// Stat looks at a file on the controller, for the tests file, link, exists….
	Stat func(path string, follow bool) (fs.FileInfo, error)
	// Head returns the first bytes of a file on the controller, for vaulted_file.
	Head func(path string, size int) ([]byte, error)
	// RealPath resolves symbolic links on the controller.
	RealPath func(path string) (string, error)
	// Getenv returns a variable of the controller's environment, for expandvars.
	Getenv func(name string) (string, bool)
	// ReadLiterals is the setting jinja2_native: see Template.Native.
	ReadLiterals bool
	// Home is the folder that ~ stands for.
	Home string
	// Now is the clock; time.Now where nil.
	Now func() time.Time
	// Rand returns a number in [0, n); a cryptographic source where nil.
	Rand func(n int) int
}

// Context is one evaluation in progress. It belongs to one goroutine, and may be
// used for one evaluation after the other.
type Context struct {
	Ctx   context.Context
	Scope Scope
	Env   *Env

	depth  int
	left   *budget
	own    budget // of the evaluation that this context began
	tables *tables
}

// NewContext returns a context. env and scope may be nil.
func NewContext(ctx context.Context, env *Env, scope Scope) *Context {
	if env == nil {
		env = &Env{}
	}
	if scope == nil {
		scope = Vars(nil)
	}
	c := &Context{Ctx: ctx, Env: env, Scope: scope, tables: builtin(), own: fullBudget()}
	c.left = &c.own
	return c
}

// With returns a context that sees other variables and counts on the depth of c.
func (c *Context) With(scope Scope) *Context {
	d := *c
	d.Scope = scope
	return &d
}

// enter goes one level deeper; every enter that succeeds is followed by leave.
func (c *Context) enter() error {
	if c.depth >= maxDepth {
		return newError("too many templates within templates (%d): does a variable refer to itself?", maxDepth)
	}
	if c.depth++; c.depth == 1 {
		c.left.renew()
	}
	return nil
}

// leave comes back up; where the evaluation ends, what it changed is forgotten.
func (c *Context) leave() {
	if c.depth--; c.depth > 0 {
		return
	}
	if c.left.wrapped = nil; c.left.changed.any() {
		c.left.changed = aliases{}
	}
}

func (c *Context) now() time.Time {
	if c.Env.Now != nil {
		return c.Env.Now()
	}
	return time.Now()
}

// resolve returns what a Lazy value stands for. A value that turns out to be
// undefined is an *Undefined, so that `is defined` and default() see it.
func (c *Context) resolve(v any) (any, error) {
	for {
		l, ok := v.(Lazy)
		if !ok {
			if c.left.changed.any() {
				v = c.left.changed.current(v)
			}
			return v, nil
		}
		if err := c.enter(); err != nil {
			return nil, err
		}
		// a variable that is a template does not see what another one changed
		changed := c.left.changed
		c.left.changed = aliases{}
		r, err := l.Resolve(c)
		c.left.changed = changed
		c.leave()
		if err != nil {
			if IsUndefined(err) {
				return &Undefined{cause: err}, nil
			}
			return nil, err
		}
		v = r
	}
}

// Deep returns v with every Lazy value inside of lists and maps resolved; it
// copies only what it changes. Anything undefined inside is an error. Entries
// that are Omit stay: DropOmit removes them.
func Deep(c *Context, v any) (any, error) {
	v, err := c.resolve(v)
	if err != nil {
		return nil, err
	}
	if err := c.step(); err != nil {
		return nil, err
	}
	switch x := v.(type) {
	case *Undefined:
		if x.lenient {
			return "", nil
		}
		return nil, x.Err()
	case []any:
		return deepList(c, x)
	case Tuple:
		l, err := deepList(c, x)
		return Tuple(l), err
	case *Map:
		return deepMap(c, x)
	}
	return v, nil
}

func deepList(c *Context, list []any) ([]any, error) {
	if err := c.enter(); err != nil {
		return nil, err
	}
	defer c.leave()
	var out []any
	for i, e := range list {
		if isScalar(e) {
			continue
		}
		d, err := Deep(c, e)
		if err != nil {
			return nil, err
		}
		if same(d, e) {
			continue
		}
		if out == nil {
			out = append([]any(nil), list...)
			if err := c.made(out); err != nil {
				return nil, err
			}
		}
		out[i] = d
	}
	if out == nil {
		return list, nil
	}
	return out, nil
}

func deepMap(c *Context, m *Map) (*Map, error) {
	if err := c.enter(); err != nil {
		return nil, err
	}
	defer c.leave()
	var out *Map
	for i := range m.keys {
		e := m.vals[i]
		if isScalar(e) {
			continue
		}
		d, err := Deep(c, e)
		if err != nil {
			return nil, err
		}
		if same(d, e) {
			continue
		}
		if out == nil {
			out = m.Clone()
			if err := c.made(out); err != nil {
				return nil, err
			}
		}
		out.vals[i] = d
	}
	if out == nil {
		return m, nil
	}
	return out, nil
}

func isScalar(v any) bool {
	switch v.(type) {
	case nil, bool, int, float64, string, *big.Int:
		return true
	}
	return false
}

// Ref is a variable that a template uses.
type Ref struct {
	Name string
	Pos  source.Pos
	// Guarded is true where the use cannot fail when the variable is missing:
	// under `is defined`, default(), or behind a condition that tests it.
	Guarded bool
	// Always is true where the use is reached whenever the text is evaluated: not
	// behind a condition, and not in the body of a loop or macro.
	Always bool
	// Path are the members that are taken of the variable, as far as they are
	// written out: of `a.b['c'][n].d` they are b and c. A test that tells only
	// whether the value is there, or how a task ended, is a last step "is …".
	Path []string
	// Whole is true where the value at the end of the path is all that the text
	// evaluates to.
	Whole bool
	// Printed is true where that value is written as it is, by no filter or function.
	Printed bool
	// Word is true for a name alone that stands where texts are usual, so that its
	// quotes may have been forgotten.
	Word bool
	// Compared is what the value at the end of the path is held against, or nil.
	Compared *Comparison

	text *text
	offs []int // of the steps
}

// Call is a filter, test or lookup that a template uses.
type Call struct {
	Kind string // "filter", "test" or "lookup"
	Name string // as written
	Pos  source.Pos
	// Args are the texts that are written out as the first arguments of a filter or a
	// test, up to the first that is something else.
	Args []string
}
