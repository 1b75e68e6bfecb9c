package main

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestInterruptedWhileReading: what only reads is left when it is interrupted, what
// has begun is waited for.
func TestInterruptedWhileReading(t *testing.T) {
	failure := errors.New("no")
	for name, c := range map[string]struct {
		begun, interrupted bool
		takes              time.Duration
		err, want          error
		after              time.Duration
	}{
		"well":                 {takes: time.Minute, after: time.Minute},
		"failed":               {takes: time.Minute, err: failure, want: failure, after: time.Minute},
		"never ends":           {interrupted: true, takes: time.Hour, want: exitInterrupted, after: readingEnds},
		"ends by itself":       {interrupted: true, takes: time.Millisecond, err: failure, want: exitInterrupted, after: time.Millisecond},
		"begun ends by itself": {interrupted: true, begun: true, takes: time.Hour, err: exitFailed, want: exitFailed, after: time.Hour},
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			a, done, start := &app{}, make(chan error, 1), time.Now()
			a.begun.Store(c.begun)
			go func() {
				time.Sleep(c.takes)
				done <- c.err
			}()
			if c.interrupted {
				cancel()
			}
			if err := a.await(ctx, done); !errors.Is(err, c.want) || time.Since(start) != c.after {
				t.Errorf("%s: %v after %s", name, err, time.Since(start))
			}
			time.Sleep(c.takes)
		})
	}
}
