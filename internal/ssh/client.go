package ssh

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ssh"

	"fleet/internal/launch"
	"fleet/internal/session"
)

// Client is a login on one host. Its methods may be called concurrently.
type Client struct {
	d       *Dialer
	t       *target
	conn    *ssh.Client
	heard   *heardConn
	release func() // of the jump host
	loops   sync.WaitGroup
	done    chan struct{} // closed by Close and when the connection is lost
	asked   atomic.Int64  // how many commands were to be started

	mu   sync.Mutex
	lost error // why done is closed
}

var errClosed = errors.New("the login is closed")

func newClient(d *Dialer, t *target, heard *heardConn, conn *ssh.Client) *Client {
	c := &Client{d: d, t: t, conn: conn, heard: heard, release: func() {}, done: make(chan struct{})}
	c.loops.Go(func() {
		err := conn.Wait()
		c.end(&Error{Reason: Lost, Host: t.String(), Msg: "the host closed the connection", Err: err})
	})
	c.loops.Go(c.keepAlive)
	return c
}

// String returns user@host, with the port where it is not 22.
func (c *Client) String() string { return c.t.String() }

// Err returns why the login cannot be used any more, or nil.
func (c *Client) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lost
}

// end closes the connection. The first reason stays.
func (c *Client) end(why error) {
	c.mu.Lock()
	first := c.lost == nil
	if first {
		c.lost = why
		close(c.done)
	}
	c.mu.Unlock()
	if first {
		// The connection itself first: x/crypto's Close waits for a message to go out.
		c.heard.Close()
		c.conn.Close()
	}
}

// Close ends the login and all that runs on it.
func (c *Client) Close() error {
	c.mu.Lock()
	release := c.release
	c.release = func() {}
	c.mu.Unlock()
	c.end(errClosed)
	c.loops.Wait()
	release()
	return nil
}

// heardConn counts the bytes that were heard.
type heardConn struct {
	net.Conn
	bytes atomic.Uint64
	begun atomic.Bool // a command has been started
	brake brake
}

// Close ends a Read, too.
func (c *heardConn) Close() error {
	c.brake.release()
	return c.Conn.Close()
}

func (c *heardConn) Read(p []byte) (int, error) {
	c.brake.wait()
	n, err := c.Conn.Read(p)
	c.bytes.Add(uint64(n))
	c.brake.read(n)
	if !c.begun.Load() {
		ackAtOnce(c.Conn)
	}
	return n, err
}

// keepAlive asks a silent host whether it is there and ends the login when it
// has not been heard for too long. It counts ticks and not time, so that a fleet
// that was stopped itself does not blame the host.
func (c *Client) keepAlive() {
	tick := time.NewTicker(c.t.keepAlive)
	defer tick.Stop()
	asking := make(chan struct{}, 1)
	heard, misses := c.heard.bytes.Load(), 0
	for {
		select {
		case <-c.done:
			return
		case <-tick.C:
		}
		if now := c.heard.bytes.Load(); now != heard || c.heard.brake.held() {
			heard, misses = now, 0
		} else if misses++; misses >= c.t.misses {
			silent := c.t.keepAlive * time.Duration(c.t.misses)
			c.end(&Error{Reason: Lost, Host: c.t.String(), Msg: fmt.Sprintf("nothing heard from the host for %s", silent),
				Hint: "it is switched off, overloaded or cut off from the network"})
			return
		}
		select {
		case asking <- struct{}{}:
			c.loops.Go(func() {
				defer func() { <-asking }()
				// Any answer will do, a refusal too; without one the connection is closed.
				_, _, _ = c.conn.SendRequest("keepalive@openssh.com", true, nil)
			})
		default: // the last question is still open
		}
	}
}

// Helper starts a helper as the given user and pushes it first where it is not
// there: the lean one, unless the whole is asked for or lies there already. Close it,
// or the client. launch.ErrBecome is in the error's chain where only becoming the user
// failed; where IsFull, another login can have what this one cannot.
func (c *Client) Helper(ctx context.Context, b launch.Become, whole bool) (*session.Session, error) {
	o := launch.Options{Whole: whole, Session: c.t.sessionOptions()}
	s, err := launch.Helper(ctx, c, c.d.store(), b, o)
	if errors.Is(err, launch.ErrNoGzip) && c.upload(ctx, whole) == nil {
		s, err = launch.Helper(ctx, c, c.d.store(), b, o)
	}
	return s, c.explain(err)
}

// explain prefers the reason for which the connection ended.
func (c *Client) explain(err error) error {
	if lost := c.Err(); err != nil && lost != nil {
		return lost
	}
	return err
}

// Command is one command line for Exec.
type Command struct {
	Line           string // for the login shell, or for sh where Become is set
	Become         launch.Become
	Stdin          io.Reader // nil is empty
	Stdout, Stderr io.Writer // nil drops
}

// Exec runs a command without a helper and returns its exit code. Where ctx
// ends, the command is ended on the host as far as that is possible without a
// helper: by SIGTERM, and by the end of its standard streams.
func (c *Client) Exec(ctx context.Context, cmd Command) (int, error) {
	code, err := launch.Exec(ctx, c, cmd.Become, cmd.Line, launch.Streams{Stdin: cmd.Stdin, Stdout: cmd.Stdout, Stderr: cmd.Stderr})
	return code, c.explain(err)
}

// Shell runs a command line of sh without a helper and returns its exit code. Where
// ctx or the connection ends, so do the command and what it has started on the host.
// It is held up where the writers take its output more slowly than it comes.
func (c *Client) Shell(ctx context.Context, line string, stdout, stderr io.Writer) (int, error) {
	b := &c.heard.brake
	defer context.AfterFunc(ctx, b.release)()
	code, err := launch.Shell(ctx, c, line, b.writer(stdout), b.writer(stderr))
	return code, c.explain(err)
}
