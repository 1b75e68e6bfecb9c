package main

import (
	"errors"
	"io"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
)

// outlet is where fleet prints. A reader that goes away (`fleet inventory | head`) ends
// fleet, as it ends any program, unless it is to outlive its reader: then what nobody
// reads is dropped.
type outlet struct {
	w        io.Writer
	outlives *atomic.Bool
	gone     func() // tells once that nobody reads; nil: says nothing
	told     atomic.Bool
}

// Write implements io.Writer.
func (o *outlet) Write(p []byte) (int, error) {
	n, err := o.w.Write(p)
	if !o.outlives.Load() || !errors.Is(err, syscall.EPIPE) {
		return n, err
	}
	if o.gone != nil && o.told.CompareAndSwap(false, true) {
		o.gone()
	}
	return len(p), nil
}

// outliveReaders has fleet go on where nobody reads what it prints. A run that was cut
// off in its middle would be worse than one that nobody sees.
func (a *app) outliveReaders() {
	// To ignore the signal would have programs that fleet starts ignore it too.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	a.outlives.Store(true)
}
