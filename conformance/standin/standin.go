// Package standin is what a target of Ansible's tests calls instead of Ansible's
// commands: each says to fleet what the command was told, and ends as fleet ends.
// What fleet has no word for is refused with a word, and fails the target.
package standin

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
)

const fleet = "/conformance/fleet"

// commands are Ansible's commands and what stands in for each.
func commands() map[string]func(args []string) error {
	return map[string]func([]string) error{
		"ansible":           adHoc,
		"ansible-inventory": inventory,
		"ansible-playbook":  playbook,
		"ansible-vault":     vault,
		"ansible-config":    config,
		"ansible-console":   refuse("ansible-console"),
		"ansible-doc":       refuse("ansible-doc"),
		"ansible-galaxy":    refuse("ansible-galaxy"),
		"ansible-pull":      refuse("ansible-pull"),
	}
}

// Names are the commands' names, sorted.
func Names() []string { return slices.Sorted(maps.Keys(commands())) }

// Knows says whether it stands in for a command of that name.
func Knows(name string) bool { return commands()[name] != nil }

// exitCode is one of Ansible's that fleet has not.
type exitCode int

// unreadable is for files that cannot be parsed.
const unreadable exitCode = 4

func (c exitCode) Error() string { return fmt.Sprintf("exit code %d", int(c)) }

// Run is the command's life: its exit code.
func Run(name string, args []string) int {
	err := commands()[name](args)
	var ended *exec.ExitError
	var code exitCode
	switch {
	case err == nil:
		return 0
	case errors.As(err, &code):
		return int(code)
	case errors.As(err, &ended):
		return ended.ExitCode()
	}
	fmt.Fprintf(os.Stderr, "ERROR! %s: %v\n", name, err)
	return 1
}

func refuse(name string) func([]string) error {
	return func([]string) error { return fmt.Errorf("nothing of fleet stands in for %s", name) }
}

// call runs fleet on the command's own terminal.
func call(args ...string) error { return callTo(os.Stderr, args...) }

// callTo is call with another place for complaints.
func callTo(stderr io.Writer, args ...string) error {
	cmd := exec.Command(fleet, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, &complaints{to: stderr}
	return cmd.Run()
}
