package engine_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"

	"fleet/internal/engine"
	"fleet/internal/fleettest/distance"
	link "fleet/internal/session"
	"fleet/internal/target"
	"fleet/internal/tasks"
	"fleet/internal/tasks/sys"
	"fleet/internal/wire"
)

// helpers reaches hosts with the real session and the real helper's loop, in this
// process, over a link. Hosts whose names start with "down" are not there.
type helpers struct {
	link distance.Link
	find func(name string) (*sys.Module, bool) // nil: the real modules
	cut  func(end func())                      // gets what ends a connection; may be nil

	mu     sync.Mutex
	joined map[engine.Endpoint]*distance.Joined
	work   sync.WaitGroup
}

func (h *helpers) Dial(ctx context.Context, to engine.Endpoint) (engine.Conn, error) {
	if strings.HasPrefix(to.Host, "down") {
		return nil, errors.New(to.Host + ": connection refused")
	}
	find := h.find
	if find == nil {
		find = tasks.Find
	}
	near, nearEnd := net.Pipe()
	farEnd, far := net.Pipe()
	joined := h.link.Join(nearEnd, farEnd)
	h.work.Go(func() {
		// How the controller leaves is its own matter.
		_ = target.Serve(context.Background(), far, far, target.Program{Find: find, Web: tasks.Web})
		far.Close()
	})
	h.work.Go(joined.Wait)
	h.mu.Lock()
	if h.joined == nil {
		h.joined = map[engine.Endpoint]*distance.Joined{}
	}
	h.joined[to] = joined
	h.mu.Unlock()
	r := bufio.NewReader(near)
	if _, err := wire.ReadGreeting(r); err != nil {
		return nil, err
	}
	if h.cut != nil {
		h.cut(func() { far.Close() })
	}
	return link.New(ctx, &pipe{near, r}, link.Options{})
}

// roundTrips returns how often a host was waited for.
func (h *helpers) roundTrips(host string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := 0
	for to, j := range h.joined {
		if to.Host == host {
			n += j.Count().RoundTrips
		}
	}
	return n
}

func (h *helpers) Raw(context.Context, engine.Endpoint, string, io.Writer, io.Writer) (int, error) {
	return 0, errors.New("no raw here")
}

func (h *helpers) Shell(context.Context, engine.Endpoint, string, io.Writer, io.Writer) (int, error) {
	return 0, errors.New("no shell here")
}

func (h *helpers) Drop(string) {}

// pipe is a session's transport.
type pipe struct {
	net.Conn
	r *bufio.Reader
}

func (p *pipe) Read(b []byte) (int, error) { return p.r.Read(b) }
func (p *pipe) CloseWrite() error          { return p.Conn.Close() }
func (p *pipe) Reason() (string, string)   { return "the connection was closed", "" }
