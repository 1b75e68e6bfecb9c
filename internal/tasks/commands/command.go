package commands

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// Command runs a program without a shell, so that pipes, redirections and
// patterns have no meaning in its words.
//
// In check mode it is skipped, unless creates or removes tell whether it would run.
//
// Example:
//
//	tasks:
//	  - name: Make the database once
//	    command: /usr/bin/make_database.sh db_user db_name
//	    args:
//	      creates: /var/lib/database
var Command = sys.Define(spec.Module{
	Name:      "command",
	Names:     []string{"ansible.builtin.command", "ansible.legacy.command"},
	FreeForm:  "cmd",
	Exclusive: [][]string{{"cmd", "argv"}},
	OneOf:     [][]string{{"cmd", "argv"}},
	OwnNeeds:  true,
}, command)

type commandArgs struct {
	// The program and its arguments, with quotes as in a shell.
	Cmd string `arg:"cmd"`
	// The program and its arguments as a list, taken as they are.
	Argv []string `arg:"argv"`
	conditions
	input
	// Replaces $NAME and ${NAME} in the words by the environment's variables, and
	// a leading ~ by the home folder.
	ExpandArgumentVars bool `arg:"expand_argument_vars" default:"yes"`
	// Has no effect but a warning, as in Ansible: a shell is what the module shell is for.
	Executable string `arg:"executable"`
}

func command(ctx context.Context, m *sys.Machine, a *commandArgs) (any, error) {
	if a.Cmd != "" && a.Argv != nil {
		return &result{RC: noCommand, StdoutLines: []string{}, StderrLines: []string{}}, errors.New("only command or argv can be given, not both")
	}
	argv := a.Argv
	if argv == nil {
		var err error
		if argv, err = sys.Split(a.Cmd); err != nil {
			return nil, fmt.Errorf("command %q: %w", a.Cmd, err)
		}
	}
	if len(argv) == 0 || argv[0] == "" {
		return &result{RC: noCommand, StdoutLines: []string{}, StderrLines: []string{}}, errors.New("no command given")
	}
	e := execution{conditions: a.conditions, input: a.input, cmd: argv, what: strings.Join(argv, " ")}
	if a.Executable != "" {
		e.warnings = []string{"As of Ansible 2.4, the parameter 'executable' is no longer supported with the 'command' module. Not using '" + a.Executable + "'."}
	}
	e.argv = append([]string(nil), argv...)
	for i, word := range argv {
		if a.ExpandArgumentVars {
			e.argv[i] = sys.ExpandVars(expandUser(m, word), m.Getenv)
		}
	}
	if m.Runner != nil {
		return e.run(ctx, m)
	}
	dir, err := e.folder(m)
	if err != nil {
		return nil, err
	}
	// Where creates or removes stop the command, its program need not be there.
	path, _ := m.Getenv("PATH")
	found, err := lookPath(e.argv[0], dir, path)
	if err != nil {
		if needless, nerr := e.needless(m, dir); nerr == nil && needless == nil && !m.Check {
			return &result{Cmd: argv, RC: 2, StdoutLines: []string{}, StderrLines: []string{}}, err
		}
	} else {
		e.argv[0] = found
	}
	return e.run(ctx, m)
}

// noCommand is the code that Ansible gives for a command that is none.
const noCommand = 256

// expandUser replaces a leading ~ or ~name. A word without such a user stays.
func expandUser(m *sys.Machine, word string) string {
	if !strings.HasPrefix(word, "~") {
		return word
	}
	path, err := m.Expand(word)
	if err != nil {
		return word
	}
	return path
}

// lookPath finds the program in the task's own PATH.
func lookPath(name, dir, path string) (string, error) {
	if strings.Contains(name, "/") {
		real := name
		if !filepath.IsAbs(name) {
			real = filepath.Join(dir, name)
		}
		return name, executable(name, real)
	}
	for _, folder := range filepath.SplitList(path) {
		full := filepath.Join(folder, name)
		if filepath.IsAbs(full) && executable(name, full) == nil {
			return full, nil
		}
	}
	return "", fmt.Errorf("there is no command %q in PATH (%s)", name, path)
}

func executable(name, path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("command %q does not exist", name)
	case err != nil:
		return fmt.Errorf("command %q: %w", name, err)
	case info.IsDir():
		return fmt.Errorf("command %q is a folder", name)
	case info.Mode()&0o111 == 0:
		return fmt.Errorf("command %q is not executable", name)
	}
	return nil
}
