package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// untilInterrupt returns a context that ends with the first signal to end, so
// that running tasks are cancelled and the recap is printed. The second signal
// ends fleet at once.
func untilInterrupt() (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	done := make(chan struct{})
	go func() {
		select {
		case <-signals:
			fmt.Fprintln(os.Stderr, "\nfleet: interrupted; what runs is cancelled (once more: leave at once)")
			cancel()
		case <-done:
			return
		}
		select {
		case <-signals:
			os.Exit(int(exitInterrupted))
		case <-done:
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(done)
		cancel()
	}
}
