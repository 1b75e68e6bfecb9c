// Package catalog is the names and arguments of all modules: those of the targets,
// and the steps that the controller runs itself. It runs on the controller, and
// calls no module.
package catalog

import (
	"slices"
	"strings"
	"sync"

	"fleet/internal/engine"
	"fleet/internal/library"
	"fleet/internal/pyre"
	"fleet/internal/spec"
	"fleet/internal/tasks"
	"fleet/internal/tasks/sys"
	"fleet/internal/tasks/system/facts"
)

// Modules is what the engine, the checker and the reader of playbooks know of
// modules. The zero value is ready.
type Modules struct {
	// Own are the users' own modules, or nil. Fleet's come first, where both have
	// one of a name.
	Own *library.Library
}

// Find returns the target's module with a short or fully qualified name.
func (l Modules) Find(name string) (*spec.Module, bool) {
	m, ok := tasks.Find(name)
	if !ok {
		if file, own := l.Own.Find(name); own {
			return &spec.Module{Name: name, File: file}, true
		}
		return nil, false
	}
	return &m.Module, true
}

// Names returns the short names of all modules, sorted.
func (l Modules) Names() []string {
	names := l.Own.Names()
	for _, m := range tasks.Table {
		names = append(names, m.Name)
	}
	for _, m := range engine.Actions() {
		names = append(names, m.Name)
	}
	names = slices.DeleteFunc(names, func(name string) bool { return name == "own_module" }) // nobody calls it by its name
	slices.Sort(names)
	return slices.Compact(names)
}

// Known reports whether there is a module with a short or fully qualified name.
func (l Modules) Known(name string) bool {
	if known()[name] {
		return true
	}
	if _, found := tasks.Find(name); found {
		return true
	}
	_, own := l.Own.Find(name)
	return own
}

// known returns the names of all modules, short and fully qualified.
var known = sync.OnceValue(func() map[string]bool {
	names := map[string]bool{"gather_facts": true, "ansible.builtin.gather_facts": true}
	all := engine.Actions()
	for _, m := range tasks.Table {
		all = append(all, &m.Module)
	}
	for _, m := range all {
		names[m.Name] = true
		for _, full := range m.Names {
			names[full] = true
		}
	}
	return names
})

// Forms tell what is wrong with a value that is written in a language of its own.
func Forms() map[spec.Form]func(any) error {
	return map[spec.Form]func(any) error{
		spec.Mode: func(v any) error {
			_, err := sys.ParseMode(v)
			return err
		},
		spec.Regexp: func(v any) error {
			pattern, text := v.(string)
			if !text {
				return nil // its type is wrong, which is told
			}
			_, err := pyre.Compile(pattern, 0)
			return err
		},
	}
}

// Facts returns the names of the facts that the module setup finds, without
// "ansible_"; one that ends in _ stands for all that begin so.
func Facts() []string {
	var names []string
	for _, c := range facts.Collectors {
		names = append(names, strings.Fields(c.Facts)...)
	}
	return names
}

// Gather returns the gather_subset of the module setup that holds these facts,
// which are named without "ansible_".
func (Modules) Gather(names []string) []string {
	var tellers []string
	for _, name := range names {
		tellers = append(tellers, facts.Teller(name))
	}
	return facts.Only(tellers...)
}
