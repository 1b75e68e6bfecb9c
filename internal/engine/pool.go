package engine

import (
	"context"
	"fmt"
	"sync"
	"time"

	"fleet/internal/jinja"
	"fleet/internal/playbook"
	"fleet/internal/source"
)

// Endpoint says which machine to reach, how, and as whom. It is comparable: one
// endpoint has one helper.
type Endpoint struct {
	Host       string // the inventory's name
	Connection string // "ssh" or "local"
	Address    string
	Port       int // 0: the default
	User       string
	Password   string
	KeyFile    string
	Passphrase string
	Args       string // ansible_ssh_common_args and ansible_ssh_extra_args
	HostKeys   string // "accept-new", "strict", "off" or empty
	Timeout    time.Duration

	Become         bool
	BecomeMethod   string
	BecomeUser     string
	BecomePassword string
	BecomeFlags    string
	BecomeExe      string
}

// unreachableError says that a host did not answer.
type unreachableError struct{ err error }

func (e *unreachableError) Error() string { return e.err.Error() }
func (e *unreachableError) Unwrap() error { return e.err }

// pool holds the helpers of one run, one for each endpoint.
type pool struct {
	dialer Dialer
	mu     sync.Mutex
	conns  map[Endpoint]*slot
}

// slot is a helper that is there or being started.
type slot struct {
	ready chan struct{}
	conn  Conn
	err   error
}

func newPool(d Dialer) *pool { return &pool{dialer: d, conns: map[Endpoint]*slot{}} }

// get returns the endpoint's helper, and starts it where it is not there.
func (p *pool) get(ctx context.Context, to Endpoint) (Conn, error) {
	p.mu.Lock()
	s := p.conns[to]
	if s == nil {
		s = &slot{ready: make(chan struct{})}
		p.conns[to] = s
		p.mu.Unlock()
		s.conn, s.err = p.dialer.Dial(ctx, to)
		if s.err != nil {
			p.forget(to, s)
		}
		close(s.ready)
		return s.conn, s.err
	}
	p.mu.Unlock()
	select {
	case <-s.ready:
		return s.conn, s.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p *pool) forget(to Endpoint, s *slot) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conns[to] == s {
		delete(p.conns, to)
	}
}

// drop closes all helpers of a host, so that the next call connects anew.
func (p *pool) drop(host string) {
	p.mu.Lock()
	var gone []*slot
	for to, s := range p.conns {
		if to.Host == host {
			gone = append(gone, s)
			delete(p.conns, to)
		}
	}
	p.mu.Unlock()
	closeAll(gone)
	p.dialer.Drop(host)
}

func (p *pool) close() {
	p.mu.Lock()
	var all []*slot
	for _, s := range p.conns {
		all = append(all, s)
	}
	clear(p.conns)
	p.mu.Unlock()
	closeAll(all)
}

func closeAll(slots []*slot) {
	var wg sync.WaitGroup
	for _, s := range slots {
		wg.Go(func() {
			<-s.ready
			if s.conn != nil {
				// The helper ends with its connection, whatever Close says.
				_ = s.conn.Close()
			}
		})
	}
	wg.Wait()
}

// endpoint evaluates where the attempt's target is and as whom to go there.
func (a *attempt) endpoint() (Endpoint, error) {
	c := a.c
	if a.delegate != "" {
		var err error
		if c, err = a.contextFor(a.c.Ctx, a.delegate, a.task, a.locals); err != nil {
			return Endpoint{}, err
		}
	}
	return a.engine.endpoint(c, a.target, func(get func(*playbook.Keywords) source.Node) source.Node { return a.keyword(get) })
}

// reader evaluates connection variables and keeps the first error.
type reader struct {
	engine *Engine
	c      *jinja.Context
	err    error
}

// text returns the first of the variables that is set.
func (r *reader) text(names ...string) string {
	for _, name := range names {
		v, ok := r.c.Scope.Lookup(name)
		if !ok || r.err != nil {
			continue
		}
		v, err := jinja.Deep(r.c, v)
		if err != nil {
			r.err = fmt.Errorf("%s: %w", name, err)
			return ""
		}
		if v != nil && !jinja.IsOmit(v) {
			return jinja.Str(v)
		}
	}
	return ""
}

func (r *reader) secret(names ...string) string {
	s := r.text(names...)
	if s != "" && r.engine.Secrets != nil {
		r.engine.Secrets.Add(s)
	}
	return s
}

func (r *reader) number(name string) int {
	s := r.text(name)
	if s == "" {
		return 0
	}
	var n int
	if _, err := fmt.Sscanf(s, "%d", &n); err != nil && r.err == nil {
		r.err = fmt.Errorf("%s: %q is not a number", name, s)
	}
	return n
}

func (r *reader) truth(name string, def bool) bool {
	s := r.text(name)
	if s == "" {
		return def
	}
	b, ok := asBool(s)
	if !ok && r.err == nil {
		r.err = fmt.Errorf("%s: want yes or no, not %q", name, s)
	}
	return b
}

func (r *reader) keyword(n source.Node, def string) string {
	if r.err != nil {
		return ""
	}
	s, err := r.engine.text(r.c, n, def)
	r.err = err
	return s
}

func (r *reader) keywordTruth(n source.Node, def bool) bool {
	if r.err != nil {
		return false
	}
	b, err := r.engine.truth(r.c, n, def)
	r.err = err
	return b
}

// or returns a, or the result of b where a is empty.
func or(a string, b func() string) string {
	if a != "" {
		return a
	}
	return b()
}
