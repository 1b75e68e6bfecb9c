// Package target is the helper's loop: it runs on the target as a child of the
// SSH session, serves calls on its standard input and output, and ends with it.
// It listens on no port and leaves nothing running but the jobs of tasks with
// async, each a process of its own until it ends or its time is over.
package target

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"fleet/internal/tasks/sys"
)

// Program is what a helper was built with.
type Program struct {
	// Find returns the module with this name.
	Find func(name string) (*sys.Module, bool)
	// Web is nil in the lean helper. Another one has all that there is.
	Web sys.Web
}

// Verb is the hidden argument that makes any fleet program serve as the helper.
const Verb = "__target"

// exitNotInstalled has the start script put the helper elsewhere.
const exitNotInstalled = 75

// Main is the helper: args are the program's arguments without its name. It
// returns the exit code.
func Main(args []string, program Program) int {
	if len(args) > 0 && args[0] == Verb {
		args = args[1:]
	}
	switch {
	case len(args) == 3 && args[0] == "--install":
		if err := install(args[1], args[2]); err != nil {
			fmt.Fprintf(os.Stderr, "fleet-target: %v\n", err)
			return exitNotInstalled
		}
	case len(args) == 1 && args[0] == jobVerb:
		return runJob(os.Stdin, program)
	case len(args) > 0:
		fmt.Fprintf(os.Stderr, "fleet-target: unknown argument %q\n", args[0])
		return 1
	}
	in, out, err := takeStreams()
	if err != nil {
		fmt.Fprintf(os.Stderr, "fleet-target: %v\n", err)
		return 1
	}
	ctx, stop := untilSignal()
	defer stop()
	if err := Serve(ctx, in, out, program); err != nil && !errors.Is(err, errSignal) {
		fmt.Fprintf(os.Stderr, "fleet-target: %v\n", err)
		return 1
	}
	return 0
}

var errSignal = errors.New("ended by a signal")

// untilSignal returns a context that ends with the first signal to end. SIGPIPE
// is taken so that a closed standard error does not kill the helper before its
// children; children do not inherit that, as they would inherit "ignore".
func untilSignal() (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	ends, pipes := make(chan os.Signal, 1), make(chan os.Signal, 1)
	signal.Notify(ends, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	signal.Notify(pipes, syscall.SIGPIPE)
	done := make(chan struct{})
	go func() {
		select {
		case <-ends:
			cancel(errSignal)
		case <-done:
		}
	}()
	return ctx, func() {
		signal.Stop(ends)
		signal.Stop(pipes)
		close(done)
		cancel(nil)
	}
}

// takeStreams moves standard input and output to descriptors that no child gets.
// What a child or a library prints goes to standard error instead.
func takeStreams() (in, out *os.File, err error) {
	inFD, err := dupCloexec(0)
	if err != nil {
		return nil, nil, err
	}
	outFD, err := dupCloexec(1)
	if err != nil {
		return nil, nil, err
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		return nil, nil, err
	}
	defer null.Close()
	if err := dupTo(int(null.Fd()), 0); err != nil {
		return nil, nil, err
	}
	if err := dupTo(2, 1); err != nil {
		return nil, nil, err
	}
	return os.NewFile(uintptr(inFD), "controller"), os.NewFile(uintptr(outFD), "controller"), nil
}

func dupCloexec(fd int) (int, error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	n, err := syscall.Dup(fd)
	if err == nil {
		syscall.CloseOnExec(n)
	}
	return n, err
}
