// Package check finds what is wrong with a playbook before the run: arguments,
// templates, missing files, undefined variables, unknown handlers and hosts. It
// runs on the controller, opens no connection, and evaluates nothing that could
// have an effect. What it cannot know it leaves alone: it never guesses that
// something is wrong.
package check

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"fleet/internal/inventory"
	"fleet/internal/jinja"
	"fleet/internal/playbook"
	"fleet/internal/source"
	"fleet/internal/spec"
	"fleet/internal/vars"
)

// Finding is one thing that is wrong.
type Finding struct {
	Err *source.Error
	// Certain: the playbook fails whenever it runs.
	Certain bool
	// Mistake: what stands there is wrong, whatever the variables and hosts are; it
	// fails where it is reached. All that is certain is a mistake.
	Mistake bool
}

// Modules knows the modules that run on targets.
type Modules interface {
	// Find returns the module with a short or fully qualified name.
	Find(name string) (*spec.Module, bool)
}

// Checker checks playbooks. Set the fields, then call Playbook.
type Checker struct {
	Inventory *inventory.Inventory
	Vars      *vars.Store
	Loader    *playbook.Loader
	Modules   Modules
	// Actions are the steps that the controller runs itself. They come before
	// modules of the same name. Open reports those that take arguments of any name.
	Actions []*spec.Module
	Open    func(action string) bool
	// Forms tell what is wrong with a value that is written in a language of its own.
	Forms map[spec.Form]func(any) error
	// Facts are the names of the facts that hosts tell, without "ansible_"; one that
	// ends in _ stands for all that begin so.
	Facts []string
	// Become: tasks run as another user unless they say otherwise.
	Become bool
	// Lookups are the lookups that templates have besides those of the language.
	Lookups []string
	// Refused is what the reader of the playbook could not make sense of, or nil: it
	// is among the findings, and what it would have set or used is not known.
	Refused error
	// Idle: handlers and variables that nothing uses are of interest too.
	Idle bool
	// AllowMissingHandlers: a notification without a handler is no mistake.
	AllowMissingHandlers bool
	// Kept: facts are kept between runs, so that they may be there without being asked for.
	Kept bool
	// Extra are the variables of the command line; nil is none.
	Extra *jinja.Map
	// Limit are host patterns; nil is no limit.
	Limit []string
	// Selected reports whether the tags of the command line let an entry run. Nil:
	// every entry runs.
	Selected func(*playbook.Play, playbook.Entry) bool
}

// Playbook returns what is wrong: file by file in the order in which they are
// come by, each from top to bottom, each mistake once: where the reader has refused
// something, nothing else is said of that place. It ends early with what it has
// when ctx ends. Following the includes changes what the plays of pb know
// of their roles: load the playbook again to run it.
func (c *Checker) Playbook(ctx context.Context, pb *playbook.Playbook) []Finding {
	r := newRun(ctx, c)
	plays := make([]*play, 0, len(pb.Plays))
	for _, p := range pb.Plays {
		plays = append(plays, r.newPlay(p))
	}
	for _, p := range plays {
		p.survey()
	}
	r.definitions(c.Extra)
	for _, e := range givenErrors(c.Extra) {
		r.add(e, true)
	}
	for name := range c.Extra.All() {
		if e := reserved(jinja.Str(name), source.Pos{}); e != nil {
			r.doubt(e, false)
		}
	}
	for _, p := range plays {
		if ctx.Err() != nil {
			break
		}
		p.check()
	}
	r.tellSlips()
	for _, p := range plays {
		if c.Idle {
			p.idle()
		}
	}
	for _, e := range playbook.Errors(c.Refused) {
		r.refuse(e, true)
	}
	return r.sorted()
}

// key identifies a mistake.
type key struct {
	pos source.Pos
	msg string
}

// run is one check of one playbook.
type run struct {
	*Checker
	ctx     context.Context
	actions map[string]*spec.Module
	limit   map[string]bool // nil: all hosts
	lookups []string
	files   map[string]int // in the order in which they are come by
	found   map[key]*Finding
	refused map[source.Pos]string // the reader's word about a place
	texts   map[any]*text
	slips   []slipped
	varDocs map[string]varDoc
	learnt  learnt
	sofar   names // variables of learnt.later that tasks have set by now
	// usage are the variables that any text uses, once they are asked for; indirect:
	// some are used by names that are not written out.
	usage    names
	indirect bool
	byName   []string // variables that something other than a text uses
	// forgiving counts the tasks and blocks around whose failures are caught.
	forgiving int
	gathered  bool // a play so far finds the facts of its hosts
	// blind: not all that belongs to the playbook could be read.
	blind   bool
	defined map[any]bool     // definitions whose syntax was checked
	owns    map[string]error // what keeps modules of the user's own from being run, by their files
}

func newRun(ctx context.Context, c *Checker) *run {
	r := &run{Checker: c, ctx: ctx, actions: map[string]*spec.Module{}, files: map[string]int{}, found: map[key]*Finding{}, refused: map[source.Pos]string{},
		lookups: append(jinja.Lookups(), c.Lookups...), texts: map[any]*text{}, varDocs: map[string]varDoc{}, defined: map[any]bool{}, owns: map[string]error{},
		learnt: learnt{names: names{}, hosts: names{}, paths: names{}, later: map[string]source.Pos{}, elsewhere: names{}, results: map[string]*record{}}, sofar: names{}, blind: c.Refused != nil}
	for _, m := range c.Actions {
		r.actions[m.Name] = m
	}
	if c.Limit != nil {
		sel, err := c.Inventory.Select(c.Limit...)
		if err != nil {
			r.fail(err, source.Pos{}, true)
		}
		r.limit = names{}
		for _, h := range sel.Hosts {
			r.limit[h] = true
		}
	}
	return r
}

// see notes that the walk has come to a file.
func (r *run) see(file string) {
	if _, known := r.files[file]; !known {
		r.files[file] = len(r.files)
	}
}

// add notes a mistake. Where the playbook goes on behind a failure, it is hardly
// one: the author may want to see the task fail.
func (r *run) add(e *source.Error, certain bool) { r.note(e, certain, certain || r.forgiving == 0) }

// doubt notes what is wrong for certain, or merely looks wrong.
func (r *run) doubt(e *source.Error, certain bool) { r.note(e, certain, certain) }

// refuse notes what the reader of playbooks refuses.
func (r *run) refuse(e *source.Error, certain bool) {
	r.add(e, certain)
	if !e.Pos.IsZero() {
		r.refused[place(e.Pos)] = e.Msg
	}
}

// place is where a position is, whatever the text there is like.
func place(p source.Pos) source.Pos {
	p.Indent = 0
	return p
}

func (r *run) note(e *source.Error, certain, mistake bool) {
	r.see(e.Pos.File)
	k := key{place(e.Pos), e.Msg}
	if f := r.found[k]; f != nil {
		f.Certain, f.Mistake = f.Certain || certain, f.Mistake || mistake
		return
	}
	r.found[k] = &Finding{e, certain, mistake}
}

// fail is add for any error; pos is for those that have no position.
func (r *run) fail(err error, pos source.Pos, certain bool) {
	for _, e := range playbook.Errors(err) {
		r.add(located(e, pos), certain)
	}
}

// located returns the error with a position, if it has none.
func located(e *source.Error, pos source.Pos) *source.Error {
	if !e.Pos.IsZero() {
		return e
	}
	at := *e
	at.Pos = pos
	return &at
}

func (r *run) sorted() []Finding {
	out := make([]Finding, 0, len(r.found))
	for k, f := range r.found {
		if word, refused := r.refused[k.pos]; !refused || word == k.msg {
			out = append(out, *f)
		}
	}
	slices.SortFunc(out, func(a, b Finding) int {
		p, q := a.Err.Pos, b.Err.Pos
		return cmp.Or(cmp.Compare(r.files[p.File], r.files[q.File]), cmp.Compare(p.Line, q.Line),
			cmp.Compare(p.Col, q.Col), cmp.Compare(a.Err.Msg, b.Err.Msg))
	})
	return out
}

// asError returns the position and the hint of an error together with its text.
func asError(err error, pos source.Pos) *source.Error {
	var e *source.Error
	if errors.As(err, &e) {
		return e
	}
	return source.Errorf(pos, "%w", err)
}

// names is a set of names.
type names map[string]bool

// with returns the set with more names; the set itself is not changed.
func (n names) with(more ...string) names {
	out := make(names, len(n)+len(more))
	for name := range n {
		out[name] = true
	}
	for _, name := range more {
		if name != "" {
			out[name] = true
		}
	}
	return out
}
