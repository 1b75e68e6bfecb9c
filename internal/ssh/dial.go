package ssh

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"time"

	"golang.org/x/crypto/ssh"
)

// Dial logs in to a host. The error is an *Error, or ctx's cause where ctx ended.
func (d *Dialer) Dial(ctx context.Context, o Options) (*Client, error) {
	t, err := d.resolve(o)
	if err != nil {
		return nil, setup(o.Host, err)
	}
	if err := d.endlessJumps(t, o); err != nil {
		return nil, setup(t.String(), err)
	}
	until := time.Now().Add(t.timeout)
	for wait := 50 * time.Millisecond; ; wait *= 2 {
		c, err := d.attempt(ctx, t, o)
		if ctx.Err() != nil && err != nil {
			return nil, context.Cause(ctx)
		}
		if withoutKey(err) {
			continue
		}
		// An sshd that is flooded with logins (MaxStartups) drops some of them.
		if err == nil || !flooded(err) || time.Now().Add(wait).After(until) {
			return c, err
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(wait/2 + rand.N(wait)):
		}
	}
}

// withoutKey reports whether the login failed only because the host takes a key
// that cannot be decrypted. As OpenSSH does, it goes on with the other keys; it
// takes another connection, since x/crypto ends the login at the first such key.
func withoutKey(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.again
}

// flooded reports whether the host closed the connection before it said anything.
func flooded(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Reason == Protocol && dropped(e.Err)
}

// attempt connects and logs in once.
func (d *Dialer) attempt(ctx context.Context, t *target, o Options) (*Client, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var conn net.Conn
	l := &login{d: d, t: t, ctx: ctx}
	l.clock = newClock(t.timeout, func() { cancel(errClock) })
	defer l.clock.stop()
	defer l.close()
	conn, release, err := d.connect(ctx, t, o, l.clock)
	if err != nil {
		var e *Error
		if errors.As(err, &e) {
			return nil, err
		}
		if l.clock.expired() {
			err = errClock
		}
		return nil, t.dialError(err)
	}
	client, err := l.handshake(conn)
	if err != nil {
		err = t.proxyError(conn, err)
		conn.Close()
		release()
		return nil, err
	}
	client.release = release
	return client, nil
}

// proxyError puts the failure of a ProxyCommand in the place of what it looks like
// from here: a host that has closed the connection.
func (t *target) proxyError(conn net.Conn, err error) error {
	c, ok := conn.(*commandConn)
	var e *Error
	if !ok || !errors.As(err, &e) || !dropped(e.Err) {
		return err
	}
	failure := c.failure()
	if failure == "" {
		return err
	}
	return &Error{Reason: Unreachable, Host: t.String(), Msg: failure,
		Hint: "ProxyCommand in ssh_config, or -o ProxyCommand in ansible_ssh_common_args, names it", Err: err}
}

// handshake logs in on the connection.
func (l *login) handshake(conn net.Conn) (*Client, error) {
	methods, err := l.methods()
	if err != nil {
		return nil, setup(l.t.String(), err)
	}
	algorithms, err := l.hostKeyAlgorithms()
	if err != nil {
		return nil, setup(l.t.String(), err)
	}
	// x/crypto's handshake knows no context: closing the connection ends it.
	stop := context.AfterFunc(l.ctx, func() { conn.Close() })
	heard := &heardConn{Conn: conn}
	sc, chans, reqs, err := ssh.NewClientConn(heard, l.t.addr(), &ssh.ClientConfig{
		User: l.t.user, Auth: methods, HostKeyCallback: l.checkHostKey, HostKeyAlgorithms: algorithms,
		ClientVersion: "SSH-2.0-fleet", BannerCallback: func(string) error { return nil },
	})
	if !stop() && err == nil {
		sc.Close()
		err = context.Cause(l.ctx)
	}
	if err != nil {
		return nil, l.handshakeError(err)
	}
	l.keepPassword()
	return newClient(l.d, l.t, heard, ssh.NewClient(sc, chans, reqs)), nil
}

// connect opens the connection that the login goes over: straight, through a
// command, or through another login. release is to be called after its end.
func (d *Dialer) connect(ctx context.Context, t *target, o Options, c *clock) (net.Conn, func(), error) {
	none := func() {}
	switch {
	case t.proxyCommand != "":
		conn, err := dialCommand(t.proxyCommand)
		return conn, none, err
	case t.jump != "":
		// The time of a jump host's login is its own.
		c.pause()
		defer c.resume()
		return d.dialJump(ctx, t, o)
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", t.addr())
	return conn, none, err
}
