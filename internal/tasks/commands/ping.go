package commands

import (
	"context"
	"errors"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// Ping answers, to show that the target can be reached and runs modules.
//
// Example:
//
//	tasks:
//	  - ping:
var Ping = sys.Define(spec.Module{
	Name:  "ping",
	Names: []string{"ansible.builtin.ping"},
}, ping)

type pingArgs struct {
	// What to answer. The word "crash" makes the module fail.
	Data string `arg:"data" default:"pong"`
}

type pingResult struct {
	// The value of data.
	Ping string `json:"ping,omitempty"`
	// Nothing, where it crashed.
	Stdout *string `json:"module_stdout,omitempty"`
	// Why it crashed.
	Stderr *string `json:"module_stderr,omitempty"`
}

func ping(_ context.Context, _ *sys.Machine, a *pingArgs) (any, error) {
	if a.Data == "crash" {
		nothing, why := "", "Exception: boom"
		return pingResult{Stdout: &nothing, Stderr: &why}, errors.New("asked to crash")
	}
	return pingResult{Ping: a.Data}, nil
}
