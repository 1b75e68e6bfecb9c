// Package target is the helper's loop: it runs on the target as a child of the
// SSH session, serves calls on its standard input and output, and ends with it.
package target

import "fleet/internal/tasks/sys"

// Find returns the module with this name.
type Find func(name string) (*sys.Module, bool)

// Main is the helper: args are what stands behind the program's name, but for
// the hidden verb. It returns the exit code.
func Main(args []string, find Find) int { return 0 }
