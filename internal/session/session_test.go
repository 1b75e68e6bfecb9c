package session_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"fleet/internal/session"
	"fleet/internal/source"
	"fleet/internal/spec"
	"fleet/internal/target"
	"fleet/internal/tasks"
	"fleet/internal/tasks/sys"
	"fleet/internal/wire"
)

type textArgs struct {
	Text string `arg:"text"`
	Size int    `arg:"size"`
}

// modules are what the helper of these tests can do.
var modules = map[string]sys.Func[textArgs]{
	"echo": func(_ context.Context, _ *sys.Machine, a *textArgs) (any, error) {
		return map[string]string{"text": a.Text}, nil
	},
	"crash": func(context.Context, *sys.Machine, *textArgs) (any, error) {
		panic("oh no")
	},
	"wait": func(ctx context.Context, m *sys.Machine, _ *textArgs) (any, error) {
		m.Controller.Output(wire.Stdout, []byte("waiting"))
		<-ctx.Done()
		return nil, ctx.Err()
	},
	"stubborn": func(_ context.Context, m *sys.Machine, _ *textArgs) (any, error) {
		m.Controller.Output(wire.Stdout, []byte("waiting"))
		select {}
	},
	"sh": func(ctx context.Context, m *sys.Machine, a *textArgs) (any, error) {
		out, err := m.Run(ctx, sys.Command{Argv: []string{"sh", "-c", a.Text}, Show: true})
		return map[string]any{"rc": out.Code, "stdout": out.Stdout}, err
	},
	"big": func(_ context.Context, _ *sys.Machine, a *textArgs) (any, error) {
		return map[string]string{"text": strings.Repeat("x", a.Size)}, nil
	},
	"take": func(ctx context.Context, m *sys.Machine, a *textArgs) (any, error) {
		f, err := m.File(a.Text)
		if err != nil {
			return nil, err
		}
		r, err := m.Controller.Open(ctx, f)
		if err != nil {
			return nil, err
		}
		defer r.Close()
		if a.Size > 0 { // only the beginning is wanted
			_, err := io.CopyN(io.Discard, r, int64(a.Size))
			return nil, err
		}
		h := sha256.New()
		n, err := io.Copy(h, r)
		return map[string]any{"size": n, "sha256": hex.EncodeToString(h.Sum(nil))}, err
	},
	"give": func(ctx context.Context, m *sys.Machine, a *textArgs) (any, error) {
		return nil, m.Controller.Send(ctx, io.LimitReader(zeros{}, int64(a.Size)))
	},
	"giveBroken": func(ctx context.Context, m *sys.Machine, _ *textArgs) (any, error) {
		return nil, m.Controller.Send(ctx, io.MultiReader(strings.NewReader("abc"), brokenReader{}))
	},
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("bad sector") }

func find(name string) (*sys.Module, bool) {
	run, ok := modules[name]
	if !ok {
		return nil, false
	}
	mod := sys.Define(spec.Module{Name: name}, run)
	return &mod, true
}

// pipe is a transport to a helper in this process.
type pipe struct {
	toHelper   *io.PipeWriter
	fromHelper *io.PipeReader
	reason     string
}

func (p *pipe) Read(b []byte) (int, error)  { return p.fromHelper.Read(b) }
func (p *pipe) Write(b []byte) (int, error) { return p.toHelper.Write(b) }
func (p *pipe) CloseWrite() error           { return p.toHelper.Close() }
func (p *pipe) Reason() (string, string)    { return p.reason, "try again" }

func (p *pipe) Close() error {
	return errors.Join(p.toHelper.CloseWithError(io.ErrClosedPipe), p.fromHelper.CloseWithError(io.ErrClosedPipe))
}

// serve starts a helper in this process; the greeting is taken off.
func serve(t *testing.T) (*pipe, chan error) {
	t.Helper()
	theirIn, ourOut := io.Pipe()
	ourIn, theirOut := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- target.Serve(context.Background(), theirIn, theirOut, target.Program{Find: find, Web: tasks.Web})
		theirOut.Close()
	}()
	greeting := wire.Greeting{Word: wire.GreetingHello, Rest: "1"}.Append(nil)
	if _, err := io.ReadFull(ourIn, greeting); err != nil {
		t.Fatal(err)
	}
	return &pipe{toHelper: ourOut, fromHelper: ourIn}, ended
}

func connect(t *testing.T) *session.Session {
	t.Helper()
	p, ended := serve(t)
	s, err := session.New(t.Context(), p, session.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.Close()
		if err := <-ended; err != nil && !errors.Is(err, io.ErrClosedPipe) {
			t.Error(err)
		}
	})
	return s
}

func args(text string, size int) json.RawMessage {
	data, err := json.Marshal(map[string]any{"text": text, "size": size})
	if err != nil {
		panic(err)
	}
	return data
}

func TestResults(t *testing.T) {
	s := connect(t)
	for name, test := range map[string]struct {
		call wire.Call
		want string
	}{
		"plain":        {wire.Call{Module: "echo", Args: args("hi", 0)}, `{"changed":false,"text":"hi"}`},
		"unknown":      {wire.Call{Module: "nothing", Args: args("", 0)}, `{"failed":true,"msg":"the helper has no module \"nothing\""}`},
		"crash":        {wire.Call{Module: "crash", Args: args("", 0)}, `{"failed":true,"msg":"module crash crashed: oh no; this is a bug in fleet"}`},
		"timeout":      {wire.Call{Module: "wait", Args: args("", 0), Timeout: 20 * time.Millisecond}, `{"changed":false,"failed":true,"msg":"timed out after 20ms"}`},
		"too large":    {wire.Call{Module: "big", Args: args("", wire.MaxMessage+1)}, `{"failed":true,"msg":"the result has 64 MiB, more than the limit of 64 MiB; let the task write to a file and fetch that"}`},
		"no such file": {wire.Call{Module: "take", Args: args("x", 0)}, `{"changed":false,"failed":true,"msg":"the controller sent no file \"x\" with this call"}`},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := s.Call(t.Context(), test.call, wire.Answers{})
			if err != nil || string(r.Data) != test.want {
				t.Errorf("got  %.300s, %v\nwant %s", r.Data, err, test.want)
			}
		})
	}
}

func TestManyCallsAtOnce(t *testing.T) {
	s := connect(t)
	var work sync.WaitGroup
	for i := range wire.MaxCalls {
		work.Go(func() {
			text := fmt.Sprint("call ", i)
			r, err := s.Call(t.Context(), wire.Call{Module: "echo", Args: args(text, 0)}, wire.Answers{})
			if err != nil || !strings.Contains(string(r.Data), `"`+text+`"`) {
				t.Errorf("%s: %s, %v", text, r.Data, err)
			}
		})
	}
	work.Wait()
}

func TestOutputIsStreamed(t *testing.T) {
	s := connect(t)
	var mu sync.Mutex
	var out, errs strings.Builder
	r, err := s.Call(t.Context(), wire.Call{Module: "sh", Args: args("seq 50000; echo no >&2; exit 3", 0), Stream: true}, wire.Answers{
		Output: func(stream wire.Stream, p []byte) {
			mu.Lock()
			defer mu.Unlock()
			if stream == wire.Stdout {
				out.Write(p)
			} else {
				errs.Write(p)
			}
		}})
	if err != nil || !strings.Contains(string(r.Data), `"rc":3`) {
		t.Fatalf("%.100s, %v", r.Data, err)
	}
	if !strings.HasSuffix(out.String(), "\n50000\n") || errs.String() != "no\n" {
		t.Errorf("%d bytes, %q", out.Len(), errs.String())
	}
}

// started returns answers that say when the call has begun.
func started() (wire.Answers, chan struct{}) {
	began := make(chan struct{})
	var once sync.Once
	return wire.Answers{Output: func(wire.Stream, []byte) { once.Do(func() { close(began) }) }}, began
}

func TestCancelEndsTheCommand(t *testing.T) {
	s := connect(t)
	ctx, cancel := context.WithCancel(t.Context())
	answers, began := started()
	go func() { <-began; cancel() }()
	since := time.Now()
	_, err := s.Call(ctx, wire.Call{Module: "sh", Args: args("echo begun; sleep 600", 0), Stream: true}, answers)
	if !errors.Is(err, context.Canceled) || time.Since(since) > 2*time.Second {
		t.Errorf("%v after %s", err, time.Since(since))
	}
	if _, err := s.Call(t.Context(), wire.Call{Module: "echo", Args: args("", 0)}, wire.Answers{}); err != nil {
		t.Errorf("the next call: %v", err)
	}
}

func TestCloseEndsTheHelper(t *testing.T) {
	p, ended := serve(t)
	s, err := session.New(t.Context(), p, session.Options{})
	if err != nil {
		t.Fatal(err)
	}
	answers, began := started()
	called := make(chan error, 1)
	go func() {
		_, err := s.Call(context.Background(), wire.Call{Module: "wait", Args: args("", 0), Stream: true}, answers)
		called <- err
	}()
	<-began
	s.Close()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	<-called // with the helper's last word, or without
	if _, err := s.Call(t.Context(), wire.Call{Module: "echo"}, wire.Answers{}); err == nil {
		t.Error("a call on a closed session has not failed")
	}
}

func TestLostHelper(t *testing.T) {
	p, _ := serve(t)
	p.reason = "the helper ended with exit code 137"
	s, err := session.New(t.Context(), p, session.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	answers, began := started()
	go func() { <-began; p.fromHelper.Close() }()
	_, err = s.Call(t.Context(), wire.Call{Module: "stubborn", Args: args("", 0), Stream: true}, answers)
	var lost *session.LostError
	if !errors.As(err, &lost) || err.Error() != "connection lost: the helper ended with exit code 137" || source.HintOf(err) != "try again" {
		t.Errorf("got %v, hint %q", err, source.HintOf(err))
	}
}
