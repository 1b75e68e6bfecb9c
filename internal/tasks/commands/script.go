package commands

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// Script sends a script of the controller to the target, runs it there and
// removes it again.
//
// In check mode it is skipped, unless creates or removes tell whether it would run.
//
// Example:
//
//	tasks:
//	  - name: Prepare the disk
//	    script: prepare.sh /dev/sdb
//	    args:
//	      creates: /data/.prepared
var Script = sys.Define(spec.Module{
	Name:     "script",
	Names:    []string{"ansible.builtin.script", "ansible.legacy.script"},
	FreeForm: "cmd",
	OneOf:    [][]string{{"cmd"}},
}, script)

type scriptArgs struct {
	// The path of the script on the controller, and the arguments behind it.
	Cmd string `arg:"cmd"`
	// The program that runs the script, in place of the one its first line names.
	Executable string `arg:"executable"`
	// Decrypts what is taken from the controller where it is a vault.
	Decrypt bool `arg:"decrypt" default:"yes"`
	conditions
}

func script(ctx context.Context, m *sys.Machine, a *scriptArgs) (any, error) {
	if len(m.Files) != 1 {
		return nil, errors.New("the controller offers no script with this call")
	}
	e := execution{conditions: a.conditions, input: input{StripEmptyEnds: true}, cmd: a.Cmd, what: a.Cmd}
	if reason, err := e.unneeded(m); reason != "" || err != nil {
		return sys.Skip(reason), err
	}
	var res any
	err := withScript(ctx, m, &e, func(path string) (err error) {
		// The arguments are the shell's to read, as the playbook's author wrote them.
		line := quote(path) + scriptArguments(a.Cmd)
		if a.Executable != "" {
			line = a.Executable + " " + line
		}
		e.argv = []string{"/bin/sh", "-c", line}
		res, err = e.run(ctx, m)
		return err
	})
	return res, err
}

// unneeded returns why the script need not run, in creates' and removes' words.
// A script that need not run is skipped; a command reports ok.
func (e *execution) unneeded(m *sys.Machine) (reason string, err error) {
	dir, err := e.folder(m)
	if err != nil {
		return "", err
	}
	w, err := e.needless(m, dir)
	if w == nil || err != nil {
		return "", err
	}
	return fmt.Sprintf("%s %s, matching %s option", w.pattern, w.state, w.arg), nil
}

// withScript puts the script into a folder of its own while run runs. In check
// mode it will not run, and nothing is sent.
func withScript(ctx context.Context, m *sys.Machine, e *execution, run func(path string) error) error {
	if m.Check {
		return run("")
	}
	temp, err := os.MkdirTemp("", "fleet-script-")
	if err != nil {
		return fmt.Errorf("a place for the script: %w", err)
	}
	defer os.RemoveAll(temp)
	path := filepath.Join(temp, filepath.Base(m.Files[0].Name))
	if err := fetchScript(ctx, m, path); err != nil {
		return err
	}
	return run(path)
}

func fetchScript(ctx context.Context, m *sys.Machine, path string) error {
	r, err := m.Sent(m.Files[0]).Open(ctx)
	if err != nil {
		return err
	}
	defer r.Close()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o700)
	if err != nil {
		return fmt.Errorf("put the script in place: %w", err)
	}
	_, err = io.Copy(f, r)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}

// scriptArguments returns what stands behind the first word of cmd, which may be
// quoted.
func scriptArguments(cmd string) string {
	cmd = strings.TrimSpace(cmd)
	quoted := byte(0)
	for i := 0; i < len(cmd); i++ {
		switch c := cmd[i]; {
		case c == '\\' && quoted != '\'':
			i++
		case quoted == c:
			quoted = 0
		case quoted == 0 && (c == '"' || c == '\''):
			quoted = c
		case quoted == 0 && (c == ' ' || c == '\t' || c == '\n'):
			return cmd[i:]
		}
	}
	return ""
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
