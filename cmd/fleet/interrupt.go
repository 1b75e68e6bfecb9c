package main

import (
	"context"
	"time"
)

// readingEnds is how long what an interrupted verb reads may take to end.
const readingEnds = time.Second

// await returns the error of a verb when it ends. One that was interrupted before it
// has begun anything says nothing more, and is left where it does not end by
// itself: what it reads, as a pipe that nobody writes to, cannot be cancelled.
func (a *app) await(ctx context.Context, done <-chan error) error {
	interrupted, late := ctx.Done(), (<-chan time.Time)(nil)
	for {
		select {
		case err := <-done:
			if err != nil && ctx.Err() != nil && !a.begun.Load() {
				return exitInterrupted
			}
			return err
		case <-interrupted:
			interrupted, late = nil, time.After(readingEnds)
		case <-late:
			if !a.begun.Load() {
				return exitInterrupted
			}
			late = nil
		}
	}
}
