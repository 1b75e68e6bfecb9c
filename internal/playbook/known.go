package playbook

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"

	"fleet/internal/source"
)

// Known is what can be used by a name that must be known before the run, and by
// those in a file that a task includes while it runs.
type Known struct {
	// Vars are mappings, of which later ones win: those of the play and of its files,
	// then of the roles, blocks and includes around.
	Vars []source.Node
	// Locals win over Vars: the items of the loops around.
	Locals map[string]any
	Dir    string // of the playbook
	Role   *Role  // that the name stands in, or nil
}

// errUnknown is the cause of mistakes about names that are not known.
var errUnknown = errors.New("the name is not known")

// IsAbsence reports whether what an include brings in could not be read because
// something it names is not there, or is not known where it is read. This is a failure
// of the hosts that come by; other mistakes concern the whole run.
func IsAbsence(err error) bool {
	all := Errors(err)
	return len(all) > 0 && (errors.Is(all[0], fs.ErrNotExist) || errors.Is(all[0], errUnknown))
}

// knowing makes the variables of what is read known to static, until the function
// that it returns is called.
func (r *reader) knowing(vars ...source.Node) func() {
	before := r.known.Vars
	r.known.Vars = slices.Clip(before)
	for _, n := range vars {
		if n.IsMap() {
			r.known.Vars = append(r.known.Vars, n)
		}
	}
	return func() { r.known.Vars = before }
}

// inPlaybook is knowing for the folder of a playbook.
func (r *reader) inPlaybook(file string) func() {
	before := r.known.Dir
	r.known.Dir = filepath.Dir(file)
	return func() { r.known.Dir = before }
}

// inRole is knowing for a role, its variables, and those of its use.
func (r *reader) inRole(role *Role, use roleUse) func() {
	before := r.known.Role
	r.known.Role = role
	undo := r.knowing(role.Defaults, role.Vars, use.Vars, use.params)
	return func() {
		undo()
		r.known.Role = before
	}
}

// knowingAround is knowing for all that is around an include. Without locals it is
// read before the run: the items of loops are not known then.
func (r *reader) knowingAround(include *Task, locals map[string]any) {
	r.known.Locals = locals
	r.known.Role = roleAround(scope{parent: include.Parent})
	if locals == nil {
		r.open = include.Loop != nil
	}
	vars := []source.Node{include.Vars}
	for b := include.Parent; b != nil; b = b.Parent {
		vars = append(vars, b.Params, b.Vars)
		if b.Role != nil {
			vars = append(vars, b.Role.Vars, b.Role.Defaults)
		}
		r.open = r.open || locals == nil && b.Import != nil && b.Import.Loop != nil
	}
	slices.Reverse(vars)
	if p := include.play; p != nil {
		r.inPlaybook(p.File)
		r.knowing(p.Vars)
		for _, n := range p.VarsFiles {
			r.knowVarsFile(n, p)
		}
	}
	if include.play != nil {
		r.knowRoles(include.play)
	}
	r.knowing(vars...)
	r.asked = false // for these
}

// knowRoles makes the variables known that a play's roles show to all its tasks.
func (r *reader) knowRoles(p *Play) {
	var defaults, vars []source.Node
	var walk func(entries []Entry)
	walk = func(entries []Entry) {
		for _, e := range entries {
			b, isBlock := e.(*Block)
			if !isBlock {
				continue
			}
			walk(b.Body)
			if b.Role != nil && !b.Role.Private {
				defaults, vars = append(defaults, b.Role.Defaults), append(vars, b.Role.Vars)
			}
		}
	}
	walk(p.Roles)
	stronger := r.known.Vars
	r.known.Vars = nil
	r.knowing(slices.Concat(defaults, stronger, vars)...)
}

// knowVarsFile makes the variables of an entry of vars_files known, where the
// file is. What is wrong with it is found where it is read.
func (r *reader) knowVarsFile(n source.Node, p *Play) {
	items := n.Items()
	if !n.IsList() {
		items = []source.Node{n}
	}
	dir := filepath.Dir(p.File)
	for _, item := range items {
		names, known := r.knownNames(item)
		for _, name := range names {
			paths := []string{filepath.Join(dir, "vars", name), filepath.Join(dir, name)}
			if filepath.IsAbs(name) {
				paths = []string{name}
			}
			i := slices.IndexFunc(paths, isFile)
			if !known || i < 0 {
				continue
			}
			if doc := r.load(paths[i]); doc.err == nil {
				r.knowing(append(doc.node.Items(), doc.node)...)
			}
			return
		}
	}
}
