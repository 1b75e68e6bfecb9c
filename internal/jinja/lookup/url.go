package lookup

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"fleet/internal/jinja"
	"fleet/internal/reason"
	"fleet/internal/reason/web"
)

// urlOptions are the arguments of the lookup url, apart from those that say how the
// answer is read.
var urlOptions = []string{
	"split_lines", "validate_certs", "use_proxy", "username", "url_username", "password", "url_password",
	"headers", "timeout", "follow_redirects", "http_agent", "force",
}

// url returns what addresses answer: a list of lines, or with split_lines=false one
// text each. Any status but success is an error.
func (l lookups) url(c *jinja.Context, terms []any, kw *jinja.Map) ([]any, error) {
	if err := only("url", kw, urlOptions...); err != nil {
		return nil, err
	}
	split, err := flag(kw, "split_lines", true)
	if err != nil {
		return nil, err
	}
	client, err := httpClient(kw)
	if err != nil {
		return nil, err
	}
	defer client.CloseIdleConnections()
	out := []any{}
	for _, t := range terms {
		address, err := text("url", t)
		if err != nil {
			return nil, err
		}
		body, err := get(c.Ctx, client, address, kw)
		if err != nil {
			return nil, err
		}
		if !split {
			out = append(out, body)
			continue
		}
		for line := range strings.Lines(body) {
			out = append(out, strings.TrimRight(line, "\r\n"))
		}
	}
	return out, nil
}

func httpClient(kw *jinja.Map) (*http.Client, error) {
	check, err := flag(kw, "validate_certs", true)
	if err != nil {
		return nil, err
	}
	proxy, err := flag(kw, "use_proxy", true)
	if err != nil {
		return nil, err
	}
	seconds, err := strconv.ParseFloat(option(kw, "timeout", "10"), 64)
	if err != nil || seconds <= 0 || seconds > 86400 {
		return nil, failed("the lookup \"url\" needs a timeout in seconds, not %s", option(kw, "timeout", ""))
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: !check}}
	if proxy {
		transport.Proxy = http.ProxyFromEnvironment
	}
	client := &http.Client{Transport: transport, Timeout: time.Duration(seconds * float64(time.Second))}
	switch follow := strings.ToLower(option(kw, "follow_redirects", "urllib2")); follow {
	case "urllib2", "safe", "all", "yes", "true":
	case "none", "no", "false":
		client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	default:
		return nil, failed("the lookup \"url\" does not know follow_redirects=%s", follow).WithHint("write all, safe or none")
	}
	return client, nil
}

func get(ctx context.Context, client *http.Client, address string, kw *jinja.Map) (string, error) {
	if ctx == nil {
		ctx = context.Background()
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", failed("the lookup \"url\" cannot read the address %q", address)
	}
	req.Header.Set("User-Agent", option(kw, "http_agent", "ansible-httpget"))
	if user := option(kw, "username", option(kw, "url_username", "")); user != "" {
		req.SetBasicAuth(user, option(kw, "password", option(kw, "url_password", "")))
	}
	if v, ok := kw.Get("headers"); ok {
		headers, ok := v.(*jinja.Map)
		if !ok {
			return "", failed("the lookup \"url\" needs a dictionary of headers, not %s", jinja.Repr(v))
		}
		for k, e := range headers.All() {
			req.Header.Set(jinja.Str(k), jinja.Str(e))
		}
	}
	resp, err := client.Do(req)
	if err != nil {
		var where *url.Error
		if errors.As(err, &where) {
			err = where.Err // without the address, which may hold a password
		}
		why, hint := reason.Of(err, web.Say)
		return "", failed("the lookup \"url\" got no answer from %s: %s", req.URL.Redacted(), why).WithHint("%s", hint)
	}
	defer resp.Body.Close()
	var body bytes.Buffer
	if _, err := io.Copy(&body, io.LimitReader(resp.Body, maxFile+1)); err != nil {
		return "", failed("the lookup \"url\": the answer of %s is cut short: %w", req.URL.Redacted(), err)
	}
	switch {
	case resp.StatusCode < 200 || resp.StatusCode > 299:
		return "", failed("the lookup \"url\" got %q from %s", resp.Status, req.URL.Redacted())
	case body.Len() > maxFile:
		return "", failed("the answer of %s has more than %d MiB", req.URL.Redacted(), maxFile>>20)
	}
	return body.String(), nil
}
