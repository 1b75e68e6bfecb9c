package catalog

import (
	"slices"
	"strings"
	"testing"

	"fleet/internal/engine"
	"fleet/internal/spec"
	"fleet/internal/tasks"
)

func TestModules(t *testing.T) {
	var m Modules
	for name, want := range map[string]bool{
		"copy": true, "ansible.builtin.copy": true, "debug": true, "ansible.builtin.set_fact": true, "gather_facts": true,
		"ansible.builtin.gather_facts": true, "ansible.builtin.locale_gen": true, "openssl_certificate": true,
		"ansible.mysql.mysql_user": true, "cpoy": false, "ansible.builtin.cpoy": false, "": false, "builtin.copy": false,
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

// TestArguments: each argument has a type, a name that no other one has, and a
// default that it would take.
func TestArguments(t *testing.T) {
	for _, m := range tasks.Table {
		checkArgs(t, m.Name, m.Args())
	}
	for _, m := range engine.Actions() {
		checkArgs(t, m.Name, m.Args())
	}
}

func checkArgs(t *testing.T, where string, args []spec.Arg) {
	seen := map[string]bool{}
	for _, a := range args {
		for _, name := range append([]string{a.Name}, a.Aliases...) {
			if seen[name] {
				t.Errorf("%s: %q is the name of two arguments", where, name)
			}
			seen[name] = true
		}
		if a.Type == "" || a.Type == spec.List && a.Elem == "" && a.Sub != nil {
			t.Errorf("%s: %q is of a Go type that no argument can have", where, a.Name)
		}
		one := spec.Module{Declares: func() []spec.Arg { return []spec.Arg{a} }}
		if a.Default != "" {
			for _, err := range one.Check(map[string]any{a.Name: a.Default}, nil) {
				t.Errorf("%s: the default of %q: %v", where, a.Name, err)
			}
		}
		if slices.Contains(a.Choices, "") || slices.ContainsFunc(a.Choices, func(c string) bool { return strings.TrimSpace(c) != c }) {
			t.Errorf("%s: %q has a choice with white space or without a word: %q", where, a.Name, a.Choices)
		}
		checkArgs(t, where+": "+a.Name, a.Sub)
	}
}
