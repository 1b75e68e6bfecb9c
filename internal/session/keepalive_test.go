package session_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"fleet/internal/session"
	"fleet/internal/wire"
)

// A helper that is stopped is lost within the keep-alive limit, and one that
// only answers pings is not.
func TestKeepAlive(t *testing.T) {
	for name, test := range map[string]struct {
		answers int // pings that are answered
		want    time.Duration
	}{
		"stopped at once": {0, 15 * time.Second},
		"stopped later":   {10, 70 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, err := session.New(t.Context(), script(func(in io.Reader, out io.Writer) {
					out.Write(hello(t, wire.Version))
					for pings := 0; ; {
						f, err := wire.ReadFrame(in)
						if err != nil {
							return
						}
						if f.Kind == wire.KindPing && pings < test.answers {
							pings++
							out.Write(frame(t, wire.Frame{Kind: wire.KindPong}))
						}
					}
				}), session.Options{})
				if err != nil {
					t.Fatal(err)
				}
				defer s.Close()
				since := time.Now()
				_, err = s.Call(t.Context(), wire.Call{Module: "x"}, wire.Answers{})
				var lost *session.LostError
				if !errors.As(err, &lost) || !strings.Contains(err.Error(), "nothing heard from the helper for 15s") {
					t.Errorf("got %v", err)
				}
				if waited := time.Since(since); waited > test.want {
					t.Errorf("lost after %s", waited)
				}
			})
		})
	}
}

// A target that does not end a cancelled call loses its connection.
func TestCancelIsNotWaitedForForever(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := session.New(t.Context(), script(func(in io.Reader, out io.Writer) {
			out.Write(hello(t, wire.Version))
			for {
				f, err := wire.ReadFrame(in)
				if err != nil {
					return
				}
				if f.Kind == wire.KindPing {
					out.Write(frame(t, wire.Frame{Kind: wire.KindPong}))
				}
			}
		}), session.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		since := time.Now()
		_, err = s.Call(ctx, wire.Call{Module: "x"}, wire.Answers{})
		if err == nil || !strings.Contains(err.Error(), "the target did not end the cancelled task within 4s") {
			t.Errorf("got %v", err)
		}
		if waited := time.Since(since); waited != time.Minute+session.CancelWait {
			t.Errorf("waited %s", waited)
		}
	})
}
