package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"time"

	"github.com/charmbracelet/log"

	"fleet/internal/engine"
	"fleet/internal/launch"
	"fleet/internal/local"
	"fleet/internal/pool"
	"fleet/internal/session"
	"fleet/internal/ssh"
)

// transport reaches hosts for the engine: over SSH, with one login for all users
// of a host where that allows enough at the same time, or on this machine.
type transport struct {
	ssh    *ssh.Dialer
	local  *local.Host
	log    *log.Logger
	logins pool.Pool[login, *ssh.Client]
	// whole says that the lean helper is not enough for this run.
	whole atomic.Bool
}

// login is one of the logins at an endpoint, whoever is to be become there. All but
// the first are for what the host refuses to run beside the others (MaxSessions).
type login struct {
	engine.Endpoint
	nth int
}

func newTransport(d *ssh.Dialer, l *local.Host, log *log.Logger) *transport {
	return &transport{ssh: d, local: l, log: log}
}

// Dial starts a helper at an endpoint.
func (t *transport) Dial(ctx context.Context, to engine.Endpoint) (engine.Conn, error) {
	begin := time.Now()
	conn, err := t.dial(ctx, to)
	about := []any{"host", to.Host, "become", to.BecomeUser}
	if become, berr := becomeOf(to); berr == nil && !become.IsZero() {
		about = append(about, "with", become.String())
	}
	t.debug("helper", begin, err, about...)
	return conn, err
}

// debug logs a step that is over.
func (t *transport) debug(step string, begin time.Time, err error, about ...any) {
	about = append(about, "took", time.Since(begin).Round(100*time.Microsecond))
	if err != nil {
		about = append(about, "err", err)
	}
	t.log.Debug(step, about...)
}

func (t *transport) dial(ctx context.Context, to engine.Endpoint) (engine.Conn, error) {
	become, err := becomeOf(to)
	if err != nil {
		return nil, err
	}
	if to.Connection == "local" {
		s, err := t.local.Helper(ctx, become)
		if err != nil {
			return nil, reached(err)
		}
		return s, nil
	}
	start := func(ctx context.Context, whole bool) (s *session.Session, err error) {
		err = t.onLogin(ctx, to, func(c *ssh.Client) error {
			s, err = c.Helper(ctx, become, whole)
			return err
		})
		return s, reached(err)
	}
	s, err := start(ctx, t.whole.Load())
	if err != nil {
		return nil, err
	}
	return &conn{first: s, more: func(ctx context.Context) (*session.Session, error) {
		t.whole.Store(true)
		return start(ctx, true)
	}}, nil
}

// Raw runs one command line without a helper.
func (t *transport) Raw(ctx context.Context, to engine.Endpoint, command string, stdout, stderr io.Writer) (int, error) {
	become, err := becomeOf(to)
	if err != nil {
		return 0, err
	}
	if to.Connection == "local" {
		code, err := t.local.Exec(ctx, become, command, launch.Streams{Stdout: stdout, Stderr: stderr})
		return code, reached(err)
	}
	code := 0
	err = t.onLogin(ctx, to, func(c *ssh.Client) error {
		code, err = c.Exec(ctx, ssh.Command{Line: command, Become: become, Stdout: stdout, Stderr: stderr})
		return err
	})
	return code, reached(err)
}

// Shell runs one command line of sh without a helper, as the user who logs in.
func (t *transport) Shell(ctx context.Context, to engine.Endpoint, command string, stdout, stderr io.Writer) (int, error) {
	if to.Connection == "local" {
		return t.local.Shell(ctx, command, stdout, stderr)
	}
	code := 0
	err := t.onLogin(ctx, to, func(c *ssh.Client) (err error) {
		code, err = c.Shell(ctx, command, stdout, stderr)
		return err
	})
	return code, err
}

// Drop closes the logins on a host.
func (t *transport) Drop(host string) {
	t.logins.Drop(func(l login) bool { return l.Host == host })
}

// Close closes all logins.
func (t *transport) Close() { t.logins.Close() }

// onLogin starts something on the first login of an endpoint that takes it.
func (t *transport) onLogin(ctx context.Context, to engine.Endpoint, start func(*ssh.Client) error) error {
	for nth := 0; ; nth++ {
		client, err := t.login(ctx, to, nth)
		if err != nil {
			return err
		}
		if err := start(client); !ssh.IsFull(err) {
			return err
		}
	}
}

// login returns the nth login at an endpoint.
func (t *transport) login(ctx context.Context, to engine.Endpoint, nth int) (*ssh.Client, error) {
	o, err := sshOptions(to)
	if err != nil {
		return nil, err
	}
	to.Become, to.BecomeMethod, to.BecomeUser = false, "", ""
	to.BecomePassword, to.BecomeFlags, to.BecomeExe = "", "", ""
	return t.logins.Get(ctx, login{to, nth}, func(ctx context.Context) (*ssh.Client, error) {
		begin := time.Now()
		client, err := t.ssh.Dial(ctx, o)
		t.debug("login", begin, err, "host", to.Host, "address", to.Address, "port", to.Port, "user", to.User)
		return client, err
	})
}

// becomeOf returns how to become another user, or nobody else.
func becomeOf(to engine.Endpoint) (launch.Become, error) {
	if !to.Become {
		return launch.Become{}, nil
	}
	switch to.BecomeMethod {
	case "sudo", "su", "doas":
	default:
		return launch.Become{}, &reachedError{fmt.Errorf("become method %q is not supported: use sudo, su or doas", to.BecomeMethod)}
	}
	return launch.Become{Method: to.BecomeMethod, User: to.BecomeUser, Password: to.BecomePassword,
		Program: to.BecomeExe, Flags: strings.Fields(to.BecomeFlags)}, nil
}

// reachedError is a failure on a host that was reached: it failed, and is not unreachable.
type reachedError struct{ err error }

func (e *reachedError) Error() string { return e.err.Error() }
func (e *reachedError) Unwrap() error { return e.err }

// Reached tells the engine so.
func (e *reachedError) Reached() bool { return true }

// reached marks an error of becoming another user.
func reached(err error) error {
	if errors.Is(err, launch.ErrBecome) {
		return &reachedError{err}
	}
	return err
}

// sshOptions returns the options for an endpoint's login.
func sshOptions(to engine.Endpoint) (ssh.Options, error) {
	o := ssh.Options{Host: to.Address, Port: to.Port, User: to.User, Password: to.Password, Passphrase: to.Passphrase,
		HostKeyChecking: ssh.Checking(to.HostKeys), ConnectTimeout: to.Timeout}
	if to.KeyFile != "" {
		o.KeyFiles = []string{to.KeyFile}
	}
	if err := sshArgs(&o, to.Args); err != nil {
		return o, fmt.Errorf("ansible_ssh_common_args: %w", err)
	}
	return o, nil
}
