// Package playbook reads playbooks, task files and roles into plays, blocks,
// tasks and handlers that know where they stand. It runs on the controller,
// evaluates nothing (values stay YAML nodes until the engine meets them), and
// refuses by name what it does not know.
package playbook

import (
	"path/filepath"
	"strings"

	"fleet/internal/source"
)

// Playbook is what the files given to one run come to, with import_playbook
// followed.
type Playbook struct {
	Plays []*Play
}

// Play maps tasks to hosts.
type Play struct {
	Keywords
	File     string      // the playbook's file
	Playbook string      // the one that the run was given: the same, or it imports this one
	Gaps     bool        // a role or a file of tasks that belongs to it could not be read
	Hosts    source.Node // a pattern or a list of patterns; may hold templates

	VarsFiles  []source.Node // each a path or a list of paths of which the first that exists is taken
	VarsPrompt []Prompt

	// In the order in which they run. Each section is a list of top-level
	// entries. Roles holds one block a use of a role.
	PreTasks, Roles, Tasks, PostTasks []Entry
	// Handlers are those of the play's roles, then the play's own, then those of
	// the roles that import_role brings in, in the order in which they run. Where
	// two have the same name, a notification by name reaches the last one.
	Handlers []*Task

	GatherFacts       source.Node
	GatherSubset      source.Node
	GatherTimeout     source.Node
	FactPath          source.Node
	Serial            source.Node // a number, a percentage, or a list of them
	MaxFailPercentage source.Node
	ForceHandlers     source.Node
	Strategy          source.Node // "linear", "free", "host_pinned", "debug"
	Order             source.Node // "inventory", "reverse_inventory", "sorted", "reverse_sorted", "shuffle"

	known                          *roleCache
	roleHandlers, importedHandlers []*Task // while it is read
}

// Prompt is one variable that a play asks the operator for.
type Prompt struct {
	Pos      source.Pos
	Name     string
	Text     source.Node // what to ask; the name where absent
	Default  source.Node
	Private  bool   // do not echo; true unless the playbook says no
	Confirm  bool   // ask until the operator says the same twice
	Unsafe   bool   // the answer is no template
	Encrypt  string // the kind of the hash that the variable gets in place of the answer
	Salt     string
	SaltSize int
}

// Keywords are what plays, blocks, tasks and roles have in common. A keyword
// that is not given is a zero Node. Values may hold templates unless said
// otherwise. What an inner level inherits from an outer one is the engine's
// matter: nothing here is inherited yet.
type Keywords struct {
	Pos  source.Pos
	Name source.Node
	When []source.Node // all have to hold; bare expressions, or booleans
	Vars source.Node   // a mapping
	Tags []string      // no templates
	// OpenTags are those that are not known before the run: templates, each of one
	// tag, of several with commas between them, or of a list.
	OpenTags []source.Node

	Environment       source.Node // a mapping, a list of mappings, or a template
	Become            source.Node
	BecomeUser        source.Node
	BecomeMethod      source.Node
	BecomeFlags       source.Node
	BecomeExe         source.Node
	RemoteUser        source.Node
	Port              source.Node
	Connection        source.Node
	Timeout           source.Node // seconds
	Throttle          source.Node
	IgnoreErrors      source.Node
	IgnoreUnreachable source.Node
	NoLog             source.Node
	CheckMode         source.Node
	Diff              source.Node
	AnyErrorsFatal    source.Node
	RunOnce           source.Node
	Debugger          source.Node // "always", "never", "on_failed", "on_unreachable", "on_skipped"
	DelegateTo        source.Node
	DelegateFacts     source.Node
	ModuleDefaults    source.Node // a mapping from module names to mappings, or a list of such

	// Misfits say which of these have a value of the wrong type: what is reached with
	// one of them fails.
	Misfits []*source.Error
	// Idle say which keywords beside these have no effect where they stand.
	Idle []*source.Error
}

// Entry is a *Block or a *Task.
type Entry interface {
	// Common returns the keywords.
	Common() *Keywords
	// Up returns the block around the entry, or nil at the top of a play's section.
	Up() *Block
}

// Common returns k itself.
func (k *Keywords) Common() *Keywords { return k }

// Block is a list of entries that share keywords: a `block:` of the file, or
// what an import, an include or a role brought in.
type Block struct {
	Keywords
	Parent *Block
	// Role is set on the block that a role's tasks form, and there alone; RoleOf
	// finds it from inside. The keywords of a use of a role, its vars and its
	// Params stand on the block around it, which holds the blocks of the role's
	// dependencies before it: they inherit from the use as the role's tasks do.
	Role *Role
	// Params are the variables given to the role or the import (role parameters),
	// which are stronger than the role's own. Keywords.Vars holds `vars:`.
	Params source.Node
	// Import is the static import or dynamic include that brought the block in,
	// or nil. What a dynamic include gives as `vars` is in Params too, because it
	// is stronger there than the variables of a task.
	Import *Task
	// Use is set on the block around a role's block that is an entry of `roles` or a
	// dependency. Its Vars are a bit stronger than the role's own, and weaker than
	// those of blocks and tasks.
	Use *Role
	// Handlers are those that Loader.Tasks found: the handlers of roles that the
	// included tasks import.
	Handlers []*Task
	// Varies says that what a dynamic include brought in depends on variables: names in
	// it were templates. Open says that it lacks what is not known before the run.
	Varies, Open bool

	Body, Rescue, Always []Entry

	notify []source.Node // what its tasks notify where they say nothing
}

// Up returns the block around b.
func (b *Block) Up() *Block { return b.Parent }

// Task is one task or handler.
type Task struct {
	Keywords
	Parent *Block
	// Dir is the folder of the file that the task stands in: relative paths start
	// there (and in the role's files, templates, tasks and vars).
	Dir string

	Module    string // as written: "apt" or "ansible.builtin.apt"; behind `action` also a template
	ModulePos source.Pos
	Action    source.Node // the value behind the module's name: mapping, text or null
	Args      source.Node // the keyword `args`

	Loop        *Loop
	Register    string
	Until       []source.Node
	Retries     source.Node
	Delay       source.Node
	Async       source.Node   // seconds that it may run as a job of its own; 0 is none
	Poll        source.Node   // seconds between two looks at the job; 0: nobody waits for it
	ChangedWhen []source.Node // nil: not given
	FailedWhen  []source.Node
	Notify      []source.Node // names, or lists of names as templates
	Listen      []string      // of a handler: the topics it answers to besides its name
	Handler     bool
	// Lacks is the mistake that nothing here is called Module, where a condition
	// stands on the way to the task. Without one it is among the Loader's errors.
	Lacks *source.Error

	play *Play
}

// Up returns the block around t.
func (t *Task) Up() *Block { return t.Parent }

// Loop is a task's `loop` or `with_...` with its loop_control.
type Loop struct {
	Pos      source.Pos
	Lookup   string      // "" for loop, or "items", "dict", "fileglob", ... for with_...
	Items    source.Node // a list, or a template that gives one
	Var      source.Node // loop_var; absent: "item"
	IndexVar source.Node
	Label    source.Node
	Pause    source.Node   // seconds
	Extended source.Node   // whether there is ansible_loop
	AllItems source.Node   // whether that has all items; absent: it has
	Break    []source.Node // conditions: where all hold behind an item, it was the last one
	Parallel source.Node   // how many items at the same time; fleet's own
}

// VarName returns the name of the variable with the item, as it is written.
func (l *Loop) VarName() string {
	if l.Var.Exists() {
		return l.Var.Text()
	}
	return "item"
}

// Role is one use of a role's folder. The tasks that it runs are in the Block
// that has it as its Role. It does not change once it is read.
type Role struct {
	Name       string
	Collection string // NAMESPACE.COLLECTION, or empty
	Dir        string
	Defaults   source.Node // a mapping, or zero
	Vars       source.Node
	// Parents holds the role whose meta/main.yml brought this one in, or that
	// include_role or import_role was used in; or none.
	Parents []*Role
	// Included says that include_role or import_role brought it in.
	Included bool
	// Dependencies are the roles of meta/main.yml, in order. Their defaults and
	// variables are seen by this role's tasks too, weaker than its own.
	Dependencies []*Role
	// Key is the same for two uses of the role with the same parameters, tags and
	// conditions. Without AllowDuplicates, the tasks of all uses with one key run
	// once a host and play.
	Key             string
	AllowDuplicates bool
	// Private says that only the role itself sees its defaults and variables, and
	// not the rest of the play.
	Private bool
}

// Around returns the folders of the roles that brought the role in, the nearest first,
// with the system's separator of lists between them.
func (r *Role) Around() string {
	var dirs []string
	for len(r.Parents) > 0 {
		r = r.Parents[0]
		dirs = append(dirs, r.Dir)
	}
	return strings.Join(dirs, string(filepath.ListSeparator))
}

// FullName returns the role's name, with its collection's in front of it.
func (r *Role) FullName() string {
	if r.Collection == "" {
		return r.Name
	}
	return r.Collection + "." + r.Name
}

// RoleOf returns the innermost role that the entry belongs to, or nil.
func RoleOf(e Entry) *Role {
	for b := enclosing(e); b != nil; b = b.Parent {
		if b.Role != nil {
			return b.Role
		}
	}
	return nil
}

// enclosing returns e itself where it is a block, or the block around it.
func enclosing(e Entry) *Block {
	if b, ok := e.(*Block); ok {
		return b
	}
	return e.Up()
}
