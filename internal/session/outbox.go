package session

import (
	"context"
	"sync"
	"time"

	"fleet/internal/wire"
)

// What waits to be written is bounded by fullSize bytes: then the sender waits.
// Calls that are sent ahead wait for soonTime, or until there are soonSize bytes,
// so that they go together. keptSize is what an idle session keeps.
const (
	fullSize = 256 << 10
	soonSize = 8 << 10
	soonTime = time.Millisecond
	keptSize = 4 << 10
)

// outbox is the frames that wait to be written, encoded. Its methods may be
// called concurrently.
type outbox struct {
	wake chan struct{} // has a token when the writer is to write

	mu    sync.Mutex
	buf   []byte
	spare []byte        // what the writer is done with
	room  chan struct{} // closed when the buffer was taken; nil while nobody waits
	timer *time.Timer   // pushes
}

// add appends the frame. Where there is no room, it returns what is closed when
// there may be some.
func (o *outbox) add(f wire.Frame) (room <-chan struct{}, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.buf) >= fullSize {
		if o.room == nil {
			o.room = make(chan struct{})
		}
		return o.room, nil
	}
	o.buf, err = f.Append(o.buf)
	return nil, err
}

// soon makes the writer write after a moment, or now where there is enough.
func (o *outbox) soon() {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case len(o.buf) >= soonSize:
		o.wakeUp()
	case o.timer == nil:
		o.timer = time.AfterFunc(soonTime, o.push)
	default:
		o.timer.Reset(soonTime)
	}
}

// push makes the writer write what is there.
func (o *outbox) push() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.buf) > 0 {
		o.wakeUp()
	}
}

func (o *outbox) wakeUp() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// take returns what is to be written. The writer gives the memory back.
func (o *outbox) take() []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	b := o.buf
	o.buf, o.spare = o.spare[:0], nil
	if o.room != nil {
		close(o.room)
		o.room = nil
	}
	return b
}

func (o *outbox) giveBack(b []byte) {
	if cap(b) > keptSize {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.spare = b
}

// send queues the frame and wakes the writer.
func (s *Session) send(ctx context.Context, f wire.Frame) error {
	err := s.queue(ctx, f)
	s.out.push()
	return err
}

// sendSoon queues the frame: others are about to follow.
func (s *Session) sendSoon(ctx context.Context, f wire.Frame) error {
	err := s.queue(ctx, f)
	s.out.soon()
	return err
}

func (s *Session) queue(ctx context.Context, f wire.Frame) error {
	for {
		room, err := s.out.add(f)
		if room == nil {
			return err
		}
		s.out.push()
		select {
		case <-room:
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-s.gone:
			return s.Err()
		case <-s.closing:
			return errClosed
		}
	}
}

// offer sends the frame unless others wait to be sent.
func (s *Session) offer(f wire.Frame) {
	s.out.mu.Lock()
	busy := len(s.out.buf) > 0
	s.out.mu.Unlock()
	if !busy {
		// A frame that is too long is not one that fleet makes.
		_, _ = s.out.add(f)
		s.out.push()
	}
}

// writeLoop owns the writing end of the transport.
func (s *Session) writeLoop() {
	for {
		select {
		case <-s.out.wake:
			b := s.out.take()
			if len(b) == 0 {
				continue
			}
			if _, err := s.t.Write(b); err != nil {
				s.drain(err)
				return
			}
			s.out.giveBack(b)
		case <-s.closing:
			// The error is that the connection is gone; the reader sees that too.
			_ = s.t.CloseWrite()
			return
		case <-s.gone:
			return
		}
	}
}
