// Package ssh logs in to targets and starts the helper there. It runs on the
// controller. It refuses a host whose key has changed.
package ssh

import (
	"context"
	"io"
	"time"

	"fleet/internal/helper"
	"fleet/internal/launch"
	"fleet/internal/session"
)

// Options say how to reach one host. What is not set here comes from the user's
// ssh_config, then from OpenSSH's defaults.
type Options struct {
	Host            string // a name in ssh_config, a host name or an address
	Port            int
	User            string
	Password        string
	KeyFiles        []string
	KnownHosts      []string      // files; the first one takes new keys
	HostKeyChecking Checking      // the default is AcceptNew
	ConnectTimeout  time.Duration // for dialing and logging in together; the default is 10s
	KeepAlive       time.Duration // between two questions whether the host is there; the default is 5s
	KeepAliveMisses int           // unanswered questions until the host counts as gone; the default is 3
	ProxyJump       string        // [user@]host[:port],… or "none"
	ProxyCommand    string        // or "none"
}

// Checking says what happens with the key of a host.
type Checking string

// The ways to check a host's key.
const (
	AcceptNew Checking = "accept-new" // record unknown keys, refuse changed ones
	Strict    Checking = "strict"     // refuse unknown keys as well
	Off       Checking = "off"        // take any key
)

// Dialer is what the logins of one run share: the decrypted keys, the prompts,
// the jump hosts. It may be used concurrently; its fields must not change after
// the first Dial. The zero value reads the user's own files and asks nothing.
type Dialer struct {
	Home        string   // the folder for ~; empty is the user's
	ConfigFiles []string // in order of precedence; nil is ~/.ssh/config and /etc/ssh/ssh_config
	AgentSocket string   // "none" for no agent; empty is SSH_AUTH_SOCK
	Helpers     *helper.Store

	// Password and Passphrase ask the user. They are never called twice at the same
	// time. Nil: nobody can be asked.
	Password   func(ctx context.Context, prompt string) (string, error)
	Passphrase func(ctx context.Context, keyFile string) (string, error)
	// Warn takes lines for the user about what was ignored or done for him.
	Warn func(msg string)
}

// Dial logs in to a host. The error is an *Error.
func (d *Dialer) Dial(ctx context.Context, o Options) (*Client, error) { return nil, nil }

// Client is a login on one host. Its methods may be called concurrently.
type Client struct{}

// Helper starts a helper as the given user and pushes it first where it is not
// there. Close it, or the client.
func (c *Client) Helper(ctx context.Context, b launch.Become) (*session.Session, error) {
	return nil, nil
}

// Command is one command line for Exec.
type Command struct {
	Line           string // for the login shell, or for /bin/sh where Become is set
	Become         launch.Become
	Stdin          io.Reader // nil is empty
	Stdout, Stderr io.Writer
}

// Exec runs a command without a helper and returns its exit code.
func (c *Client) Exec(ctx context.Context, cmd Command) (int, error) { return 0, nil }

// Close ends the login and all that runs on it.
func (c *Client) Close() error { return nil }
