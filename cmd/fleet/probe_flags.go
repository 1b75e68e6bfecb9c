package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"fleet/internal/jinja"
	"fleet/internal/probe"
	"fleet/internal/redact"
	"fleet/internal/source"
)

// probeFlags are the flags of `fleet probe`.
type probeFlags struct {
	connectFlags
	from                  string
	requests, concurrency int
	rate                  float64
	duration, wait        span
	noKeepAlive           bool
	headers               []string
	method, data          string
	insecure              bool
	by                    string
	expect                []string
	json                  bool

	counted, sized bool // requests and duration were given
}

func (f *probeFlags) register(cmd *cobra.Command) {
	f.wait = span(probe.DefaultTimeout)
	flags := cmd.Flags()
	flags.StringVar(&f.from, "from", "", "probe from the hosts of the inventory that this `pattern` names")
	flags.IntVarP(&f.requests, "requests", "n", probe.DefaultRequests, "`requests` to send; with --duration, as many as it has room for")
	flags.IntVarP(&f.concurrency, "concurrency", "c", 1, "`requests` under way at the same time")
	flags.Float64Var(&f.rate, "rate", 0, "`requests` a second at most; 0 is no limit")
	flags.Var(&f.duration, "duration", "begin no request after this `time`: 30s, 1m30s")
	flags.Var(&f.wait, "timeout", "`time` that one request may take")
	flags.BoolVar(&f.noKeepAlive, "no-keepalive", false, "a connection of its own for each request")
	flags.StringArrayVarP(&f.headers, "header", "H", nil, "send this `Name: value`; repeats")
	flags.StringVarP(&f.method, "method", "X", "", "`method` of the requests (default GET, or POST with -d)")
	flags.StringVarP(&f.data, "data", "d", "", "`text` to send")
	flags.BoolVar(&f.insecure, "insecure", false, "do not check the server's certificate")
	flags.StringVar(&f.by, "by", "body", "what tells who answered: body, status, header:NAME or json:FIELD")
	flags.StringArrayVar(&f.expect, "expect", []string{"failures==0"}, "`condition` that has to be met, as copies>=10; repeats")
	flags.BoolVar(&f.json, "json", false, "print events as JSON, one a line")
	f.connection(flags)
}

// connection adds the flags with which hosts are reached. Two of them give way
// to what they mean to programs that send requests.
func (f *probeFlags) connection(flags *pflag.FlagSet) {
	other := &cobra.Command{}
	f.connectFlags.register(other)
	other.Flags().VisitAll(func(flag *pflag.Flag) {
		switch flag.Name {
		case "timeout":
			flag.Name, flag.Shorthand = "connect-timeout", ""
		case "connection":
			flag.Shorthand = ""
		}
		flags.AddFlag(flag)
	})
}

func (f *probeFlags) given(cmd *cobra.Command) {
	f.counted, f.sized = cmd.Flags().Changed("requests"), cmd.Flags().Changed("duration")
}

// config returns how the address is probed. What looks like a secret joins them.
func (f *probeFlags) config(secrets *redact.Set, address string) (c probe.Config, err error) {
	if !strings.Contains(address, "://") {
		return c, source.Errorf(source.Pos{}, "address %q does not start with http:// or https://", address).WithHint("did you mean \"http://%s\"?", address)
	}
	if u, err := url.Parse(address); err == nil {
		if password, ok := u.User.Password(); ok {
			secrets.Add(password)
		}
	}
	c = probe.Config{URL: address, Method: f.method, Body: []byte(f.data), Requests: f.requests, Concurrency: f.concurrency, Rate: f.rate,
		Duration: time.Duration(f.duration), Timeout: time.Duration(f.wait), NoKeepAlive: f.noKeepAlive,
		TLS: &tls.Config{InsecureSkipVerify: f.insecure}, Proxy: http.ProxyFromEnvironment}
	switch {
	case f.counted && f.requests < 1, f.concurrency < 1:
		return c, usageError("", "run fleet probe --help", "%d requests, %d at the same time: want 1 at least", f.requests, f.concurrency)
	case f.sized && f.duration <= 0, f.wait <= 0:
		return c, usageError("", "times are written as 500ms, 30s or 1m", "a time has to be more than 0")
	case f.sized && !f.counted:
		c.Requests = 0
	}
	if c.Header, err = f.header(secrets); err != nil {
		return c, err
	}
	if c.Method == "" && f.data != "" {
		c.Method = http.MethodPost
	}
	if f.data != "" && c.Header.Get("Content-Type") == "" {
		c.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if c.By, err = probe.ParseBy(f.by); err != nil {
		what, _, _ := strings.Cut(f.by, ":")
		hint := source.DidYouMean(what, []string{"body", "status", "header", "json"})
		return c, usageError(hint, "run fleet probe --help", "--by %w", err)
	}
	return c, c.Check()
}

// header reads the values of -H.
func (f *probeFlags) header(secrets *redact.Set) (http.Header, error) {
	header := http.Header{}
	for _, line := range f.headers {
		name, value, ok := strings.Cut(line, ":")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if !ok || name == "" || strings.ContainsAny(name, " \t") || strings.ContainsAny(value, "\r\n") {
			return nil, usageError("", "write it as -H 'Name: value'", "-H %q is no header", line)
		}
		header.Add(name, value)
		if secretHeader(name) {
			secrets.Add(value)
			_, word, _ := strings.Cut(value, " ") // Bearer, Basic
			secrets.Add(word)
		}
	}
	return header, nil
}

func secretHeader(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc([]string{"authorization", "cookie", "token", "secret", "password", "key"}, func(part string) bool {
		return strings.Contains(name, part)
	})
}

func (f *probeFlags) expectations() ([]probe.Expectation, error) {
	list, err := probe.ParseExpectations(f.expect)
	var wrong *probe.ExpectError
	if errors.As(err, &wrong) {
		hint := source.DidYouMean(wrong.Word, wrong.Known)
		return nil, usageError(hint, "write it as --expect 'copies>=10'", "--expect %w", err)
	}
	return list, err
}

// args returns the arguments with which the module does the same.
func (f *probeFlags) args(c probe.Config) *jinja.Map {
	args := jinja.NewMap("url", c.URL, "requests", c.Requests, "concurrency", c.Concurrency, "rate", c.Rate, "duration", c.Duration.Seconds(),
		"timeout", c.Timeout.Seconds(), "keepalive", !c.NoKeepAlive, "body", string(c.Body), "validate_certs", !f.insecure, "by", f.by)
	if c.Method != "" {
		args.Set("method", c.Method)
	}
	headers := jinja.NewMap()
	for name := range c.Header {
		headers.Set(name, strings.Join(c.Header[name], ", "))
	}
	args.Set("headers", headers)
	expect := []any{}
	for _, text := range f.expect {
		expect = append(expect, text)
	}
	args.Set("expect", expect)
	return args
}

// probeName returns what to call the probe: its address without a password.
func probeName(c probe.Config) string {
	u, err := url.Parse(c.URL)
	if err != nil {
		return c.URL
	}
	return u.Redacted()
}

// span is a flag's time: as Go writes it, or a number of seconds.
type span time.Duration

// String returns the time as Set takes it, or nothing for none.
func (s *span) String() string {
	if *s == 0 {
		return ""
	}
	return time.Duration(*s).String()
}

// Type is what help calls the value.
func (s *span) Type() string { return "time" }

// Set reads a time.
func (s *span) Set(text string) error {
	if n, err := strconv.ParseFloat(text, 64); err == nil && n >= 0 && n < 1e9 {
		*s = span(n * float64(time.Second))
		return nil
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return fmt.Errorf("%q is no time: want 500ms, 30s or 1m", text)
	}
	*s = span(d)
	return nil
}
