// Package local runs the helper as a child process on the controller itself,
// for hosts with "connection: local". It runs on the controller.
package local

import (
	"context"
	"io"
	"os"

	"fleet/internal/helper"
	"fleet/internal/launch"
	"fleet/internal/session"
)

// Host is this machine as a target. The zero value is ready; it may be used
// concurrently.
type Host struct {
	Helpers *helper.Store // only for another user; nil is a Store of its own
	// Program serves as the helper for the user who runs fleet, when it is run with
	// helper.Verb. Empty is the running executable.
	Program string
	Session session.Options

	own helper.Store
}

// Helper starts a helper as the given user. launch.ErrBecome is in the error's
// chain where only becoming the user failed.
func (h *Host) Helper(ctx context.Context, b launch.Become) (*session.Session, error) {
	o := launch.Options{Session: h.Session, Whole: true} // nothing has to travel
	if !b.IsZero() {
		store := h.Helpers
		if store == nil {
			store = &h.own
		}
		return launch.Helper(ctx, h, store, b, o)
	}
	program := h.Program
	if program == "" {
		var err error
		if program, err = os.Executable(); err != nil {
			return nil, err
		}
	}
	p, err := start(program, helper.Verb)
	if err != nil {
		return nil, err
	}
	return launch.Started(ctx, p, o)
}

// Exec runs a command line without a helper, with sh, and returns its exit code.
func (h *Host) Exec(ctx context.Context, b launch.Become, line string, s launch.Streams) (int, error) {
	return launch.Exec(ctx, h, b, line, s)
}

// Shell runs a command line of sh, which ends with ctx and with fleet.
func (h *Host) Shell(ctx context.Context, line string, stdout, stderr io.Writer) (int, error) {
	return launch.Shell(ctx, h, line, stdout, stderr)
}

// Start implements launch.Runner.
func (h *Host) Start(_ context.Context, line string) (launch.Process, error) {
	return start("/bin/sh", "-c", line)
}
