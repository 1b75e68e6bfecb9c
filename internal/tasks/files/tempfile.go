package files

import (
	"context"
	"fmt"
	"os"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// Tempfile makes an empty file or folder of a new name. Nobody but its owner can
// read it, and nobody removes it but the playbook.
//
// Example:
//
//	tasks:
//	  - tempfile:
//	      state: directory
//	      suffix: build
//	    register: build
//
//	  - file:
//	      path: "{{ build.path }}"
//	      state: absent
//	    when: build.path is defined
var Tempfile = sys.Define(spec.Module{
	Name:  "tempfile",
	Names: []string{"ansible.builtin.tempfile", "ansible.legacy.tempfile"},
}, tempfile)

type tempfileArgs struct {
	// What to make.
	State string `arg:"state" choices:"directory,file" default:"file"`
	// The folder to make it in, in place of the system's temporary folder.
	Path string `arg:"path" type:"path"`
	// How the name begins.
	Prefix string `arg:"prefix" default:"ansible."`
	// How the name ends.
	Suffix string `arg:"suffix"`
}

type tempfileResult struct {
	// The path of what was made. In check mode there is none.
	Path *string `json:"path"`
	sys.FileInfo
}

func tempfile(ctx context.Context, m *sys.Machine, a *tempfileArgs) (any, error) {
	dir, err := m.Expand(a.Path)
	if err != nil {
		return nil, err
	}
	if dir == "" {
		dir = os.TempDir()
	}
	var made string
	err = m.Change(ctx, sys.Change{What: "create a temporary " + a.State + " in " + dir, Do: func(context.Context) (err error) {
		made, err = makeTemp(m.Path(dir), a)
		return err
	}})
	if err != nil || made == "" {
		return nil, err
	}
	if m.Root != "" {
		made = made[len(m.Root):]
	}
	return tempfileResult{&made, m.FileInfo(made)}, nil
}

func makeTemp(dir string, a *tempfileArgs) (string, error) {
	if a.State == "directory" {
		path, err := os.MkdirTemp(dir, a.Prefix+"*"+a.Suffix)
		if err != nil {
			return "", fmt.Errorf("create a folder in %q: %w", dir, sys.Inner(err))
		}
		return path, nil
	}
	f, err := os.CreateTemp(dir, a.Prefix+"*"+a.Suffix)
	if err != nil {
		return "", fmt.Errorf("create a file in %q: %w", dir, sys.Inner(err))
	}
	return f.Name(), f.Close()
}
