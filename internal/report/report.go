// Package report prints the events of a run: as text, as a live status line, as
// JSON lines, and as the output of `fleet exec`. It runs on the controller. It
// decides nothing about the run, and it never lets a target's output reach a
// terminal with its control characters.
package report

import (
	"fleet/internal/event"
)

// Report is a printer of events. Close writes what was held back and waits for
// whatever the report has started; no Emit may follow it.
type Report interface {
	event.Sink
	Close() error
}

// Options say how much a report shows, and how.
type Options struct {
	Verbose int  // how many -v were given
	Diff    bool // show texts before and after
	Color   bool
}

// Multi returns a report that passes each event on to all of them, in order.
func Multi(reports ...Report) Report { return multi(reports) }

type multi []Report

func (m multi) Emit(e event.Event) {
	for _, r := range m {
		r.Emit(e)
	}
}

func (m multi) Close() error {
	var first error
	for _, r := range m {
		if err := r.Close(); err != nil && first == nil {
			first = err
		}
	}
	return first
}
