package session_test

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"fleet/internal/session"
	"fleet/internal/wire"
)

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
		"other version": {func(_ io.Reader, w io.Writer) { w.Write(hello(t, 99)) }, fmt.Sprint("the helper speaks version 99 of the protocol, fleet speaks ", wire.Version)},
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
	need := func(spans ...wire.Span) []byte {
		payload, err := wire.Encode(wire.Need{Files: spans})
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
		"a file not offered": {[]wire.Frame{{Kind: wire.KindNeed, Call: 1, Stream: 1, Payload: need(wire.Span{1, 1})}}, "files 1 to 1 of 1 are asked for"},
		"a negative file":    {[]wire.Frame{{Kind: wire.KindNeed, Call: 1, Stream: 1, Payload: need(wire.Span{-1, 1})}}, "files -1 to -1 of 1 are asked for"},
		"more files":         {[]wire.Frame{{Kind: wire.KindNeed, Call: 1, Stream: 1, Payload: need(wire.Span{0, math.MaxInt})}}, "of 1 are asked for"},
		"a file twice":       {[]wire.Frame{{Kind: wire.KindNeed, Call: 1, Stream: 1, Payload: need(wire.Span{0, 1}, wire.Span{0, 1})}}, "files 0 to 0 of 1 are asked for"},
		"packed nonsense":    {[]wire.Frame{{Kind: wire.KindSend, Call: 1, Stream: 1}, {Kind: wire.KindData, Call: 1, Stream: 1, Packed: true, Payload: []byte{1}}}, "it cannot be unpacked"},
		"packed flood":       {[]wire.Frame{{Kind: wire.KindSend, Call: 1, Stream: 1}, {Kind: wire.KindData, Call: 1, Stream: 1, Packed: true, Payload: []byte{1, 0, 0, 0}}}, "16777216 bytes are more than 65536"},
		"stream twice":       {[]wire.Frame{{Kind: wire.KindSend, Call: 1, Stream: 1}, {Kind: wire.KindSend, Call: 1, Stream: 1}}, "stream 1 is open already"},
		"output nowhere":     {[]wire.Frame{{Kind: wire.KindOutput, Call: 1, Stream: 9}}, "output on stream 9"},
		"more than asked":    {flood, "more bytes came than were asked for"},
		"too many streams":   {streams, "more than 16 streams in one call"},
		"endless credit":     {[]wire.Frame{{Kind: wire.KindNeed, Call: 1, Stream: 1, Payload: need(wire.Span{0, 1})}, {Kind: wire.KindCredit, Call: 1, Stream: 1, Payload: wire.EncodeCredit(wire.Window)}}, "more bytes came"},
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
			_, err = s.Call(t.Context(), wire.Call{Module: "x", Files: []wire.File{{Name: "f", Size: 1}}}, wire.Answers{
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
