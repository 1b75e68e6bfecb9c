// Command fleet-target is the helper that fleet pushes to its targets.
package main

import (
	"os"

	"fleet/internal/target"
	"fleet/internal/tasks"
)

func main() { os.Exit(target.Main(os.Args[1:], target.Program{Find: tasks.Find, Web: tasks.Web})) }
