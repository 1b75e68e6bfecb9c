package probe

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// maxRead is how many bytes of an answer are kept to find its name in. The rest
// is read and dropped.
const maxRead = 256 << 10

// maxHeader bounds an answer's headers, in bytes.
const maxHeader = 64 << 10

// answer is what one request came to.
type answer struct {
	name    string // who answered
	status  int    // 0 where there was no answer
	latency time.Duration
	kind    string // of the failure, or empty
	text    string // what it was, in words
}

// asker sends the requests of one probe. It is safe for concurrent use.
type asker struct {
	config    *Config
	url       *url.URL
	transport *http.Transport
}

func newAsker(c *Config) (*asker, error) {
	u, err := url.Parse(c.URL)
	if err != nil {
		return nil, err
	}
	protocols := &http.Protocols{}
	protocols.SetHTTP1(true) // HTTP/2 would put all requests on one connection
	return &asker{config: c, url: u, transport: &http.Transport{
		Proxy:           c.Proxy,
		TLSClientConfig: c.TLS,
		Protocols:       protocols,
		DialContext:     (&net.Dialer{Timeout: c.Timeout}).DialContext,

		DisableKeepAlives:      c.NoKeepAlive,
		DisableCompression:     true,
		MaxIdleConns:           c.Concurrency,
		MaxIdleConnsPerHost:    c.Concurrency,
		TLSHandshakeTimeout:    c.Timeout,
		MaxResponseHeaderBytes: maxHeader,
	}}, nil
}

func (a *asker) close() { a.transport.CloseIdleConnections() }

// ask sends one request and reads its answer to the end.
func (a *asker) ask(ctx context.Context) answer {
	ctx, cancel := context.WithTimeout(ctx, a.config.Timeout)
	defer cancel()
	begin := time.Now()
	resp, err := a.send(ctx)
	if err != nil {
		return failure(err)
	}
	defer resp.Body.Close()
	head, err := io.ReadAll(io.LimitReader(resp.Body, maxRead))
	if err == nil {
		_, err = io.Copy(io.Discard, resp.Body)
	}
	if err != nil {
		return failure(err)
	}
	got := answer{status: resp.StatusCode, latency: time.Since(begin)}
	if resp.StatusCode >= http.StatusBadRequest {
		got.kind = fmt.Sprintf("status_%d", resp.StatusCode)
		got.text = strings.TrimSpace(fmt.Sprintf("%d %s", resp.StatusCode, http.StatusText(resp.StatusCode)))
		return got
	}
	if got.name, err = a.config.By.name(resp, head); err != nil {
		got.kind, got.text = "unnamed", err.Error()
	}
	return got
}

func (a *asker) send(ctx context.Context) (*http.Response, error) {
	var body io.Reader
	if len(a.config.Body) > 0 {
		body = bytes.NewReader(a.config.Body)
	}
	req, err := http.NewRequestWithContext(ctx, a.config.Method, a.config.URL, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", "fleet")
	if user := a.url.User; user != nil {
		password, _ := user.Password()
		req.SetBasicAuth(user.Username(), password)
	}
	for name, values := range a.config.Header {
		req.Header[http.CanonicalHeaderKey(name)] = values
		if strings.EqualFold(name, "host") && len(values) > 0 {
			req.Host = values[0]
		}
	}
	return a.transport.RoundTrip(req)
}
