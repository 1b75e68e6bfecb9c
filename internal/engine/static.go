package engine

import (
	"context"
	"maps"
	"path/filepath"
	"slices"

	"fleet/internal/jinja"
	"fleet/internal/playbook"
	"fleet/internal/search"
	"fleet/internal/source"
)

// Static renders a template in a name that must be known before the run: it sees
// what is known around it, the variables of the command line (extra, the strongest),
// and those of the run that are no host's.
func (e *Engine) Static(n source.Node, known playbook.Known, extra *jinja.Map) ([]string, error) {
	scope := staticScope{Vars: jinja.Vars{}, run: runMagic{e, &playRun{engine: e, dir: known.Dir}}, role: known.Role}
	for _, vars := range known.Vars {
		scope.fill(e.Vars.Map(vars))
	}
	for name, v := range known.Locals {
		scope.Vars[name] = v
	}
	if extra != nil {
		scope.fill(extra)
	}
	at := search.Path{Play: known.Dir, Task: filepath.Dir(n.Pos().File)}
	if known.Role != nil {
		at.Role, at.Around = known.Role.Dir, known.Role.Around()
	}
	env := *e.env(at)
	env.Lookups = maps.Clone(env.Lookups)
	maps.DeleteFunc(env.Lookups, func(name string, _ jinja.LookupFunc) bool { return !harmless(name) })
	v, err := jinja.Deep(jinja.NewContext(context.Background(), &env, scope), jinja.FromYAML(n))
	if err != nil {
		return nil, err
	}
	list, isList := v.([]any)
	if !isList {
		list = []any{v}
	}
	var names []string
	for _, name := range list {
		names = append(names, jinja.Str(name))
	}
	return names, nil
}

// harmless reports whether a lookup may be asked before anything runs: it reads the
// environment or files, and has no effect.
func harmless(lookup string) bool {
	switch lookup {
	case "csvfile", "file", "fileglob", "first_found", "ini", "vars", "varnames":
		return true
	}
	return timeless(lookup)
}

// staticScope is the variables that are known before the run.
type staticScope struct {
	jinja.Vars
	run  runMagic
	role *playbook.Role
}

func (s staticScope) fill(m *jinja.Map) {
	for k, v := range m.All() {
		s.Vars[jinja.Str(k)] = v
	}
}

// staticNames are the variables of the run that are there before it.
var staticNames = []string{"ansible_playbook_python", "ansible_version", "groups", "omit", "playbook_dir"}

// Names implements jinja.Scope.
func (s staticScope) Names() []string { return append(s.Vars.Names(), staticNames...) }

// Lookup implements jinja.Scope.
func (s staticScope) Lookup(name string) (any, bool) {
	if v, ok := roleVariable(s.role, name); ok {
		return v, true
	}
	if slices.Contains(staticNames, name) {
		return s.run.Lookup(name)
	}
	return s.Vars.Lookup(name)
}
