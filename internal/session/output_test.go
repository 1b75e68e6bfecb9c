package session_test

import (
	"bytes"
	"context"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"fleet/internal/session"
	"fleet/internal/spec"
	"fleet/internal/target"
	"fleet/internal/tasks/sys"
	"fleet/internal/wire"
)

// A command that writes more than the report can print is held up on its host,
// and that takes as long as it takes: the host is not given up.
func TestOutputWaitsForTheReport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const size = 8 * wire.OutputWindow
		var written atomic.Int64
		talk := sys.Define(spec.Module{Name: "talk"}, func(_ context.Context, m *sys.Machine, _ *textArgs) (any, error) {
			for piece := bytes.Repeat([]byte("x"), 1000); written.Load() < size; written.Add(int64(len(piece))) {
				m.Controller.Output(wire.Stdout, piece)
			}
			return nil, nil
		})
		s := withModule(t, &talk)
		defer s.Close()
		read, stopped := 0, make(chan struct{})
		go func() {
			time.Sleep(time.Hour)
			if n := written.Load(); n > wire.OutputWindow {
				t.Errorf("the command wrote %d bytes of which nobody wanted any", n)
			}
			close(stopped)
		}()
		r, err := s.Call(t.Context(), wire.Call{Module: "talk", Args: args("", 0), Stream: true}, wire.Answers{Output: func(_ wire.Stream, p []byte) {
			<-stopped
			read += len(p)
		}})
		if err != nil || strings.Contains(string(r.Data), "failed") || read < size {
			t.Errorf("%d bytes, %s, %v", read, r.Data, err)
		}
	})
}

// withModule returns a session with a helper in this process that has one module,
// over a connection that takes all that is written to it.
func withModule(t *testing.T, mod *sys.Module) *session.Session {
	t.Helper()
	l := &link{there: stream{c: make(chan []byte, 10_000)}, back: stream{c: make(chan []byte, 10_000)}}
	go func() {
		// The end shows in the session.
		_ = target.Serve(context.Background(), &l.there, &l.back, target.Program{Find: func(string) (*sys.Module, bool) { return mod, true }})
		l.back.Close()
	}()
	for b := make([]byte, 1); b[0] != '\n'; {
		if _, err := l.back.Read(b); err != nil {
			t.Fatal(err)
		}
	}
	s, err := session.New(t.Context(), l, session.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// link is a transport with room for everything.
type link struct{ there, back stream }

func (l *link) Read(p []byte) (int, error)  { return l.back.Read(p) }
func (l *link) Write(p []byte) (int, error) { return l.there.Write(p) }
func (l *link) CloseWrite() error           { return l.there.Close() }
func (l *link) Close() error                { return l.there.Close() }
func (l *link) Reason() (string, string)    { return "", "" }

// stream is one direction of it.
type stream struct {
	c      chan []byte
	rest   []byte
	closed sync.Once
}

func (s *stream) Write(p []byte) (int, error) {
	s.c <- bytes.Clone(p)
	return len(p), nil
}

func (s *stream) Read(p []byte) (int, error) {
	for len(s.rest) == 0 {
		piece, ok := <-s.c
		if !ok {
			return 0, io.EOF
		}
		s.rest = piece
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

func (s *stream) Close() error {
	s.closed.Do(func() { close(s.c) })
	return nil
}
