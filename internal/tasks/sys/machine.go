// Package sys is the machine as a module sees it: its files, its commands and
// the one door through which it is changed. It runs on the target. It refuses
// to run a change in check mode, and writes a file in place only where the task asks
// for unsafe writes.
package sys

import (
	"context"
	"fmt"
	"io"
	"path/filepath"

	"fleet/internal/wire"
)

// Machine is the target during one call. A module reads it freely and changes
// it through Change alone. Its methods are not for concurrent use, unless their
// comment says so.
type Machine struct {
	Check bool // changes are recorded and not run
	Alone bool // with Check: it is this call's only, the run changes the machine
	Diff  bool // before and after are wanted
	// Stream asks for the output of commands while they run.
	Stream bool

	// Root is put before the machine's own files (/etc/passwd, ...) by Path. It is
	// empty but in tests.
	Root string
	// Env is added to the environment of every command.
	Env map[string]string
	// Files are what the controller offers to send, by Open.
	Files []wire.File
	// Runner runs commands. Nil runs them for real.
	Runner Runner
	// Accounts remembers users and groups from one call to the next. Nil asks anew.
	Accounts *Accounts
	// Controller is the other end of the call.
	Controller Controller
	// Web fetches what lies on servers. Nil is the lean helper, which cannot.
	Web Web

	changes  []Change
	warnings []string // which the result gets beside the module's own
	// made are the folders that check mode would have made.
	made map[string]bool
}

// Controller is what a module can ask of the controller while it runs.
type Controller interface {
	// Ask asks for the bytes of several files, in the order of the call's list.
	// They come while the module works. Open then has to be called for them in that
	// order; one that is left out is read past. What an earlier Ask asked for and
	// has not come is given up.
	Ask(ctx context.Context, files []wire.File) error
	// Open asks for the bytes of one of the call's files. The reader checks length
	// and digest: it fails rather than end early.
	Open(ctx context.Context, f wire.File) (io.ReadCloser, error)
	// Send gives the controller a file's bytes.
	Send(ctx context.Context, r io.Reader) error
	// Output passes on a piece of a command's output. It may be called concurrently.
	Output(stream wire.Stream, p []byte)
}

// Foresees reports whether an earlier step may have left out, because of check
// mode, what it would have made. What is missing is then no failure for certain.
func (m *Machine) Foresees() bool { return m.Check && !m.Alone }

// Path returns where a file of the machine's own really lies.
func (m *Machine) Path(p string) string {
	if m.Root == "" {
		return p
	}
	return filepath.Join(m.Root, p)
}

// File returns the call's file with this name.
func (m *Machine) File(name string) (wire.File, error) {
	for _, f := range m.Files {
		if f.Name == name {
			return f, nil
		}
	}
	return wire.File{}, fmt.Errorf("the controller sent no file %q with this call", name)
}
