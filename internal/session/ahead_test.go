package session_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"fleet/internal/session"
	"fleet/internal/wire"
)

// ahead returns a call that is sent ahead in chain 1.
func ahead(task uint32, module, text string) wire.Call {
	return wire.Call{Module: module, Args: args(text, 0), Ahead: &wire.Ahead{Chain: 1, Task: task}}
}

// start sends calls ahead.
func start(t *testing.T, s *session.Session, calls ...wire.Call) []wire.Pending {
	t.Helper()
	var out []wire.Pending
	for _, c := range calls {
		p, err := s.Start(t.Context(), c, wire.Answers{})
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, p)
	}
	return out
}

// said returns what became of calls: "ok", "failed" or "not run".
func said(t *testing.T, calls []wire.Pending) string {
	t.Helper()
	var out []string
	for _, p := range calls {
		r, err := p.Wait()
		switch {
		case err != nil:
			out = append(out, err.Error())
		case r.NotRun:
			out = append(out, "not run")
		case strings.Contains(string(r.Data), `"failed":true`):
			out = append(out, "failed")
		default:
			out = append(out, "ok")
		}
	}
	return strings.Join(out, ", ")
}

func TestCallsAheadStopAtTheFirstFailure(t *testing.T) {
	tolerant := ahead(2, "crash", "")
	tolerant.Ahead.Tolerant = true
	next := ahead(1, "echo", "")
	next.Ahead.Chain = 2
	for name, test := range map[string]struct {
		calls []wire.Call
		want  string
	}{
		"all well":        {[]wire.Call{ahead(1, "echo", ""), ahead(2, "echo", ""), ahead(3, "echo", "")}, "ok, ok, ok"},
		"a failure":       {[]wire.Call{ahead(1, "echo", ""), ahead(2, "crash", ""), ahead(3, "echo", ""), ahead(4, "echo", "")}, "ok, failed, not run, not run"},
		"of one item":     {[]wire.Call{ahead(1, "echo", ""), ahead(2, "crash", ""), ahead(2, "echo", ""), ahead(3, "echo", "")}, "ok, failed, ok, not run"},
		"that is ignored": {[]wire.Call{ahead(1, "echo", ""), tolerant, ahead(3, "echo", "")}, "ok, failed, ok"},
		"another chain":   {[]wire.Call{ahead(1, "crash", ""), ahead(2, "echo", ""), next}, "failed, not run, ok"},
		"no such module":  {[]wire.Call{ahead(1, "nothing", ""), ahead(2, "echo", "")}, "failed, not run"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := said(t, start(t, connect(t), test.calls...)); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// A call that is cancelled takes those behind it along, run or not.
func TestCancelledAhead(t *testing.T) {
	s := connect(t)
	ctx, cancel := context.WithCancel(t.Context())
	answers, began := started()
	first := ahead(1, "sh", "echo begun; sleep 600")
	first.Stream = true
	p, err := s.Start(ctx, first, answers)
	if err != nil {
		t.Fatal(err)
	}
	rest := start(t, s, ahead(2, "echo", ""), ahead(2, "echo", ""))
	s.Start(t.Context(), ahead(3, "echo", ""), wire.Answers{})
	<-began
	cancel()
	if _, err := p.Wait(); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if got := said(t, rest); got != "not run, not run" {
		t.Errorf("behind it: %s", got)
	}
	if got := said(t, start(t, s, wire.Call{Module: "echo", Args: args("", 0)})); got != "ok" {
		t.Errorf("the next call: %s", got)
	}
}

// A call that is given up is not run where it still waits, nor is what comes
// behind it.
func TestDropped(t *testing.T) {
	s := connect(t)
	answers, began := started()
	first := ahead(1, "sh", "echo begun; read line < "+t.TempDir()+"; sleep 0.05")
	first.Stream = true
	p, err := s.Start(t.Context(), first, answers)
	if err != nil {
		t.Fatal(err)
	}
	rest := start(t, s, ahead(2, "echo", ""), ahead(3, "echo", ""))
	<-began
	rest[0].Drop()
	if got := said(t, []wire.Pending{p, rest[1]}); got != "ok, not run" {
		t.Errorf("got %s", got)
	}
}

func TestInlineFile(t *testing.T) {
	s := connect(t)
	sum := sha256.Sum256([]byte("hello"))
	file := wire.File{Name: "f", Size: 5, SHA256: hex.EncodeToString(sum[:])}
	for text, want := range map[string]string{
		"hello": `"size":5`,
		"hollo": "changed on the controller",
		"hell":  "changed on the controller",
	} {
		call := wire.Call{Module: "take", Args: args("f", 0), Files: []wire.File{file}, Inline: []wire.Inline{{File: 0, Data: []byte(text)}}}
		r, err := s.Call(t.Context(), call, wire.Answers{})
		if err != nil || !strings.Contains(string(r.Data), want) {
			t.Errorf("%s: %s, %v", text, r.Data, err)
		}
	}
}

// countingPipe counts the writes of the controller.
type countingPipe struct {
	*pipe
	mu     sync.Mutex
	writes int
}

func (p *countingPipe) Write(b []byte) (int, error) {
	p.mu.Lock()
	p.writes++
	p.mu.Unlock()
	return p.pipe.Write(b)
}

// TestCallsAheadGoTogether: many calls are few writes on either side.
func TestCallsAheadGoTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, ended := serve(t)
		counted := &countingPipe{pipe: p}
		s, err := session.New(t.Context(), counted, session.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var calls []wire.Call
		for i := range 100 {
			calls = append(calls, ahead(uint32(i+1), "echo", fmt.Sprint(i)))
		}
		pending := start(t, s, calls...)
		synctest.Wait()
		for _, p := range pending {
			if r, err := p.Wait(); err != nil || r.NotRun {
				t.Fatal(r, err)
			}
		}
		counted.mu.Lock()
		defer counted.mu.Unlock()
		if counted.writes > 20 {
			t.Errorf("%d writes for 100 calls", counted.writes)
		}
		s.Close()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
