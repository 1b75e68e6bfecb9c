package session

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"fleet/internal/wire"
)

// call is one running call. Its frames come from the read loop alone.
type call struct {
	s       *Session
	id      uint32
	files   []wire.File
	answers wire.Answers
	result  chan answer     // one is sent
	asked   context.Context // what Start got
	work    sync.WaitGroup  // the goroutines of its streams

	mu       sync.Mutex
	ctx      context.Context // of its streams; nil before the first
	cancel   context.CancelCauseFunc
	over     bool
	inboxes  map[uint32]*wire.Inbox
	credits  map[uint32]*wire.Credit
	received error // why Receive failed
	owed     int   // bytes of output that were taken and not yet granted
}

// answer is what ends a call.
type answer struct {
	result wire.Result
	err    error
}

var errCallOver = errors.New("the call is over")

// Call runs one module on the target and returns its result. A module that
// failed is a Result with "failed", not an error. Where ctx ends, the call is
// cancelled on the target and Call returns ctx's cause once the target has
// confirmed it; where that takes longer than CancelWait, the session is ended.
// A *LostError says that the connection is gone.
func (s *Session) Call(ctx context.Context, wc wire.Call, answers wire.Answers) (wire.Result, error) {
	p, err := s.Start(ctx, wc, answers)
	if err != nil {
		return wire.Result{}, err
	}
	return p.Wait()
}

// Start sends a call, whose Wait is as Call. A call that is sent ahead may stay
// here for a moment, so that several go together.
func (s *Session) Start(ctx context.Context, wc wire.Call, answers wire.Answers) (wire.Pending, error) {
	payload, err := wire.Encode(wc)
	if err != nil {
		return nil, err
	}
	if len(payload) > wire.MaxMessage {
		return nil, &wire.LimitError{Kind: wire.KindCall, Size: len(payload)}
	}
	c, err := s.begin(ctx, wc, answers)
	if err != nil {
		return nil, err
	}
	f := wire.Frame{Kind: wire.KindCall, Call: c.id, Payload: payload}
	if wc.Ahead != nil {
		err = s.sendSoon(ctx, f)
	} else {
		err = s.send(ctx, f)
	}
	if err != nil {
		s.finish(c)
		return nil, err
	}
	return c, nil
}

// Ready implements wire.Pending.
func (c *call) Ready() bool {
	select {
	case <-c.s.gone:
		return true
	default:
		return len(c.result) > 0
	}
}

// Wait implements wire.Pending. It ends with the context that Start got.
func (c *call) Wait() (wire.Result, error) {
	defer c.s.finish(c)
	c.s.out.push()
	select {
	case a := <-c.result:
		return c.close(a)
	case <-c.asked.Done():
		return wire.Result{}, c.s.cancelCall(c.asked, c)
	case <-c.s.gone:
	}
	select {
	case a := <-c.result: // it came before the end
		return c.close(a)
	default:
		return wire.Result{}, c.s.Err()
	}
}

// Drop implements wire.Pending.
func (c *call) Drop() {
	if !c.Ready() {
		c.s.out.add(wire.Frame{Kind: wire.KindCancel, Call: c.id})
		c.s.out.push()
	}
	c.s.finish(c)
}

func (s *Session) begin(ctx context.Context, wc wire.Call, answers wire.Answers) (*call, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.lost != nil:
		return nil, s.lost
	case s.closed:
		return nil, errClosed
	case len(s.calls) >= wire.MaxCalls:
		return nil, fmt.Errorf("more than %d calls at the same time on one helper", wire.MaxCalls)
	}
	s.lastID++
	c := &call{s: s, id: s.lastID, files: wc.Files, answers: answers, result: make(chan answer, 1), asked: ctx}
	s.calls[c.id] = c
	return c, nil
}

// finish forgets the call and waits for its goroutines.
func (s *Session) finish(c *call) {
	s.mu.Lock()
	delete(s.calls, c.id)
	s.mu.Unlock()
	c.mu.Lock()
	c.over = true
	c.endStreams(errCallOver)
	c.mu.Unlock()
	c.work.Wait()
}

// streaming gives the call a context for its streams: most calls have none. The
// caller holds mu.
func (c *call) streaming() context.Context {
	if c.ctx == nil {
		c.ctx, c.cancel = context.WithCancelCause(c.asked)
	}
	return c.ctx
}

// endStreams ends what the streams do. The caller holds mu, and sees to it that no
// other stream begins.
func (c *call) endStreams(reason error) {
	if c.cancel != nil {
		c.cancel(errCallOver)
	}
	for _, in := range c.inboxes {
		in.End(reason)
	}
}

// close ends the call with its answer, once all that was sent before it is
// written.
func (c *call) close(a answer) (wire.Result, error) {
	c.mu.Lock()
	c.endStreams(errors.New("the target ended the call before the end of the file"))
	c.mu.Unlock()
	c.work.Wait()
	if a.err == nil && c.received != nil {
		a.err = &TakeError{c.received}
	}
	return a.result, a.err
}

func (s *Session) cancelCall(ctx context.Context, c *call) error {
	wait, stop := context.WithTimeout(context.WithoutCancel(ctx), CancelWait)
	defer stop()
	if err := s.send(wait, wire.Frame{Kind: wire.KindCancel, Call: c.id}); err == nil {
		select {
		case <-c.result:
			return context.Cause(ctx)
		case <-s.gone:
		case <-wait.Done():
		}
	}
	s.fail(&LostError{Reason: fmt.Sprintf("the target did not end the cancelled task within %s", CancelWait), Err: context.Cause(ctx)})
	return s.Err()
}

// take handles a frame of the call. An error means that the helper broke the
// protocol.
func (c *call) take(f wire.Frame) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return nil
	}
	switch f.Kind {
	case wire.KindOutput:
		return c.output(f)
	case wire.KindResult:
		r, err := wire.DecodeResult(f.Payload)
		if err != nil {
			return err
		}
		c.deliver(answer{result: r})
		return nil
	case wire.KindReject:
		c.deliver(answer{err: errors.New("the helper does not know a message that fleet sent")})
		return nil
	case wire.KindNeed:
		return c.need(f)
	case wire.KindSend:
		return c.receive(f)
	}
	return c.stream(f)
}

// deliver ends the call: what comes after is dropped.
func (c *call) deliver(a answer) {
	c.over = true
	c.result <- a
}

func (c *call) output(f wire.Frame) error {
	stream := wire.Stream(f.Stream)
	if f.Stream != uint32(wire.Stdout) && f.Stream != uint32(wire.Stderr) {
		return fmt.Errorf("output on stream %d", f.Stream)
	}
	if c.answers.Output != nil {
		c.answers.Output(stream, f.Payload)
	}
	if c.owed += len(f.Payload); c.owed >= wire.OutputWindow/4 {
		c.grantOutput()
	}
	return nil
}

// grantOutput lets the commands write on. The read loop does not wait for it.
func (c *call) grantOutput() {
	f := wire.Frame{Kind: wire.KindCredit, Call: c.id, Payload: wire.EncodeCredit(c.owed)}
	c.owed = 0
	if room, err := c.s.out.add(f); room != nil && err == nil {
		// The error is that the call is over.
		ctx := c.streaming()
		c.work.Go(func() { _ = c.s.send(ctx, f) })
		return
	}
	c.s.out.push()
}
