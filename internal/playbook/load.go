package playbook

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"

	"fleet/internal/source"
)

// maxErrors is how many mistakes Load reports before it only counts.
const maxErrors = 50

// Modules knows which module names exist: short and fully qualified ones, of
// the target and of the controller.
type Modules interface {
	Known(name string) bool
	Names() []string
}

// Loader reads playbooks. It is safe for concurrent use once its fields are
// set. It reads a file once: later uses in the same run see the same text.
type Loader struct {
	Modules Modules // nil: every name that is no keyword is taken for a module
	// RolesPath holds further folders with roles. Roles are always looked for in
	// roles/ beside the playbook, beside the file that uses them and beside the
	// playbook that imports it, and beside the playbook itself.
	RolesPath []string
	// Library is told of each folder that may hold modules of the user's own, before
	// the tasks that may use them are read. It may be nil, and be called concurrently.
	Library func(folder string)
	// CollectionsPath holds further folders with an ansible_collections in them, for
	// roles such as NAMESPACE.COLLECTION.ROLE. One is always looked for in
	// collections/ beside the playbook.
	CollectionsPath []string
	// Static renders a template in a name that must be known before the run (the
	// file of an import, a role, a tag) with what is. A list is several names. Nil: such
	// templates are refused.
	Static func(n source.Node, known Known) ([]string, error)
	// PrivateRoles says whether roles are private that do not say so themselves. Nil:
	// those that are included while a play runs are, the others are not.
	PrivateRoles *bool
	// Files reads the files: with its keys, those that are encrypted too.
	Files source.Files

	mu       sync.Mutex
	files    map[string]document
	rendered []source.Node
}

// Rendered returns the templates that Static was asked for so far. What was read
// holds their values in their place.
func (l *Loader) Rendered() []source.Node {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.rendered)
}

// RoleOptions are the arguments of include_role and import_role.
type RoleOptions struct {
	TasksFrom, VarsFrom, DefaultsFrom, HandlersFrom string

	Params       source.Node // a mapping: role parameters
	Public       *bool       // the play sees the role's variables; nil: as the Loader has it
	Once         bool        // allow_duplicates: false
	NoValidation bool        // rolespec_validate: false
	Play         *Play       // the play that the role is used in
	// Locals are as in Loader.Tasks.
	Locals map[string]any
}

// Load reads playbooks in the order given. Every mistake that is found is part
// of the error (errors.Join of *source.Error, in the order in which the files
// are read); the playbook is what could be read nevertheless.
func (l *Loader) Load(files ...string) (*Playbook, error) {
	r := newReader(l)
	pb := &Playbook{}
	for _, file := range files {
		pb.Plays = append(pb.Plays, r.playbook(file, nil, source.Pos{})...)
	}
	return pb, r.err()
}

// Tasks reads a file of tasks for include_tasks at run time. A path that does
// not exist is looked for where the include stands. The block's Import is the
// include, its Parent the include's; it has the include's variables, and the keywords under
// its `apply`. Where the include is a handler, so are the tasks. Handlers that
// import_role brings in are in the block's Handlers, the first time that the play
// meets the role. Locals are the items of the loops around, which names in the file may
// use; nil: they are not known yet.
func (l *Loader) Tasks(path string, include *Task, locals map[string]any) (*Block, error) {
	r := newReader(l)
	r.knowingAround(include, locals)
	s := scope{play: include.play, parent: include.Parent, dir: include.Dir, handler: include.Handler}
	file := filepath.Clean(path)
	if !isFile(file) {
		var err error
		if file, err = r.findTasks(path, include.ModulePos, s); err != nil {
			return nil, err
		}
	}
	b := r.included(include, s)
	s.sink = &b.Handlers
	b.Body = r.taskFile(file, s.inside(b), include.ModulePos)
	b.Varies, b.Open = r.asked, r.opened
	return b, r.err()
}

// Role reads a role for include_role at run time and returns its block (its
// dependencies inside, before its own tasks) and the handlers that are new to the
// play.
func (l *Loader) Role(name string, o RoleOptions, include *Task) (*Block, []*Task, error) {
	r := newReader(l)
	r.knowingAround(include, o.Locals)
	var handlers []*Task
	s := scope{play: include.play, parent: include.Parent, dir: include.Dir, sink: &handlers}
	if o.Play != nil {
		s.play = o.Play
	}
	b := r.included(include, s)
	use := roleUse{name: name, pos: include.ModulePos, options: o, params: o.Params, fromInclude: true, dynamic: true, by: roleAround(s)}
	use.Vars = include.Vars
	inner := r.useRole(use, s.inside(b))
	if inner != nil {
		inner.Vars = source.Node{}
		b.Body = []Entry{inner}
	}
	b.Varies, b.Open = r.asked, r.opened
	return b, handlers, r.err()
}

// included returns the block that a dynamic include makes: what it inherits
// comes from around the include and from `apply`, not from the include itself.
func (r *reader) included(include *Task, s scope) *Block {
	b := &Block{Parent: s.parent, Import: include, Params: include.Vars}
	b.Pos = include.Pos
	b.Vars = include.Vars
	if apply := include.Action.Get("apply"); apply.IsMap() {
		r.apply(apply, b)
		b.Vars = mergeMaps(include.Vars, b.Vars)
	}
	return b
}

// library tells of a folder that may hold modules.
func (r *reader) library(dir string) {
	if r.Library != nil {
		r.Library(filepath.Join(dir, "library"))
	}
}

// Errors returns the mistakes that an error of this package holds.
func Errors(err error) []*source.Error {
	if err == nil {
		return nil
	}
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		var all []*source.Error
		for _, e := range many.Unwrap() {
			all = append(all, Errors(e)...)
		}
		return all
	}
	var one *source.Error
	if errors.As(err, &one) {
		return []*source.Error{one}
	}
	return []*source.Error{{Msg: err.Error(), Err: err}}
}

// reader reads for one call of the Loader and collects what is wrong.
type reader struct {
	*Loader
	words map[string]keyword
	errs  []error
	seen  map[string]bool
	known Known // to what is read
	asked bool  // whether a name was rendered
	// open says that more will be known when the run reads the same, and opened that
	// something was left out for it.
	open, opened bool
	more         int
}

func newReader(l *Loader) *reader {
	r := &reader{Loader: l, words: make(map[string]keyword, len(keywords)), seen: map[string]bool{}}
	for _, k := range keywords {
		r.words[k.name] = k
	}
	return r
}

// fail notes a mistake. The same mistake at the same place (a role that is used
// twice) is noted once.
func (r *reader) fail(err error) {
	if err == nil || r.seen[err.Error()] {
		return
	}
	r.seen[err.Error()] = true
	if len(r.errs) == maxErrors {
		r.more++
		return
	}
	r.errs = append(r.errs, err)
}

// gap notes a mistake, said already where it is nil, because of which the play
// lacks a role or a file of tasks.
func (r *reader) gap(s scope, err error) {
	if s.play != nil {
		s.play.Gaps = true
	}
	r.fail(err)
}

// errorf notes a mistake at a node and returns it for its hint to be set.
func (r *reader) errorf(pos source.Pos, format string, args ...any) *source.Error {
	e := source.Errorf(pos, format, args...)
	r.fail(e)
	return e
}

// err returns the mistakes, once all is read.
func (r *reader) err() error {
	r.errs = slices.DeleteFunc(r.errs, func(err error) bool {
		l, lacks := err.(*lack)
		return lacks && l.task.conditional()
	})
	for i, err := range r.errs {
		if l, lacks := err.(*lack); lacks {
			r.errs[i] = l.err
		}
	}
	if r.more > 0 {
		r.errs = append(r.errs, &source.Error{Msg: fmt.Sprintf("and %d more mistakes", r.more)})
	}
	return errors.Join(r.errs...)
}

// scope is where the reader is: what an entry that it reads there belongs to.
type scope struct {
	play    *Play
	parent  *Block
	dir     string   // the folder of the file
	handler bool     // the entries are handlers
	sink    *[]*Task // where handlers go that a role brings in
	chain   []string // the files that import one another, the outermost first
	roles   []string // the folders of the roles that use one another
}

// inside returns the scope of the entries of b.
func (s scope) inside(b *Block) scope {
	s.parent = b
	return s
}

// playDir returns the folder of the playbook.
func (s scope) playDir() string {
	if s.play == nil {
		return s.dir
	}
	return filepath.Dir(s.play.File)
}

// roleDir returns the folder of the role that the scope is in, or "".
func (s scope) roleDir() string {
	if s.parent != nil {
		if role := RoleOf(s.parent); role != nil {
			return role.Dir
		}
	}
	return ""
}
