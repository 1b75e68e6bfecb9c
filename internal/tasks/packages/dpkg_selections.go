package packages

import (
	"context"
	"fmt"
	"strings"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// DpkgSelections says what dpkg is to do with a package: keep it at its version,
// or remove it the next time that dselect or apt-get dselect-upgrade runs.
//
// Example:
//
//	tasks:
//	  - name: Keep the database at its version
//	    dpkg_selections:
//	      name: postgresql
//	      selection: hold
var DpkgSelections = sys.Define(spec.Module{
	Name:  "dpkg_selections",
	Names: []string{"ansible.builtin.dpkg_selections", "ansible.legacy.dpkg_selections"},
}, dpkgSelections)

type dpkgSelectionsArgs struct {
	// The package.
	Name string `arg:"name,required"`
	// What is to be done with it.
	Selection string `arg:"selection,required" choices:"install,hold,deinstall,purge"`
}

type dpkgSelectionsResult struct {
	// What was selected; "not present" where dpkg has nothing of the package.
	Before string `json:"before"`
	// What is selected.
	After string `json:"after"`
}

func dpkgSelections(ctx context.Context, m *sys.Machine, a *dpkgSelectionsArgs) (any, error) {
	look := []string{"dpkg", "--get-selections", a.Name}
	out, err := m.Run(ctx, sys.Command{Argv: look, Env: []string{"LC_ALL=C"}})
	if err != nil {
		return nil, err
	}
	if strings.Contains(out.Stderr, "no packages found matching") {
		return nil, sys.Messagef("Failed to find package '%s' to perform selection '%s'.", a.Name, a.Selection)
	}
	if out.Code != 0 {
		return nil, &sys.ExitError{Argv: look, Output: out}
	}
	res := dpkgSelectionsResult{Before: "not present", After: a.Selection}
	if words := strings.Fields(out.Stdout); len(words) > 1 {
		res.Before = words[1]
	}
	if res.Before == res.After {
		return res, nil
	}
	return res, m.Change(ctx, sys.Change{
		What:   fmt.Sprintf("select %s for package %s", a.Selection, a.Name),
		Before: res.Before + "\n", After: res.After + "\n", BeforeName: a.Name, AfterName: a.Name,
		Do: func(ctx context.Context) error {
			argv := []string{"dpkg", "--set-selections"}
			out, err := m.Run(ctx, sys.Command{Argv: argv, Stdin: []byte(a.Name + " " + a.Selection + "\n"), Env: []string{"LC_ALL=C"}})
			if err == nil && out.Code != 0 {
				err = &sys.ExitError{Argv: argv, Output: out}
			}
			return err
		},
	})
}
