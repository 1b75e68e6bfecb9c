package main

import (
	"context"
	"encoding/json"
	"net"
	"strings"
	"testing"

	"fleet/internal/session"
	"fleet/internal/target"
	"fleet/internal/tasks"
	"fleet/internal/tasks/sys"
	"fleet/internal/wire"
)

// pipe is a helper of this process.
type pipe struct{ net.Conn }

func (p pipe) CloseWrite() error        { return p.Close() }
func (p pipe) Reason() (string, string) { return "", "" }

func serve(t *testing.T, program target.Program) *session.Session {
	t.Helper()
	near, far := net.Pipe()
	go func() {
		_ = target.Serve(context.Background(), far, far, program) // its end is the session's
		far.Close()
	}()
	// A greeting is read byte by byte: the session has the rest.
	for b := make([]byte, 1); b[0] != '\n'; {
		if _, err := near.Read(b); err != nil {
			t.Fatal(err)
		}
	}
	s, err := session.New(t.Context(), pipe{near}, session.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// connect returns a connection to a lean helper that starts a whole one where that is needed.
func connect(t *testing.T) (c *conn, started *int) {
	started = new(int)
	lean := func(name string) (*sys.Module, bool) {
		m, ok := tasks.Find(name)
		return m, ok && tasks.Lean(m)
	}
	c = &conn{first: serve(t, target.Program{Find: lean}), more: func(context.Context) (*session.Session, error) {
		*started++
		return serve(t, target.Program{Find: tasks.Find, Web: tasks.Web}), nil
	}}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c, started
}

func toCall(module, args string) wire.Call {
	return wire.Call{Module: module, Args: json.RawMessage(args)}
}

func TestConnNeedsTheWholeHelper(t *testing.T) {
	c, started := connect(t)
	for _, one := range []struct {
		module, args, want string
		started            int
	}{
		{"ping", `{}`, `"ping":"pong"`, 0},
		{"authorized_key", `{"user":"root","key":"no key"}`, "is no public SSH key", 0},
		{"uri", `{"url":"ftp://x"}`, "does not start with http", 1},
		{"authorized_key", `{"user":"root","key":"http://127.0.0.1:1/"}`, "refused", 1},
		{"nothing", `{}`, `has no module \"nothing\"`, 1},
		{"ping", `{}`, `"ping":"pong"`, 1},
	} {
		res, err := c.Call(t.Context(), toCall(one.module, one.args), wire.Answers{})
		if err != nil || !strings.Contains(string(res.Data), one.want) || *started != one.started {
			t.Errorf("%s: %s, %v; started %d", one.module, res.Data, err, *started)
		}
	}
}

// What was sent ahead behind a call for the whole helper has not run.
func TestConnSentAhead(t *testing.T) {
	c, started := connect(t)
	var sent []wire.Pending
	for i, module := range []string{"ping", "uri", "ping"} {
		call := toCall(module, `{"url":"ftp://x"}`)
		if module == "ping" {
			call = toCall(module, `{}`)
		}
		call.Ahead = &wire.Ahead{Chain: 1, Task: uint32(i + 1), Tolerant: true}
		p, err := c.Start(t.Context(), call, wire.Answers{})
		if err != nil {
			t.Fatal(err)
		}
		sent = append(sent, p)
	}
	for i, want := range []bool{false, true, true} {
		if res, err := sent[i].Wait(); err != nil || res.NotRun != want || res.NotHere {
			t.Errorf("call %d: %+v, %v", i, res, err)
		}
	}
	if res, err := c.Call(t.Context(), toCall("ping", `{}`), wire.Answers{}); err != nil || res.NotHere || *started != 1 {
		t.Errorf("%+v, %v; started %d", res, err, *started)
	}
}
