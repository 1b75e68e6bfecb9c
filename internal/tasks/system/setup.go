// Package system holds the modules that deal with the machine itself: its
// facts, services, users, name, kernel settings and scheduled jobs. It runs on
// the target.
package system

import (
	"context"
	"fmt"
	"path"
	"strings"
	"time"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
	"fleet/internal/tasks/system/facts"
)

// Setup finds out what kind of machine this is and returns it as facts, by the
// names that Ansible uses. Plays run it by themselves unless gather_facts is no.
// It takes some milliseconds and runs no commands but the executable files in
// fact_path, systemctl where systemd manages the machine, and python3 where it is
// there: the target needs none.
//
// Example:
//
//	tasks:
//	  - name: Only what is quick, and the network
//	    setup:
//	      gather_subset: ["!all", network]
var Setup = sys.Define(spec.Module{
	Name:  "setup",
	Names: []string{"ansible.builtin.setup", "ansible.builtin.gather_facts", "ansible.legacy.setup", "gather_facts"},
	Facts: []string{"ansible_*", "gather_subset"},
}, setup)

type setupArgs struct {
	// Which facts to gather: all, min, hardware, network, virtual, mounts and so
	// on. A name behind "!" leaves these out. The minimal ones are always
	// gathered unless "!min" is given.
	GatherSubset []string `arg:"gather_subset" default:"all"`
	// Keeps only facts whose name matches one of these shell patterns, with or
	// without "ansible_" in front.
	Filter []string `arg:"filter"`
	// The folder of the operator's own facts, *.fact, which become ansible_local:
	// JSON or ini files, or programs that print one of them.
	FactPath string `arg:"fact_path" type:"path" default:"/etc/ansible/facts.d"`
	// How many seconds gathering may take. What was found until then is returned.
	GatherTimeout int `arg:"gather_timeout" default:"10"`
}

type setupResult struct {
	// The facts, by names that start with ansible_.
	AnsibleFacts map[string]any `json:"ansible_facts"`
}

func setup(ctx context.Context, m *sys.Machine, a *setupArgs) (any, error) {
	chosen, unknown := facts.Select(a.GatherSubset)
	if unknown != "" {
		return nil, fmt.Errorf("gather_subset %q is none of %s", unknown, strings.Join(facts.Subsets(), ", "))
	}
	ctx, cancel := context.WithTimeout(ctx, time.Duration(a.GatherTimeout)*time.Second)
	defer cancel()
	found := facts.Gather(ctx, m, chosen, facts.Options{LocalDir: a.FactPath})
	all := map[string]any{}
	for name, value := range found {
		if name = "ansible_" + name; wanted(name, a.Filter) {
			all[name] = value
		}
	}
	if wanted("gather_subset", a.Filter) {
		all["gather_subset"] = a.GatherSubset
	}
	all["module_setup"] = true
	return setupResult{all}, nil
}

// wanted reports whether one of the patterns matches the name, with or without
// its prefix. No patterns match everything.
func wanted(name string, patterns []string) bool {
	for _, p := range patterns {
		for _, n := range []string{name, strings.TrimPrefix(name, "ansible_")} {
			if ok, err := path.Match(p, n); ok && err == nil || p == "" {
				return true
			}
		}
	}
	return len(patterns) == 0
}
