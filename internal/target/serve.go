package target

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"runtime"
	"strconv"
	"sync"
	"time"

	"fleet/internal/tasks/sys"
	"fleet/internal/wire"
)

// endWait is how long the running calls have to end when the controller is gone.
// It is longer than a command gets between SIGTERM and SIGKILL.
const endWait = 5 * time.Second

var errGone = errors.New("the controller is gone")

// server serves one controller.
type server struct {
	program Program
	ctx     context.Context
	work    sync.WaitGroup
	// accounts are what the calls have learnt of users and groups.
	accounts sys.Accounts

	out   outbox
	queue queue

	mu    sync.Mutex
	calls map[uint32]*call
}

// Serve says hello, serves calls until in ends, then cancels what runs and waits
// for it. A nil error is the regular end. It reads in to its end in a goroutine
// of its own, which outlives Serve where ctx ends first.
func Serve(ctx context.Context, in io.Reader, out io.Writer, program Program) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	s := &server{program: program, ctx: ctx, out: outbox{w: out}, calls: map[uint32]*call{}}
	if err := s.sayHello(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- s.readLoop(bufio.NewReaderSize(in, wire.MaxChunk)) }()
	var err error
	select {
	case err = <-ended:
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	cancel(errGone)
	s.waitForCalls()
	return err
}

func (s *server) waitForCalls() {
	done := make(chan struct{})
	go func() { s.work.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(endWait):
	}
}

func (s *server) sayHello() error {
	hello := wire.Hello{Version: wire.Version, OS: runtime.GOOS, Arch: runtime.GOARCH, User: userName(), UID: os.Getuid(), PID: os.Getpid()}
	payload, err := wire.Encode(hello)
	if err != nil {
		return err
	}
	b := wire.Greeting{Word: wire.GreetingHello, Rest: strconv.Itoa(wire.Version)}.Append(nil)
	if b, err = (wire.Frame{Kind: wire.KindHello, Payload: payload}).Append(b); err != nil {
		return err
	}
	_, err = s.out.w.Write(b)
	return err
}

// userName returns the name of the user that the helper runs as, or the number
// where /etc/passwd has no name.
func userName() string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return strconv.Itoa(os.Getuid())
}

// readLoop handles the controller's frames until there are no more. It waits for
// nothing but the controller.
func (s *server) readLoop(r io.Reader) error {
	for {
		f, err := wire.ReadFrame(r)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := s.dispatch(f); err != nil {
			return fmt.Errorf("the controller broke the protocol: %w", err)
		}
	}
}

func (s *server) dispatch(f wire.Frame) error {
	switch f.Kind {
	case wire.KindPing:
		return s.send(wire.Frame{Kind: wire.KindPong, Payload: f.Payload})
	case wire.KindCall:
		return s.begin(f)
	case wire.KindCancel, wire.KindData, wire.KindEnd, wire.KindCredit, wire.KindReject:
		s.mu.Lock()
		c := s.calls[f.Call]
		s.mu.Unlock()
		if c == nil {
			return nil // the call is over
		}
		return c.take(f)
	}
	return s.send(wire.Frame{Kind: wire.KindReject, Call: f.Call, Payload: []byte{byte(f.Kind)}})
}

func (s *server) begin(f wire.Frame) error {
	var wc wire.Call
	if err := wire.Decode(f.Payload, &wc); err != nil {
		return s.refuse(f.Call, err.Error())
	}
	mod, ok := s.program.Find(wc.Module)
	notHere := s.program.Web == nil && (!ok || mod.NeedsWeb(wc.Args))
	if notHere || !ok {
		if wc.Ahead != nil {
			s.queue.stop(*wc.Ahead)
		}
		if notHere {
			return s.answer(f.Call, wire.Result{NotHere: true})
		}
		return s.refuse(f.Call, fmt.Sprintf("the helper has no module %q", wc.Module))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.calls) >= wire.MaxCalls || s.calls[f.Call] != nil {
		return fmt.Errorf("call %d is one too many", f.Call)
	}
	c := newCall(s, f.Call, wc)
	s.calls[f.Call] = c
	if wc.Ahead == nil {
		s.work.Go(func() { c.run(mod) })
	} else if s.queue.add(c, mod) {
		s.work.Go(s.queue.run)
	}
	return nil
}

func (s *server) refuse(id uint32, msg string) error {
	return s.answer(id, wire.Result{Data: failed(msg)})
}

func (s *server) answer(id uint32, r wire.Result) error {
	payload, err := wire.Encode(r)
	if err != nil {
		return err
	}
	return s.send(wire.Frame{Kind: wire.KindResult, Call: id, Payload: payload})
}

// send writes one frame. It may be called concurrently.
func (s *server) send(f wire.Frame) error { return s.out.send(f) }
