// Package demand says before a run what anything in it can read of what hosts
// tell: which facts, and which fields of registered results. It runs on the
// controller, opens no connection and evaluates nothing. It is a proof, not a guess:
// where a name, a file or a value is not known before the run, everything counts
// as read.
package demand

import (
	"maps"
	"slices"
	"strings"

	"fleet/internal/jinja"
)

// Demand is what a run can read. A nil Demand is everything.
type Demand struct {
	open bool // something is not known: anything may be read
	// uses are the members that are taken of variables, by the variable's name.
	uses map[string][][]string
	// looped are the results that some loop registers: what they hold is deeper.
	looped map[string]bool
	subset func(facts []string) []string
}

// Subset returns the gather_subset that holds all facts that can be read. It is
// false where they are not known.
func (d *Demand) Subset() ([]string, bool) {
	facts, all := d.Facts()
	if all || d.subset == nil {
		return nil, false
	}
	return d.subset(facts), true
}

// Result reports whether a field of the result that tasks register under a name
// can be read. The field's steps have dots between them.
func (d *Demand) Result(name, field string) bool {
	if d == nil || d.open || d.looped[name] {
		return true
	}
	steps := strings.Split(field, ".")
	return slices.ContainsFunc(d.uses[name], func(path []string) bool { return reaches(path, steps) })
}

// reaches reports whether taking the path's members of a value shows the field.
func reaches(path, field []string) bool {
	for i, step := range field {
		switch {
		case i == len(path):
			return true
		case path[i] != step:
			return jinja.IsDictMethod(path[i])
		}
	}
	return true
}

// Facts returns the facts that can be read, without "ansible_" and sorted, or
// that it can be any.
func (d *Demand) Facts() (names []string, all bool) {
	if d == nil || d.open {
		return nil, true
	}
	found := map[string]bool{}
	for name, paths := range d.uses {
		switch fact, isFact := strings.CutPrefix(name, "ansible_"); {
		case name == "ansible_facts":
			for _, path := range paths {
				if len(path) == 0 || jinja.IsDictMethod(path[0]) || own[path[0]] {
					return nil, true
				}
				if !strings.HasPrefix(path[0], "is ") {
					found[path[0]] = true
				}
			}
		case own[name]:
			return nil, true
		case isFact && !given[fact]:
			found[fact] = true
		}
	}
	return slices.Sorted(maps.Keys(found)), false
}

// own are the names that setup gives besides the facts.
var own = map[string]bool{"gather_subset": true, "module_setup": true}

// given are the names behind "ansible_" that no fact has: the run itself and the
// inventory give them.
var given = map[string]bool{
	"check_mode": true, "collection_name": true, "config_file": true, "diff_mode": true, "forks": true, "index_var": true, "inventory_sources": true, "limit": true, "loop": true, "loop_var": true, "managed": true,
	"parent_role_names": true, "play_batch": true, "play_hosts": true, "play_hosts_all": true, "play_name": true, "playbook_python": true,
	"python_interpreter": true,
	"role_name":          true, "run_tags": true, "search_path": true, "skip_tags": true, "verbosity": true, "version": true,
	"host": true, "port": true, "user": true, "connection": true, "become": true, "become_user": true,
}
