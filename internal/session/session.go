package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"fleet/internal/wire"
)

// Transport carries the bytes of one helper: Read is its standard output behind
// the greeting, Write its standard input.
type Transport interface {
	io.ReadWriter
	// CloseWrite ends the helper's standard input; the helper then ends by itself.
	CloseWrite() error
	// Close ends the connection to the helper at once and unblocks Read and Write.
	// It may be called more than once.
	Close() error
	// Reason says why Read ended, for a person, or nothing where it is not known. It
	// may wait a moment for the helper's exit code.
	Reason() (reason, hint string)
}

// Options of a session. The zero value has the defaults.
type Options struct {
	Handshake time.Duration // until the helper has said hello; 10s
	KeepAlive time.Duration // between two questions whether the helper is there; 5s
	Misses    int           // unanswered questions until it counts as lost; 3
}

// CancelWait is how long a cancelled call may take to end on the target, and
// CloseWait how long a helper may take to end, before the connection is cut.
const (
	CancelWait = 4 * time.Second
	CloseWait  = 4 * time.Second
)

// Session is the controller's end of one helper. Its methods may be called
// concurrently.
type Session struct {
	t       Transport
	options Options
	hello   wire.Hello
	heard   counter
	busy    atomic.Bool // what came is being handed on
	out     outbox
	closing chan struct{} // closed by Close
	gone    chan struct{} // closed when the connection is
	loops   sync.WaitGroup

	mu     sync.Mutex
	lost   *LostError // why gone is closed
	closed bool
	calls  map[uint32]*call
	lastID uint32
}

var errClosed = errors.New("the session is closed")

// New takes the transport over, waits for the helper's hello and returns the
// session. With an error the transport is closed.
func New(ctx context.Context, t Transport, o Options) (*Session, error) {
	s := &Session{t: t, options: o.withDefaults(), out: outbox{wake: make(chan struct{}, 1)},
		closing: make(chan struct{}), gone: make(chan struct{}), calls: map[uint32]*call{}}
	if err := s.handshake(ctx); err != nil {
		t.Close()
		return nil, err
	}
	s.loops.Go(s.readLoop)
	s.loops.Go(s.writeLoop)
	s.loops.Go(s.pingLoop)
	return s, nil
}

func (o Options) withDefaults() Options {
	if o.Handshake <= 0 {
		o.Handshake = 10 * time.Second
	}
	if o.KeepAlive <= 0 {
		o.KeepAlive = 5 * time.Second
	}
	if o.Misses <= 0 {
		o.Misses = 3
	}
	return o
}

// handshake reads the hello. A transport knows no deadline, so the end of the
// time closes it.
func (s *Session) handshake(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, s.options.Handshake,
		fmt.Errorf("the helper did not say hello within %s", s.options.Handshake))
	defer cancel()
	defer context.AfterFunc(ctx, func() { s.t.Close() })()
	f, err := wire.ReadFrame(s.reader())
	switch {
	case ctx.Err() != nil:
		return &LostError{Reason: context.Cause(ctx).Error(), Err: context.Cause(ctx)}
	case err != nil:
		return s.lostTo(err)
	case f.Kind != wire.KindHello:
		return &LostError{Reason: fmt.Sprintf("the helper said %q before hello", f.Kind)}
	}
	if err := wire.Decode(f.Payload, &s.hello); err != nil {
		return &LostError{Reason: err.Error(), Err: err}
	}
	if s.hello.Version != wire.Version {
		return &LostError{Reason: fmt.Sprintf("the helper speaks version %d of the protocol, fleet speaks %d", s.hello.Version, wire.Version)}
	}
	return nil
}

// Hello returns what the helper said about its machine and its user.
func (s *Session) Hello() wire.Hello { return s.hello }

// Err returns why the session cannot be used any more, or nil.
func (s *Session) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.lost != nil:
		return s.lost
	case s.closed:
		return errClosed
	}
	return nil
}

// Close ends the helper: its running calls are cancelled on the target. It
// returns when the helper has ended, or has been cut off after CloseWait.
func (s *Session) Close() error {
	s.mu.Lock()
	first := !s.closed
	s.closed = true
	s.mu.Unlock()
	if first {
		close(s.closing)
	}
	select {
	case <-s.gone:
	case <-time.After(CloseWait):
	}
	s.fail(&LostError{Reason: errClosed.Error(), Err: errClosed})
	s.loops.Wait()
	return nil
}

// fail ends the session. The first reason stays.
func (s *Session) fail(why *LostError) {
	s.mu.Lock()
	first := s.lost == nil
	if first {
		if s.closed {
			why = &LostError{Reason: errClosed.Error(), Err: errClosed}
		}
		s.lost = why
		close(s.gone)
	}
	s.mu.Unlock()
	if first {
		s.t.Close()
	}
}
