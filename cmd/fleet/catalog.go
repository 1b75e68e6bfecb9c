package main

import (
	"slices"

	"fleet/internal/engine"
	"fleet/internal/spec"
	"fleet/internal/tasks"
)

// catalog is the names and arguments of all modules: those of the targets, and
// the steps that the controller runs itself.
type catalog struct{}

// Find returns the target's module with a short or fully qualified name.
func (catalog) Find(name string) (*spec.Module, bool) {
	m, ok := tasks.Find(name)
	if !ok {
		return nil, false
	}
	return &m.Module, true
}

// Names returns the short names of all modules, sorted.
func (catalog) Names() []string {
	var names []string
	for _, m := range tasks.Table {
		names = append(names, m.Name)
	}
	for _, m := range engine.Actions() {
		names = append(names, m.Name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Known reports whether there is a module with a short or fully qualified name.
func (c catalog) Known(name string) bool {
	if _, ok := c.Find(name); ok {
		return true
	}
	return slices.ContainsFunc(engine.Actions(), func(m *spec.Module) bool {
		return m.Name == name || slices.Contains(m.Names, name)
	}) || name == "gather_facts" || name == "ansible.builtin.gather_facts"
}
