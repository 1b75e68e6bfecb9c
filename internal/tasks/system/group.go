package system

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// Group creates, changes and removes groups.
//
// Example:
//
//	tasks:
//	  - name: A group for the site's files
//	    group:
//	      name: web
//	      gid: 2000
var Group = sys.Define(spec.Module{
	Name:  "group",
	Names: []string{"ansible.builtin.group", "ansible.legacy.group"},
}, group)

type groupArgs struct {
	// The name.
	Name string `arg:"name,required"`
	// Whether the group should be there.
	State string `arg:"state" choices:"absent,present" default:"present"`
	// The number.
	GID *int `arg:"gid"`
	// Make a system group, with a low number. It matters only for a new group.
	System bool `arg:"system"`
	// Allow a number that another group has.
	NonUnique bool `arg:"non_unique"`
	// Look only in the machine's own files, not in a directory service.
	Local bool `arg:"local"`
	// With state absent, remove the group also where it is a user's primary one.
	Force bool `arg:"force"`
	// The lowest number for a new group, in place of the machine's own limit.
	GIDMin *int `arg:"gid_min"`
	// The highest number for a new group.
	GIDMax *int `arg:"gid_max"`
}

type groupResult struct {
	// The name.
	Name string `json:"name"`
	// What was asked for.
	State string `json:"state"`
	// The group's number.
	GID int `json:"gid,omitempty"`
	// Whether a system group was asked for.
	System bool `json:"system"`
}

func group(ctx context.Context, m *sys.Machine, a *groupArgs) (any, error) {
	if !accountName(a.Name) {
		return nil, fmt.Errorf("argument %q: %q cannot be the name of a group", "name", a.Name)
	}
	if a.Local && (a.GIDMin != nil || a.GIDMax != nil) {
		return nil, errors.New("'gid_min' and 'gid_max' can not be used with 'local'")
	}
	if a.NonUnique && a.GID == nil {
		return nil, sys.Messagef("non_unique is True but all of the following are missing: gid")
	}
	res := &groupResult{Name: a.Name, State: a.State, System: a.System}
	g, err := lookupGroup(m, a)
	there := err == nil
	if err != nil && !errors.Is(err, sys.ErrNoAccount) {
		return res, err
	}
	argv, change := groupCommand(a, g, there)
	if argv == nil {
		res.GID = g.GID
		return res, nil
	}
	change.Do = func(ctx context.Context) error {
		_, err := m.Must(ctx, argv...)
		return err
	}
	if err := m.Change(ctx, change); err != nil {
		return res, err
	}
	if g, err := lookupGroup(m, a); err == nil {
		res.GID = g.GID
	}
	return res, nil
}

func lookupGroup(m *sys.Machine, a *groupArgs) (sys.Group, error) {
	if !a.Local {
		return m.LookupGroup(a.Name)
	}
	for _, g := range allGroups(m) {
		if g.Name == a.Name {
			return g, nil
		}
	}
	return sys.Group{}, fmt.Errorf("group %q %w", a.Name, sys.ErrNoAccount)
}

// groupCommand returns the command that is needed, or nil.
func groupCommand(a *groupArgs, g sys.Group, there bool) ([]string, sys.Change) {
	var argv []string
	var change sys.Change
	switch {
	case a.State == "absent" && !there, a.State == "present" && there && (a.GID == nil || *a.GID == g.GID):
		return nil, change
	case a.State == "absent":
		argv, change.What = []string{"groupdel"}, "remove group "+a.Name
		if a.Force {
			argv = append(argv, "-f")
		}
		return append(argv, a.Name), change
	case there:
		argv, change = []string{"groupmod"}, sys.Change{What: "change group " + a.Name,
			Before: fmt.Sprintf("gid: %d\n", g.GID), After: fmt.Sprintf("gid: %d\n", *a.GID)}
	default:
		argv, change.What = []string{"groupadd"}, "create group "+a.Name
		if a.System {
			argv = append(argv, "-r")
		}
		if a.GIDMin != nil {
			argv = append(argv, "-K", fmt.Sprintf("GID_MIN=%d", *a.GIDMin))
		}
		if a.GIDMax != nil {
			argv = append(argv, "-K", fmt.Sprintf("GID_MAX=%d", *a.GIDMax))
		}
	}
	if a.GID != nil {
		argv = append(argv, "-g", strconv.Itoa(*a.GID))
		if a.NonUnique {
			argv = append(argv, "-o")
		}
	}
	change.BeforeName, change.AfterName = a.Name, a.Name
	return append(argv, a.Name), change
}
