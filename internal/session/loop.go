package session

import (
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"fleet/internal/wire"
)

// counter counts what was heard from the helper, in bytes.
type counter struct{ n atomic.Uint64 }

// reader reads from the transport and counts.
func (s *Session) reader() io.Reader { return countingReader{s.t, &s.heard} }

type countingReader struct {
	r io.Reader
	c *counter
}

func (r countingReader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	r.c.n.Add(uint64(n))
	return n, err
}

// readLoop hands the helper's frames to their calls until the connection ends.
// It never waits for the helper to read: what it answers itself may get lost.
func (s *Session) readLoop() {
	r := s.reader()
	for {
		f, err := wire.ReadFrame(r)
		if err != nil {
			s.fail(s.lostTo(err))
			return
		}
		s.busy.Store(true)
		err = s.dispatch(f)
		s.busy.Store(false)
		if err != nil {
			s.fail(&LostError{Reason: fmt.Sprintf("the helper broke the protocol: %v", err), Err: err})
			return
		}
	}
}

func (s *Session) dispatch(f wire.Frame) error {
	switch f.Kind {
	case wire.KindPong:
		return nil
	case wire.KindOutput, wire.KindResult, wire.KindNeed, wire.KindSend, wire.KindData, wire.KindEnd, wire.KindCredit, wire.KindReject:
		s.mu.Lock()
		c := s.calls[f.Call]
		s.mu.Unlock()
		if c == nil {
			return nil // of a call that is over
		}
		return c.take(f)
	}
	s.offer(wire.Frame{Kind: wire.KindReject, Call: f.Call, Payload: []byte{byte(f.Kind)}})
	return nil
}

// drain waits until the reader has seen why the connection ended, because it
// knows the better reason, and ends the session otherwise.
func (s *Session) drain(err error) {
	select {
	case <-s.gone:
	case <-time.After(time.Second):
		s.fail(s.lostTo(err))
	}
}

// pingLoop asks whether the helper is there and ends the session when it has not
// been heard for too long. It counts ticks and not time, so that a fleet that
// was stopped itself (by Ctrl-Z, or a sleeping laptop) does not blame the host.
func (s *Session) pingLoop() {
	tick := time.NewTicker(s.options.KeepAlive)
	defer tick.Stop()
	heard, misses := s.heard.n.Load(), 0
	for {
		select {
		case <-s.gone:
			return
		case <-tick.C:
		}
		// While a report takes its time over what came, nothing more is heard, and the
		// helper is not to blame.
		if now := s.heard.n.Load(); now != heard || s.busy.Load() {
			heard, misses = now, 0
		} else if misses++; misses >= s.options.Misses {
			silent := s.options.KeepAlive * time.Duration(s.options.Misses)
			s.fail(lost(fmt.Sprintf("nothing heard from the helper for %s", silent),
				"the host is overloaded, switched off or cut off from the network", errSilent))
			return
		}
		s.offer(wire.Frame{Kind: wire.KindPing})
	}
}

var errSilent = errors.New("keep-alive not answered")

// lostTo returns the reason for the end of the stream.
func (s *Session) lostTo(err error) *LostError {
	var limit *wire.LimitError
	if errors.As(err, &limit) {
		return &LostError{Reason: fmt.Sprintf("the helper broke the protocol: %v", err), Err: err}
	}
	reason, hint := s.t.Reason()
	if reason == "" {
		reason = "the helper ended"
		if err != io.EOF {
			reason = err.Error()
		}
	}
	return lost(reason, hint, err)
}
