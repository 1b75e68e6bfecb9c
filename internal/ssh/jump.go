package ssh

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"fleet/internal/source"
)

// jump is a login that others go through. It is shared by all hosts of a run.
type jump struct {
	turn   chan struct{} // held by the one who dials; has one token
	client *Client
	users  int // guarded by Dialer.mu
}

// maxJumps bounds how many hosts may stand in between.
const maxJumps = 8

// endlessJumps returns an error where the jump hosts before a target lead back to
// one of them, or are too many. It is asked before the first of them is dialed:
// whoever needs a login that needs itself would wait for ever.
func (d *Dialer) endlessJumps(t *target, o Options) (err error) {
	for n := 0; t.jump != ""; n++ {
		if n == maxJumps {
			return source.Errorf(source.Pos{}, "more than %d jump hosts, or one that leads back to itself: ProxyJump %s", maxJumps, t.jump).
				WithHint("where Host * of ssh_config has a ProxyJump, put above it: Host %s, and below that: ProxyJump none", o.Host)
		}
		if o, err = jumpOptions(t.jump, o); err != nil {
			return err
		}
		if t, err = d.resolve(o); err != nil {
			return fmt.Errorf("the jump host %s: %w", o.Host, err)
		}
	}
	return nil
}

// dialJump connects to the target through its jump hosts.
func (d *Dialer) dialJump(ctx context.Context, t *target, o Options) (net.Conn, func(), error) {
	via, err := jumpOptions(t.jump, o)
	if err != nil {
		return nil, nil, setup(t.String(), err)
	}
	client, release, err := d.shared(ctx, via)
	if err != nil {
		return nil, nil, &Error{Reason: reasonOf(err), Host: t.String(), Msg: fmt.Sprintf("the jump host cannot be reached: %v", err), Err: err}
	}
	ctx, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	conn, err := client.conn.DialContext(ctx, "tcp", t.addr())
	if err != nil {
		release()
		e := &Error{Reason: Unreachable, Host: t.String(), Err: err,
			Msg: fmt.Sprintf("the jump host %s cannot connect to it: %v", client.t, strings.TrimPrefix(err.Error(), "ssh: "))}
		if ctx.Err() != nil {
			e.Reason = Timeout
		}
		return nil, nil, e
	}
	return conn, release, nil
}

// jumpOptions returns how to reach the last host of the list: through those
// before it. It gets no password, which belongs to the target.
func jumpOptions(list string, o Options) (Options, error) {
	hops := strings.Split(list, ",")
	last := strings.TrimSpace(hops[len(hops)-1])
	via := Options{KnownHosts: o.KnownHosts, HostKeyChecking: o.HostKeyChecking, KeyFiles: o.KeyFiles, ConnectTimeout: o.ConnectTimeout,
		KeepAlive: o.KeepAlive, KeepAliveMisses: o.KeepAliveMisses, ProxyJump: strings.Join(hops[:len(hops)-1], ","), ConfigFile: o.ConfigFile}
	u, err := url.Parse("ssh://" + strings.TrimPrefix(last, "ssh://"))
	if err != nil || u.Hostname() == "" {
		return via, fmt.Errorf("ProxyJump %q is not [user@]host[:port]", last)
	}
	via.Host = u.Hostname()
	if u.User != nil {
		via.User = u.User.Username()
	}
	if u.Port() != "" {
		via.Port, err = strconv.Atoi(u.Port())
	}
	return via, err
}

// shared returns the login on a jump host. Whoever comes first dials; release
// closes it behind the last one.
func (d *Dialer) shared(ctx context.Context, o Options) (*Client, func(), error) {
	key := fmt.Sprintf("%s@%s:%d via %s", o.User, o.Host, o.Port, o.ProxyJump)
	d.mu.Lock()
	if d.jumps == nil {
		d.jumps = map[string]*jump{}
	}
	j := d.jumps[key]
	if j == nil {
		j = &jump{turn: make(chan struct{}, 1)}
		d.jumps[key] = j
	}
	j.users++
	d.mu.Unlock()
	release := func() { d.leave(j) }
	select {
	case j.turn <- struct{}{}:
		defer func() { <-j.turn }()
	case <-ctx.Done():
		release()
		return nil, nil, context.Cause(ctx)
	}
	if j.client == nil || j.client.Err() != nil {
		client, err := d.Dial(ctx, o)
		if err != nil {
			d.mu.Lock()
			j.users-- // there is nothing to close, and release would wait for this turn
			d.mu.Unlock()
			return nil, nil, err
		}
		if j.client != nil {
			j.client.Close() // it is lost, and keeps the login that it goes through
		}
		j.client = client
	}
	return j.client, release, nil
}

// leave counts a user of a jump host less, and closes the login behind the last.
func (d *Dialer) leave(j *jump) {
	d.mu.Lock()
	j.users--
	last := j.users == 0
	d.mu.Unlock()
	if !last {
		return
	}
	j.turn <- struct{}{}
	defer func() { <-j.turn }()
	d.mu.Lock()
	idle := j.users == 0
	d.mu.Unlock()
	if idle && j.client != nil {
		j.client.Close()
		j.client = nil
	}
}
