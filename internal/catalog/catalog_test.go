package catalog

import (
	"slices"
	"testing"

	"fleet/internal/engine"
	"fleet/internal/tasks"
)

func TestModules(t *testing.T) {
	var m Modules
	for name, want := range map[string]bool{
		"copy": true, "ansible.builtin.copy": true, "debug": true, "ansible.builtin.set_fact": true, "gather_facts": true,
		"ansible.builtin.gather_facts": true, "cpoy": false, "": false, "builtin.copy": false,
	} {
		if got := m.Known(name); got != want {
			t.Errorf("Known(%q) is %v", name, got)
		}
	}
	if _, ok := m.Find("debug"); ok {
		t.Error("debug is found on the targets")
	}
	if found, ok := m.Find("ansible.builtin.stat"); !ok || found.Name != "stat" {
		t.Error("stat is not found")
	}
	names := m.Names()
	if !slices.IsSorted(names) || !slices.Contains(names, "stat") || !slices.Contains(names, "debug") ||
		len(names) > len(tasks.Table)+len(engine.Actions()) {
		t.Errorf("the names are %v", names)
	}
}
