package engine

import (
	"context"
	"fmt"
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

// helper returns the endpoint's helper, and starts it where it is not there.
func (e *Engine) helper(ctx context.Context, to Endpoint) (Conn, error) {
	return e.helpers.Get(ctx, to, func(ctx context.Context) (Conn, error) { return e.Dialer.Dial(ctx, to) })
}

// drop closes all that is open to a host, so that the next call connects anew.
func (e *Engine) drop(host string) {
	e.helpers.Drop(func(to Endpoint) bool { return to.Host == host })
	e.Dialer.Drop(host)
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
