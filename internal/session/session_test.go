package session_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"fleet/internal/session"
	"fleet/internal/source"
	"fleet/internal/spec"
	"fleet/internal/target"
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
		ended <- target.Serve(context.Background(), theirIn, theirOut, find)
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

func TestFilesGoToTheTarget(t *testing.T) {
	s := connect(t)
	content := make([]byte, 3*wire.Window+17)
	if _, err := rand.Read(content); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(content)
	good := wire.File{Name: "f", Size: int64(len(content)), SHA256: hex.EncodeToString(sum[:])}
	other := good
	other.SHA256 = strings.Repeat("0", 64)
	longer, shorter := good, good
	longer.Size++
	shorter.Size--
	for name, test := range map[string]struct {
		file wire.File
		only int
		err  error
		want string
	}{
		"good":        {good, 0, nil, `"sha256":"` + good.SHA256 + `"`},
		"a part":      {good, 10, nil, `{"changed":false}`},
		"other bytes": {other, 0, nil, `file \"f\" changed on the controller while the task ran`},
		"too short":   {longer, 0, nil, fmt.Sprintf(`%d bytes came of the %d that were promised`, good.Size, longer.Size)},
		"too long":    {shorter, 0, nil, `more bytes came than the`},
		"gone":        {good, 0, errors.New("it was deleted"), `file \"f\": it was deleted`},
	} {
		t.Run(name, func(t *testing.T) {
			open := func(wire.File) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), test.err }
			r, err := s.Call(t.Context(), wire.Call{Module: "take", Args: args("f", test.only), Files: []wire.File{test.file}}, wire.Answers{Open: open})
			if err != nil || !strings.Contains(string(r.Data), test.want) {
				t.Errorf("%s, %v", r.Data, err)
			}
		})
	}
}

func TestBytesComeFromTheTarget(t *testing.T) {
	s := connect(t)
	size := 3*wire.Window + 17
	var got slowWriter
	if _, err := s.Call(t.Context(), wire.Call{Module: "give", Args: args("", size)}, wire.Answers{Receive: &got}); err != nil || got.n != size {
		t.Errorf("%d of %d bytes, %v", got.n, size, err)
	}
	for name, test := range map[string]struct {
		module, want string
		w            io.Writer
	}{
		"nobody takes it":      {"give", "the controller takes no file in this call", nil},
		"full disk":            {"give", "no space left on device", failingWriter{}},
		"unreadable on target": {"giveBroken", "bad sector", &slowWriter{}},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := s.Call(t.Context(), wire.Call{Module: test.module, Args: args("", size)}, wire.Answers{Receive: test.w})
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(string(r.Data), test.want) {
				t.Errorf("%s, %v", r.Data, err)
			}
		})
	}
}

type slowWriter struct{ n int }

func (w *slowWriter) Write(p []byte) (int, error) {
	runtime.Gosched()
	w.n += len(p)
	return len(p), nil
}

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

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

// script is a transport whose other end is written by the test.
func script(helper func(in io.Reader, out io.Writer)) *pipe {
	theirIn, ourOut := io.Pipe()
	ourIn, theirOut := io.Pipe()
	go func() { helper(theirIn, theirOut); theirOut.Close() }()
	return &pipe{toHelper: ourOut, fromHelper: ourIn}
}

func frame(t *testing.T, f wire.Frame) []byte {
	b, err := f.Append(nil)
	if err != nil {
		t.Error(err)
	}
	return b
}

func hello(t *testing.T, version int) []byte {
	payload, err := wire.Encode(wire.Hello{Version: version})
	if err != nil {
		t.Error(err)
	}
	return frame(t, wire.Frame{Kind: wire.KindHello, Payload: payload})
}

func TestHandshakeRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		helper func(in io.Reader, out io.Writer)
		want   string
	}{
		"other version": {func(_ io.Reader, w io.Writer) { w.Write(hello(t, 99)) }, "the helper speaks version 99 of the protocol, fleet speaks 1"},
		"no hello":      {func(_ io.Reader, w io.Writer) { w.Write(frame(t, wire.Frame{Kind: wire.KindPong})) }, `the helper said "pong" before hello`},
		"silence":       {func(r io.Reader, _ io.Writer) { io.Copy(io.Discard, r) }, "the helper did not say hello within 50ms"},
		"nonsense":      {func(_ io.Reader, w io.Writer) { io.WriteString(w, "Segmentation fault") }, "the helper broke the protocol"},
		"the end":       {func(io.Reader, io.Writer) {}, "the helper ended"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := session.New(t.Context(), script(test.helper), session.Options{Handshake: 50 * time.Millisecond})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// A helper may be anyone's program: what it sends out of turn ends its session,
// and nothing else.
func TestBrokenProtocol(t *testing.T) {
	need := func(file int) []byte {
		payload, err := wire.Encode(wire.Need{File: file})
		if err != nil {
			t.Fatal(err)
		}
		return payload
	}
	var flood, streams []wire.Frame
	flood = append(flood, wire.Frame{Kind: wire.KindSend, Call: 1, Stream: 1})
	for range 2*wire.Window/wire.MaxChunk + 1 {
		flood = append(flood, wire.Frame{Kind: wire.KindData, Call: 1, Stream: 1, Payload: make([]byte, wire.MaxChunk)})
	}
	for i := range wire.MaxStreams + 1 {
		streams = append(streams, wire.Frame{Kind: wire.KindSend, Call: 1, Stream: uint32(i + 1)})
	}
	for name, test := range map[string]struct {
		frames []wire.Frame
		want   string
	}{
		"result is no JSON":  {[]wire.Frame{{Kind: wire.KindResult, Call: 1, Payload: []byte("{")}}, "bad message"},
		"a file not offered": {[]wire.Frame{{Kind: wire.KindNeed, Call: 1, Stream: 1, Payload: need(1)}}, "file 1 of 1 is asked for"},
		"a negative file":    {[]wire.Frame{{Kind: wire.KindNeed, Call: 1, Stream: 1, Payload: need(-1)}}, "file -1 of 1 is asked for"},
		"stream twice":       {[]wire.Frame{{Kind: wire.KindSend, Call: 1, Stream: 1}, {Kind: wire.KindSend, Call: 1, Stream: 1}}, "stream 1 is open already"},
		"output nowhere":     {[]wire.Frame{{Kind: wire.KindOutput, Call: 1, Stream: 9}}, "output on stream 9"},
		"more than asked":    {flood, "more bytes came than were asked for"},
		"too many streams":   {streams, "more than 16 streams in one call"},
		"endless credit":     {[]wire.Frame{{Kind: wire.KindNeed, Call: 1, Stream: 1, Payload: need(0)}, {Kind: wire.KindCredit, Call: 1, Stream: 1, Payload: wire.EncodeCredit(wire.Window)}}, "more bytes came"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := session.New(t.Context(), script(func(in io.Reader, out io.Writer) {
				out.Write(hello(t, wire.Version))
				if _, err := wire.ReadFrame(in); err != nil {
					t.Error(err)
				}
				go io.Copy(io.Discard, in)
				for _, f := range test.frames {
					if _, err := out.Write(frame(t, f)); err != nil {
						return
					}
				}
				<-t.Context().Done()
			}), session.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			_, err = s.Call(t.Context(), wire.Call{Module: "x", Files: []wire.File{{Name: "f"}}}, wire.Answers{
				Receive: blockedWriter{s},
				Open:    func(wire.File) (io.ReadCloser, error) { return io.NopCloser(blockedReader{s}), nil }})
			if err == nil || !strings.Contains(err.Error(), "the helper broke the protocol: ") || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// blockedWriter takes nothing, and blockedReader has nothing, until the session
// has failed.
type (
	blockedWriter struct{ s *session.Session }
	blockedReader struct{ s *session.Session }
)

func untilFailed(s *session.Session) {
	for end := time.Now().Add(5 * time.Second); s.Err() == nil && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
}

func (w blockedWriter) Write(p []byte) (int, error) { untilFailed(w.s); return len(p), nil }

func (r blockedReader) Read([]byte) (int, error) { untilFailed(r.s); return 0, io.EOF }

func TestUnknownMessageIsAnswered(t *testing.T) {
	rejected := make(chan wire.Frame, 1)
	s, err := session.New(t.Context(), script(func(in io.Reader, out io.Writer) {
		out.Write(hello(t, wire.Version))
		out.Write(frame(t, wire.Frame{Kind: 77, Payload: []byte("from the future")}))
		f, err := wire.ReadFrame(in)
		if err != nil {
			t.Error(err)
		}
		rejected <- f
		io.Copy(io.Discard, in)
	}), session.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if f := <-rejected; f.Kind != wire.KindReject || !bytes.Equal(f.Payload, []byte{77}) {
		t.Errorf("got %+v", f)
	}
}
