package playbook

import (
	"errors"

	"fleet/internal/source"
)

var errSoon = errors.New("playbook: being built")

// Modules knows which module names exist: short and fully qualified ones, of
// the target and of the controller.
type Modules interface {
	Known(name string) bool
	Names() []string
}

// Loader reads playbooks. It is safe for concurrent use once its fields are set.
type Loader struct {
	Modules Modules // nil: every name is taken for a module
	// RolesPath holds further folders with roles. Roles are always looked for in
	// roles/ beside the playbook, in roles/ beside the file that uses them, and
	// beside the playbook.
	RolesPath []string
	// Static renders a template in a name that must be known before the run (the
	// file of an import, a role, a tag). Nil: such templates are refused.
	Static func(source.Node) (string, error)
}

// RoleOptions are the arguments of include_role and import_role.
type RoleOptions struct {
	TasksFrom, VarsFrom, DefaultsFrom, HandlersFrom string
	Params                                          source.Node // a mapping: role parameters
	AllowDuplicates                                 bool        // run it again where it has run before
	Play                                            *Play       // the play that the role is used in
}

// Load reads playbooks in the order given. Every mistake that is found is part
// of the error (errors.Join of *source.Error, in the order of the files).
func (l *Loader) Load(files ...string) (*Playbook, error) { return nil, errSoon }

// Tasks reads a file of tasks for include_tasks at run time. The block's Import
// is the include, its Parent the include's; it has the include's variables, and
// the keywords under its `apply`. Where the include is a handler, so are the tasks.
func (l *Loader) Tasks(path string, include *Task) (*Block, error) { return nil, errSoon }

// Role reads a role for include_role at run time and returns its block (its
// dependencies inside, before its own tasks) and its handlers.
func (l *Loader) Role(name string, o RoleOptions, include *Task) (*Block, []*Task, error) {
	return nil, nil, errSoon
}

// KV is one key=value of a free-form text.
type KV struct {
	Key, Value string
	Pos        source.Pos // of the key
}

// FreeForm splits `src=a dest="b c"` into its pairs. What has no key is the
// rest. With raw (command, shell, script, raw) only the keys that these modules
// take beside the command (creates, removes, chdir, executable, stdin, ...) are
// pairs, and the rest is the command's text as written.
func FreeForm(text string, pos source.Pos, raw bool) (pairs []KV, rest string, err error) {
	return nil, "", errSoon
}

// Errors returns the mistakes that an error of this package holds.
func Errors(err error) []*source.Error { return nil }
