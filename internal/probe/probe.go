// Package probe sends requests to a web address and counts who answered, how
// fast, and what went wrong. Both sides use it: the controller for a probe from
// where the operator sits, the target for one from a machine. It bounds what it
// sends, waits for and remembers, whatever the server answers, and it follows no
// redirections: one request is one request.
package probe

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// What a probe is refused beyond, and what it does where nothing is said.
const (
	MaxRequests    = 1_000_000
	MaxConcurrency = 1000
	MaxDuration    = time.Hour

	DefaultRequests = 100
	DefaultTimeout  = 10 * time.Second
)

// Config says what is asked, and how. Only URL has to be set.
type Config struct {
	URL    string
	Method string // GET where empty
	Header http.Header
	Body   []byte

	// Requests is how many are sent at most. 0 is DefaultRequests, or with a
	// Duration as many as it has room for.
	Requests    int
	Concurrency int           // requests under way at the same time; 0 is 1
	Rate        float64       // requests a second at most; 0 is no limit
	Duration    time.Duration // after it no request is begun; 0 is MaxDuration
	Timeout     time.Duration // of one request, up to its answer's last byte; 0 is DefaultTimeout
	NoKeepAlive bool          // a connection for each request
	By          By            // what tells who answered

	TLS   *tls.Config
	Proxy func(*http.Request) (*url.URL, error) // nil: none
}

// Run probes, and returns when all requests have been answered or failed. Where
// ctx ends before, the result is of those that were, and ctx's error comes with
// it. Other errors are of the Config, and come before anything is sent.
func Run(ctx context.Context, c Config) (Result, error) {
	if err := c.Check(); err != nil {
		return Result{}, err
	}
	c.fill()
	a, err := newAsker(&c)
	if err != nil {
		return Result{}, err
	}
	defer a.close()
	return c.run(ctx, a.ask)
}

// Check refuses what cannot be probed.
func (c *Config) Check() error {
	u, err := url.Parse(c.URL)
	switch {
	case err != nil:
		return fmt.Errorf("%q is no address of the web", c.URL)
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return fmt.Errorf("address %q does not start with http:// or https:// and a host", u.Redacted())
	case c.Requests < 0 || c.Requests > MaxRequests:
		return fmt.Errorf("%d requests: want 1 to %d", c.Requests, MaxRequests)
	case c.Concurrency < 0 || c.Concurrency > MaxConcurrency:
		return fmt.Errorf("%d requests at the same time: want 1 to %d", c.Concurrency, MaxConcurrency)
	case c.Rate != 0 && !(c.Rate >= 1/MaxDuration.Seconds()): // NaN too
		return fmt.Errorf("%v requests a second: want one an hour at least, or 0 for no limit", c.Rate)
	case c.Duration < 0 || c.Duration > MaxDuration:
		return fmt.Errorf("a duration of %v: want %v at most", c.Duration, MaxDuration)
	case c.Timeout < 0 || c.Timeout > MaxDuration:
		return fmt.Errorf("a timeout of %v: want %v at most", c.Timeout, MaxDuration)
	}
	if _, err := http.NewRequest(c.Method, c.URL, nil); err != nil {
		return fmt.Errorf("method %q is none of the web", c.Method)
	}
	return nil
}

func (c *Config) fill() {
	if c.Requests == 0 {
		c.Requests = DefaultRequests
		if c.Duration > 0 {
			c.Requests = MaxRequests
		}
	}
	if c.Duration == 0 {
		c.Duration = MaxDuration
	}
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	c.Concurrency = max(1, min(c.Concurrency, c.Requests))
}

// run calls ask as often, as fast and as much at the same time as c says.
func (c *Config) run(ctx context.Context, ask func(context.Context) answer) (Result, error) {
	begin := time.Now()
	p := newPace(c.Requests, c.Rate, begin.Add(c.Duration))
	t := newTally()
	var wg sync.WaitGroup
	for range c.Concurrency {
		wg.Go(func() {
			for p.next(ctx) {
				a := ask(ctx)
				if ctx.Err() != nil {
					return // given up, and no fault of the server's
				}
				t.add(a)
			}
		})
	}
	wg.Wait()
	return t.result(time.Since(begin)), ctx.Err()
}
