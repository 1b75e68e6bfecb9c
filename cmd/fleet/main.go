// Command fleet brings a fleet of Linux machines into the state that a playbook
// describes.
package main

import (
	"os"

	"fleet/internal/target"
	"fleet/internal/tasks"
)

func main() {
	args := os.Args[1:]
	if len(args) > 0 && args[0] == target.Verb {
		os.Exit(target.Main(args, target.Program{Find: tasks.Find, Web: tasks.Web}))
	}
	os.Exit(run(newApp(), args))
}

// run runs the verb that the arguments name and returns the exit code.
func run(a *app, args []string) int {
	ctx, stop := a.signals.start()
	defer stop()
	root := newRoot(a)
	root.SetArgs(args)
	done := make(chan error, 1)
	go func() { done <- root.ExecuteContext(ctx) }()
	return a.end(a.await(ctx, done))
}
