package commands

import (
	"context"
	"errors"
	"strings"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// Shell runs a command line through a shell, with its pipes, redirections and
// variables. Where none of that is needed, command is the safer one.
//
// In check mode it is skipped, unless creates or removes tell whether it would run.
//
// Example:
//
//	tasks:
//	  - name: Count the users
//	    shell: cut -d':' -f1 /etc/passwd | wc -l
//	    register: users
//	    changed_when: false
var Shell = sys.Define(spec.Module{
	Name:     "shell",
	Names:    []string{"ansible.builtin.shell", "ansible.legacy.shell"},
	FreeForm: "cmd",
}, shell)

type shellArgs struct {
	// The command line.
	Cmd string `arg:"cmd,required"`
	// The shell, by its absolute path.
	Executable string `arg:"executable" type:"path" default:"/bin/sh"`
	conditions
	input
}

func shell(ctx context.Context, m *sys.Machine, a *shellArgs) (any, error) {
	if strings.TrimSpace(a.Cmd) == "" {
		return nil, errors.New("no command given")
	}
	e := execution{conditions: a.conditions, input: a.input, cmd: a.Cmd, what: a.Cmd,
		argv: []string{a.Executable, "-c", a.Cmd}}
	return e.run(ctx, m)
}
