// Package client speaks the Docker Engine's HTTP API, as far as the modules need
// it. It runs on the target. The engine's own Go client does the same and more, and
// brings what costs the helper a third of its start, whatever the task is. The
// messages are the engine's own types (github.com/moby/moby/api). It speaks API
// 1.40 to 1.56, and refuses engines that know none of these.
package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// DefaultHost is where an engine usually listens.
const DefaultHost = "unix:///var/run/docker.sock"

// The minor numbers of API 1.x that this package speaks.
const (
	oldest = 40
	newest = 56
)

// Client asks one engine. It is safe for concurrent use once Connect has returned.
type Client struct {
	http  http.Client
	base  url.URL // scheme, host and the path that all requests have in front
	minor int     // of API 1.x; 0: not known yet
}

// New returns a client of the engine at host: unix:///path, tcp://host:port,
// http://… or https://…. version is as 1.41; with "auto" the newest that both sides
// know is taken. Over tcp the environment variable DOCKER_CERT_PATH names the
// folder of the certificates, as for the docker command.
func New(host, version string) (*Client, error) {
	c := &Client{}
	if version != "auto" {
		minor, ok := parseVersion(version)
		if !ok || minor < oldest {
			return nil, fmt.Errorf("api_version %q: want auto, or 1.%d or newer", version, oldest)
		}
		c.minor = minor
	}
	u, err := url.Parse(host)
	if err != nil || u.Scheme == "" {
		return nil, errors.New("want unix:///path or tcp://host:port")
	}
	transport := &http.Transport{}
	c.http.Transport = transport
	c.base = url.URL{Scheme: "http", Host: u.Host, Path: strings.TrimSuffix(u.Path, "/")}
	switch u.Scheme {
	case "unix":
		socket := u.Host + u.Path
		c.base = url.URL{Scheme: "http", Host: "docker"}
		transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		}
		return c, nil
	case "http", "https", "tcp":
		transport.Proxy = http.ProxyFromEnvironment
		if transport.TLSClientConfig, err = certificates(); err != nil {
			return nil, err
		}
		if u.Scheme == "https" || transport.TLSClientConfig != nil {
			c.base.Scheme = "https"
		}
		return c, nil
	}
	return nil, fmt.Errorf("%q is not supported: want unix:///path or tcp://host:port", u.Scheme)
}

// certificates reads what DOCKER_CERT_PATH names; nil where it names nothing.
func certificates() (*tls.Config, error) {
	dir := os.Getenv("DOCKER_CERT_PATH")
	if dir == "" {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"))
	if err != nil {
		return nil, fmt.Errorf("DOCKER_CERT_PATH: %w", err)
	}
	authority, err := os.ReadFile(filepath.Join(dir, "ca.pem"))
	if err != nil {
		return nil, fmt.Errorf("DOCKER_CERT_PATH: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(authority) {
		return nil, fmt.Errorf("DOCKER_CERT_PATH: %s holds no certificate", filepath.Join(dir, "ca.pem"))
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, RootCAs: pool, MinVersion: tls.VersionTLS12,
		InsecureSkipVerify: os.Getenv("DOCKER_TLS_VERIFY") == ""}, nil // as the docker command has it
}

// parseVersion returns the minor number of a version 1.x.
func parseVersion(text string) (minor int, ok bool) {
	digits, ok := strings.CutPrefix(strings.TrimPrefix(text, "v"), "1.")
	minor, err := strconv.Atoi(digits)
	return minor, ok && err == nil
}

// Connect asks the engine whether it is there, and settles the version.
func (c *Client) Connect(ctx context.Context) error {
	header, err := c.ping(ctx, http.MethodHead)
	var said *Error
	if errors.As(err, &said) { // proxies in front of engines may not let HEAD through
		header, err = c.ping(ctx, http.MethodGet)
	}
	if err != nil || c.minor != 0 {
		return err
	}
	c.minor = newest
	text := header.Get("Api-Version")
	if text == "" {
		return nil
	}
	minor, ok := parseVersion(text)
	if !ok || minor < oldest {
		return fmt.Errorf("it speaks API %s, and 1.%d is the oldest that is supported", text, oldest)
	}
	c.minor = min(minor, newest)
	return nil
}

func (c *Client) ping(ctx context.Context, method string) (http.Header, error) {
	resp, err := c.send(ctx, request{method: method, path: []string{"_ping"}, bare: true})
	if err != nil {
		return nil, err
	}
	resp.Body.Close()
	return resp.Header, nil
}

// Close closes the connections that are open.
func (c *Client) Close() error {
	c.http.CloseIdleConnections()
	return nil
}

// Error is an answer of the engine that is an error, in its own words.
type Error struct {
	Status int // of HTTP
	Text   string
}

func (e *Error) Error() string { return e.Text }

// IsNotFound reports whether the engine says that something does not exist.
func IsNotFound(err error) bool { return hasStatus(err, http.StatusNotFound) }

// IsUnauthorized reports whether the engine says that a login is needed.
func IsUnauthorized(err error) bool { return hasStatus(err, http.StatusUnauthorized) }

func hasStatus(err error, status int) bool {
	var e *Error
	return errors.As(err, &e) && e.Status == status
}

// unreached is an error of a request that never came to an answer.
type unreached struct{ error }

func (e unreached) Unwrap() error { return e.error }

// IsUnreached reports whether there was nobody to ask.
func IsUnreached(err error) bool {
	return errors.As(err, new(unreached))
}

// IsSilent reports whether nothing listens where the engine should.
func IsSilent(err error) bool {
	var n net.Error
	return errors.Is(err, syscall.ECONNREFUSED) || errors.As(err, &n) && n.Timeout()
}
