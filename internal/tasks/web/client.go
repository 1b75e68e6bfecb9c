package web

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"fleet/internal/tasks/fetch"
	"fleet/internal/tasks/sys"
)

// clientArgs are the arguments of all modules that ask a web server.
type clientArgs struct {
	// The user to log in as.
	URLUsername string `arg:"url_username" alias:"user,username"`
	// The user's password.
	URLPassword string `arg:"url_password,secret" alias:"password"`
	// Sends user and password at once, and not only when the server asks for them.
	ForceBasicAuth bool `arg:"force_basic_auth"`
	// Checks the server's certificate.
	ValidateCerts bool `arg:"validate_certs" default:"yes"`
	// A file or folder with the certificates of authorities to trust, in place of the system's.
	CAPath string `arg:"ca_path" type:"path"`
	// A file with the certificate to show to the server.
	ClientCert string `arg:"client_cert" type:"path"`
	// A file with the key of client_cert, if it is not in the same file.
	ClientKey string `arg:"client_key" type:"path"`
	// Headers to send.
	Headers map[string]string `arg:"headers"`
	// Headers of these that a redirection does not get.
	UnredirectedHeaders []string `arg:"unredirected_headers"`
	// The ciphers that are allowed up to TLS 1.2, by their names in OpenSSL. Those of
	// TLS 1.3 always are.
	Ciphers []string `arg:"ciphers"`
	// Takes user and password from the target's netrc, where none are given.
	UseNetrc bool `arg:"use_netrc" default:"yes"`
	// Kerberos, which is not supported: true is refused.
	UseGSSAPI bool `arg:"use_gssapi"`
	// The name that fleet gives itself.
	HTTPAgent string `arg:"http_agent" default:"fleet"`
	// Uses the proxy that the environment names (http_proxy, https_proxy, no_proxy).
	UseProxy bool `arg:"use_proxy" default:"yes"`
}

// client is what one call asks with.
type client struct {
	*clientArgs
	m    *sys.Machine
	http *http.Client
}

// newClient returns a client that ends every request after timeout, and that
// dials the unix socket, if there is one.
func (a *clientArgs) newClient(m *sys.Machine, timeout time.Duration, socket string) (*client, error) {
	if a.UseGSSAPI {
		return nil, errors.New("argument \"use_gssapi\": a login by Kerberos is not supported")
	}
	config, err := a.tls(m)
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true, DisableKeepAlives: true}
	if a.UseProxy {
		transport.Proxy = fetch.Proxy(m)
	}
	if socket != "" {
		transport.Proxy = nil
		transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", m.Path(socket))
		}
	}
	c := &client{a, m, &http.Client{Transport: transport, Timeout: timeout}}
	c.onRedirect(func(_ *http.Request, before []*http.Request) error {
		if len(before) > maxRedirects {
			return errTooMany
		}
		return nil
	})
	return c, nil
}

const maxRedirects = 10

var errTooMany = errors.New("more than 10 redirections")

// onRedirect lets judge say whether a redirection is followed. Headers that it shall
// not get are taken out.
func (c *client) onRedirect(judge func(next *http.Request, before []*http.Request) error) {
	c.http.CheckRedirect = func(next *http.Request, before []*http.Request) error {
		for _, name := range c.UnredirectedHeaders {
			next.Header.Del(name)
		}
		return judge(next, before)
	}
}

func (a *clientArgs) tls(m *sys.Machine) (*tls.Config, error) {
	config := &tls.Config{InsecureSkipVerify: !a.ValidateCerts}
	var err error
	if config.CipherSuites, err = cipherSuites(a.Ciphers); err != nil {
		return nil, err
	}
	if a.CAPath != "" {
		pool, err := authorities(m, a.CAPath)
		if err != nil {
			return nil, fmt.Errorf("argument %q: %w", "ca_path", err)
		}
		config.RootCAs = pool
	}
	if a.ClientCert != "" {
		key := a.ClientKey
		if key == "" {
			key = a.ClientCert
		}
		cert, err := tls.LoadX509KeyPair(m.Path(a.ClientCert), m.Path(key))
		if err != nil {
			return nil, fmt.Errorf("argument %q: %w", "client_cert", err)
		}
		config.Certificates = []tls.Certificate{cert}
	}
	return config, nil
}

func authorities(m *sys.Machine, path string) (*x509.CertPool, error) {
	names := []string{m.Path(path)}
	if info, err := os.Stat(m.Path(path)); err == nil && info.IsDir() {
		names, _ = filepath.Glob(filepath.Join(m.Path(path), "*"))
	}
	pool, found := x509.NewCertPool(), false
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil && len(names) == 1 {
			return nil, err
		}
		found = pool.AppendCertsFromPEM(data) || found
	}
	if !found {
		return nil, fmt.Errorf("no certificate in %q", path)
	}
	return pool, nil
}

// do sends the request. Where the server asks for a login that is only sent on
// request, it is sent again.
func (c *client) do(ctx context.Context, method, address string, header http.Header, body func() (io.ReadCloser, error)) (*http.Response, error) {
	resp, err := c.send(ctx, method, address, header, body, c.ForceBasicAuth)
	if err != nil || resp.StatusCode != http.StatusUnauthorized || c.URLUsername == "" || c.ForceBasicAuth {
		return resp, err
	}
	if !strings.HasPrefix(strings.ToLower(resp.Header.Get("WWW-Authenticate")), "basic") {
		return resp, nil
	}
	resp.Body.Close()
	return c.send(ctx, method, address, header, body, true)
}

func (c *client) send(ctx context.Context, method, address string, header http.Header, body func() (io.ReadCloser, error), login bool) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, address, nil)
	if err != nil {
		return nil, cleanURL(err)
	}
	if body != nil {
		if req.Body, err = body(); err != nil {
			return nil, err
		}
		req.GetBody = body
	}
	req.Header = header.Clone()
	req.Header.Set("User-Agent", c.HTTPAgent)
	for k, v := range c.Headers {
		req.Header.Set(k, v)
		if strings.EqualFold(k, "host") {
			req.Host = v
		}
	}
	if sized, ok := req.Body.(interface{ Len() int }); ok {
		req.ContentLength = int64(sized.Len())
	}
	switch {
	case login && c.URLUsername != "":
		req.SetBasicAuth(c.URLUsername, c.URLPassword)
	case c.UseNetrc && c.URLUsername == "" && req.URL.User == nil && req.Header.Get("Authorization") == "":
		user, password, err := netrcLogin(c.m, req.URL.Hostname())
		if err != nil {
			return nil, err
		}
		if user != "" || password != "" {
			req.SetBasicAuth(user, password)
		}
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, cleanURL(err)
	}
	return resp, nil
}

// cleanURL drops the method and the address from an error: the caller names
// them, and an address may hold a password.
func cleanURL(err error) error {
	var u *url.Error
	if !errors.As(err, &u) {
		return err
	}
	var op *net.OpError
	switch {
	case errors.As(err, &op) && op.Op == "dial":
	case u.Timeout():
		return errors.New("no answer in time\nhint: the argument timeout says how many seconds an answer may take")
	case u.Err == io.EOF:
		return errors.New("the server closed the connection without an answer")
	}
	return u.Err
}

// needHTTP refuses addresses that are none of the web.
func needHTTP(address string, also ...string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("argument %q: %q is no address of the web", "url", address)
	}
	for _, scheme := range append(also, "http", "https") {
		if u.Scheme == scheme && (u.Host != "" || scheme == "file") {
			return u, nil
		}
	}
	return nil, fmt.Errorf("argument %q: %q does not start with http:// or https://", "url", u.Redacted())
}
