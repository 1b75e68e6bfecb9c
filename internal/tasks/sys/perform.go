package sys

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Query runs a command that only looks, in the C locale, because what it writes
// is read by a program. Another exit code than 0 is not an error.
func (m *Machine) Query(ctx context.Context, argv ...string) (Output, error) {
	return m.Run(ctx, Command{Argv: argv, Env: []string{"LC_ALL=C"}})
}

// Perform passes a command through the door. It has to end with exit code 0.
func (m *Machine) Perform(ctx context.Context, what string, argv ...string) error {
	return m.Change(ctx, Change{What: what, Do: func(ctx context.Context) error {
		_, err := m.Must(ctx, argv...)
		return err
	}})
}

// Need is the error of a module that works through a program which the machine
// does not have. The package is the one that usually brings it. In check mode
// the program may be missing, because an earlier step may be the one that would
// have installed it: then there is false and no error, and the result has a warning.
func (m *Machine) Need(program, pack string) (there bool, err error) {
	if m.Has(program) {
		return true, nil
	}
	if m.Check {
		m.warn(fmt.Sprintf("this machine has no program %q now: this works only if an earlier step installs it", program))
		return false, nil
	}
	return false, fmt.Errorf("this machine has no program %q; the package %q usually brings it", program, pack)
}

// warn adds a warning to the call's result, once.
func (m *Machine) warn(text string) {
	if !slices.Contains(m.warnings, text) {
		m.warnings = append(m.warnings, text)
	}
}

// Lines splits a text behind each newline, which stays with its line.
func Lines(text string) []string {
	lines := strings.SplitAfter(text, "\n")
	if last := len(lines) - 1; lines[last] == "" {
		lines = lines[:last]
	}
	return lines
}
