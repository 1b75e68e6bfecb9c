// Package fetch opens addresses of the web for modules. It runs on the target, in
// a helper that speaks HTTP and TLS.
package fetch

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"fleet/internal/reason/web"
	"fleet/internal/tasks/sys"
)

// answerTimeout is how long a server may take to answer, and getTimeout how long
// it may take to send what an address names.
const (
	answerTimeout = 30 * time.Second
	getTimeout    = 30 * time.Minute
)

// Web is the sys.Web of such a helper.
type Web struct{}

// Get implements sys.Web.
func (Web) Get(ctx context.Context, m *sys.Machine, a sys.Address) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.URL, nil)
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{Proxy: Proxy(m), ResponseHeaderTimeout: answerTimeout,
		TLSHandshakeTimeout: answerTimeout, DisableKeepAlives: true}
	if a.Unverified {
		transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: true}
	}
	client := &http.Client{Transport: transport, Timeout: getTimeout}
	resp, err := client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("cannot download: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		_ = resp.Body.Close()
		return nil, fmt.Errorf("cannot download %s: the server answers %s", Shown(a.URL), resp.Status)
	}
	return resp.Body, nil
}

// Say implements sys.Web.
func (Web) Say(err error) (said, hint string, known bool) { return web.Say(err) }

// Shown returns the address without a password.
func Shown(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.Redacted()
}
