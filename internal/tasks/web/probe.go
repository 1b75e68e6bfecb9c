package web

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"fleet/internal/probe"
	"fleet/internal/spec"
	"fleet/internal/tasks/fetch"
	"fleet/internal/tasks/sys"
)

// Probe sends requests to a web address and counts who answered, how fast, and what failed.
//
// It shows whether a load balancer lets all copies of a service take their
// turns, and whether a service holds while one of them is stopped. Redirections
// are not followed, and a status of 400 or more is a failure. It never counts as
// a change. In check mode GET, HEAD and OPTIONS are sent and everything else is
// skipped. For several addresses, use a loop.
//
// Example:
//
//	tasks:
//	  - name: All ten copies take their turns
//	    probe:
//	      url: http://localhost/api/v1/ping
//	      requests: 200
//	      keepalive: false
//	      expect: [copies==10, failures==0, p99<250ms]
//	    register: balance
//	    until: balance is success
//	    retries: 10
//	    delay: 2
var Probe = sys.Define(spec.Module{Name: "probe"}, runProbe)

type probeArgs struct {
	// The address: http or https.
	URL string `arg:"url,required"`
	// How many requests to send, 1000000 at most. Without it, it is 100, or with duration
	// as many as it has room for.
	Requests int `arg:"requests"`
	// How many requests are under way at the same time, 1000 at most.
	Concurrency int `arg:"concurrency" default:"1"`
	// How many requests a second are sent at most. Without it, there is no limit.
	Rate float64 `arg:"rate"`
	// After how many seconds no more requests are begun. It is 3600 at most, and without it.
	Duration float64 `arg:"duration"`
	// How many seconds one request may take, up to the last byte of its answer, 3600 at
	// most.
	Timeout float64 `arg:"timeout" default:"10"`
	// Uses a connection for many requests. Without, each has its own.
	KeepAlive bool `arg:"keepalive" default:"yes"`
	// Headers to send.
	Headers map[string]string `arg:"headers"`
	// The method.
	Method string `arg:"method" default:"GET"`
	// What to send.
	Body string `arg:"body"`
	// Checks the server's certificate.
	ValidateCerts bool `arg:"validate_certs" default:"yes"`
	// A file or folder with the certificates of authorities to trust, in place of the system's.
	CAPath string `arg:"ca_path" type:"path"`
	// Uses the proxy that the environment names (http_proxy, https_proxy, no_proxy).
	UseProxy bool `arg:"use_proxy" default:"yes"`
	// What tells who answered: the first line of the body (body), the status code
	// (status), a header (header:NAME), or a field of a JSON answer (json:FIELD, with
	// dots for fields of fields).
	By string `arg:"by" default:"body"`
	// Conditions without which the task fails: one of copies, failures, ok, requests,
	// rps, p50, p95, p99, max (in milliseconds) and status_NNN, an operator (==, !=,
	// >=, <=, >, <) and a number. An empty list expects nothing.
	Expect []string `arg:"expect" default:"failures==0"`
}

type probeResult struct {
	// The address, without a password.
	URL string `json:"url"`
	probe.Result
}

func runProbe(ctx context.Context, m *sys.Machine, a *probeArgs) (any, error) {
	config, err := a.config(m)
	if err != nil {
		return nil, err
	}
	expected, err := probe.ParseExpectations(a.Expect)
	if err != nil {
		return nil, fmt.Errorf("argument %q: %w", "expect", err)
	}
	if m.Check && !slices.Contains([]string{"GET", "HEAD", "OPTIONS"}, config.Method) {
		return sys.Skip("skipped in check mode: " + config.Method + " requests may change the service"), nil
	}
	res, err := probe.Run(ctx, config)
	if err == nil {
		err = res.Judge(expected)
	}
	return probeResult{fetch.Shown(a.URL), res}, err
}

func (a *probeArgs) config(m *sys.Machine) (c probe.Config, err error) {
	c = probe.Config{URL: a.URL, Method: strings.ToUpper(a.Method), Header: http.Header{}, Body: []byte(a.Body), Requests: a.Requests,
		Concurrency: a.Concurrency, Rate: a.Rate, NoKeepAlive: !a.KeepAlive}
	for name, value := range a.Headers {
		c.Header.Set(name, value)
	}
	if c.Duration, err = seconds("duration", a.Duration); err != nil {
		return c, err
	}
	if c.Timeout, err = seconds("timeout", a.Timeout); err != nil {
		return c, err
	}
	if c.By, err = probe.ParseBy(a.By); err != nil {
		return c, fmt.Errorf("argument %q: %w", "by", err)
	}
	if c.TLS, err = (&clientArgs{ValidateCerts: a.ValidateCerts, CAPath: a.CAPath}).tls(m); err != nil {
		return c, err
	}
	if a.UseProxy {
		c.Proxy = fetch.Proxy(m)
	}
	return c, c.Check()
}

// seconds reads an argument that is a time.
func seconds(name string, v float64) (time.Duration, error) {
	if !(v >= 0 && v <= probe.MaxDuration.Seconds()) { // nor "nan"
		return 0, fmt.Errorf("argument %q is %v: want 0 to %v seconds", name, v, probe.MaxDuration.Seconds())
	}
	return time.Duration(v * float64(time.Second)), nil
}
