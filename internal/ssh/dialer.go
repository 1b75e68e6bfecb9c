// Package ssh logs in to targets as the user's own ssh would: it reads
// ssh_config, known_hosts, keys and the agent, and it starts helpers and commands
// over the login. It runs on the controller. It refuses a host whose key has
// changed, and a private key that others can read.
package ssh

import (
	"context"
	"os"
	"os/user"
	"sync"
	"time"

	"fleet/internal/helper"
	"fleet/internal/session"
)

// Options say how to reach one host. What is not set here comes from the user's
// ssh_config, then from OpenSSH's defaults.
type Options struct {
	Host            string // a name in ssh_config, a host name or an address
	Port            int
	User            string
	Password        string
	Passphrase      string        // for encrypted keys, before anybody is asked
	KeyFiles        []string      // each must be readable
	KnownHosts      []string      // files; the first one takes new keys
	HostKeyChecking Checking      // the default is AcceptNew
	ConnectTimeout  time.Duration // for dialing and logging in together; the default is 10s
	KeepAlive       time.Duration // between two questions whether the host is there; the default is 5s
	KeepAliveMisses int           // unanswered questions until the host counts as gone; the default is 3
	ProxyJump       string        // [user@]host[:port],… or "none"
	ProxyCommand    string        // or "none"
	Config          []string      // lines of ssh_config that come before the files', each with one of Keywords
	ConfigFile      string        // in place of the Dialer's files; it must be there
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
// the jump hosts. It may be used concurrently; its exported fields must not
// change after the first Dial. The zero value reads the user's own files and asks
// nothing.
type Dialer struct {
	Home        string        // the folder for ~; empty is the user's
	ConfigFiles []string      // in order of precedence; nil is ~/.ssh/config and /etc/ssh/ssh_config
	AgentSocket string        // "none" for no agent; empty is what ssh_config or SSH_AUTH_SOCK say
	Helpers     *helper.Store // nil is a Store of its own

	// Password and Passphrase ask the user. They are never called twice at the same
	// time. Nil: nobody can be asked.
	Password   func(ctx context.Context, prompt string) (string, error)
	Passphrase func(ctx context.Context, keyFile string) (string, error)
	// Warn takes lines for the user about what was ignored or could not be done. It
	// may be called concurrently. Nil drops them.
	Warn func(msg string)

	asking     sync.Mutex // held while the user is asked
	recording  sync.Mutex // held while a known_hosts file is written
	mu         sync.Mutex // guards the fields below
	keys       map[string]*keyFile
	passwords  map[string]string // by user@host:port, as the user gave them
	knownHosts map[string]*knownHosts
	jumps      map[string]*jump
	warned     map[string]bool
	helpers    helper.Store
}

// warn passes on each message once.
func (d *Dialer) warn(msg string) {
	d.mu.Lock()
	first := !d.warned[msg]
	if d.warned == nil {
		d.warned = map[string]bool{}
	}
	d.warned[msg] = true
	d.mu.Unlock()
	if first && d.Warn != nil {
		d.Warn(msg)
	}
}

func (d *Dialer) store() *helper.Store {
	if d.Helpers != nil {
		return d.Helpers
	}
	return &d.helpers
}

// home returns the operator's home folder: where HOME is not set, as under a timer
// of systemd, the one that the machine knows, as for OpenSSH.
func (d *Dialer) home() string {
	if d.Home != "" {
		return d.Home
	}
	if home, err := os.UserHomeDir(); err == nil {
		return home
	}
	if u, err := user.Current(); err == nil {
		return u.HomeDir
	}
	return "/"
}

// sessionOptions makes a helper's keep-alive that of its host.
func (t *target) sessionOptions() session.Options {
	return session.Options{KeepAlive: t.keepAlive, Misses: t.misses}
}
