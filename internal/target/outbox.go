package target

import (
	"io"
	"sync"
	"time"

	"fleet/internal/wire"
)

// A result may wait for those behind it to be written together, but not for
// longer than heldTime, and no more than heldSize bytes of them.
const (
	heldTime = time.Millisecond
	heldSize = 32 << 10
)

// outbox is the writing end towards the controller. Its methods may be called
// concurrently.
type outbox struct {
	w io.Writer

	mu    sync.Mutex
	held  []byte
	timer *time.Timer // writes what is held
}

// send writes what is held, and the frame.
func (o *outbox) send(f wire.Frame) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	b, err := f.Append(o.held)
	if err != nil {
		return err
	}
	return o.write(b)
}

// hold keeps the frame for a moment, because another one is about to follow it.
func (o *outbox) hold(f wire.Frame) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	b, err := f.Append(o.held)
	switch {
	case err != nil:
		return err
	case len(b) > heldSize:
		return o.write(b)
	case len(o.held) > 0: // the timer runs
	case o.timer == nil:
		o.timer = time.AfterFunc(heldTime, o.flush)
	default:
		o.timer.Reset(heldTime)
	}
	o.held = b
	return nil
}

func (o *outbox) flush() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.held) > 0 {
		// Where it cannot be written, the controller is gone, and the reader sees that.
		_ = o.write(o.held)
	}
}

// write writes b, which begins with what is held. The caller holds mu.
func (o *outbox) write(b []byte) error {
	o.held = b[:0]
	if cap(b) > heldSize {
		o.held = nil
	}
	_, err := o.w.Write(b)
	return err
}
