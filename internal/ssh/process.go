package ssh

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"fleet/internal/launch"
)

// killWait is how long the host has to confirm the end of a command.
const killWait = 3 * time.Second

// process is a command on the host.
type process struct {
	c              *Client
	s              *ssh.Session
	stdin          io.WriteCloser
	stdout, stderr io.Reader
	kill           sync.Once
	ended          chan struct{} // closed by Wait
}

// Start implements launch.Runner.
func (c *Client) Start(ctx context.Context, line string) (launch.Process, error) {
	type started struct {
		p   *process
		err error
	}
	came := make(chan started, 1)
	c.loops.Go(func() {
		p, err := c.start(line)
		came <- started{p, err}
	})
	select {
	case s := <-came:
		if s.err != nil {
			return nil, s.err
		}
		return s.p, nil
	case <-ctx.Done():
		c.loops.Go(func() {
			if s := <-came; s.err == nil {
				s.p.s.Close()
			}
		})
		return nil, context.Cause(ctx)
	}
}

func (c *Client) start(line string) (*process, error) {
	first := c.asked.Add(1) == 1
	s, err := c.conn.NewSession()
	if err != nil {
		return nil, c.openError(err, first)
	}
	p := &process{c: c, s: s, ended: make(chan struct{})}
	in, err1 := s.StdinPipe()
	out, err2 := s.StdoutPipe()
	errs, err3 := s.StderrPipe()
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	p.stdin, p.stdout, p.stderr = in, out, errs
	if err := s.Start(line); err != nil {
		s.Close()
		return nil, c.startError(err)
	}
	c.heard.begun.Store(true)
	return p, nil
}

// startError says why a command did not start. Where the host has answered no, err is
// the command line once more.
func (c *Client) startError(err error) error {
	if lost := c.Err(); lost != nil {
		return lost
	}
	e := &Error{Reason: Protocol, Host: c.t.String(), Msg: "the host refuses to run a command",
		Hint: "the login may be restricted to something else, like SFTP or one ForceCommand, or the host may be out of processes or files"}
	if !strings.HasPrefix(err.Error(), "ssh: command ") {
		e.Msg, e.Err = fmt.Sprintf("%s: %v", e.Msg, err), err
	}
	return e
}

// openError says why no session was opened. A host that refuses the first one on a
// login takes none at all.
func (c *Client) openError(err error, first bool) error {
	if lost := c.Err(); lost != nil {
		return lost
	}
	e := &Error{Reason: Protocol, Host: c.t.String(), Msg: fmt.Sprintf("the host opens no session: %v", err), Err: err}
	var refused *ssh.OpenChannelError
	if errors.As(err, &refused) {
		e.Hint = "its sshd_config may say MaxSessions 0, or the host may be out of processes"
		if !first {
			e.Reason, e.Hint = Full, "too many at the same time on one login: MaxSessions in its sshd_config"
		}
	}
	return e
}

// IsFull reports whether a command was not started because its login has as many
// as the host allows for one (MaxSessions).
func IsFull(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Reason == Full
}

func (p *process) Stdin() io.WriteCloser { return p.stdin }
func (p *process) Stdout() io.Reader     { return p.stdout }
func (p *process) Stderr() io.Reader     { return p.stderr }

// Wait implements launch.Process. It is called once.
func (p *process) Wait() (int, error) {
	defer close(p.ended)
	err := p.s.Wait()
	var exit *ssh.ExitError
	var missing *ssh.ExitMissingError
	switch {
	case err == nil:
		return 0, nil
	case errors.As(err, &exit):
		return exit.ExitStatus(), nil // 128+n for signal n
	}
	if lost := p.c.Err(); lost != nil {
		return -1, lost
	}
	if errors.As(err, &missing) {
		// The channel may be closed a moment before the connection is seen to end.
		select {
		case <-p.c.done:
			return -1, p.c.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
	return -1, &Error{Reason: Lost, Host: p.c.t.String(), Msg: "the host ended the session", Err: err}
}

// Kill implements launch.Process. A host that does not confirm it in time loses
// its connection.
func (p *process) Kill() {
	p.kill.Do(func() {
		p.c.loops.Go(func() {
			// Errors mean that it is over.
			_ = p.s.Signal(ssh.SIGTERM)
			_ = p.s.Close()
		})
		p.c.loops.Go(func() {
			timer := time.NewTimer(killWait)
			defer timer.Stop()
			select {
			case <-p.ended:
			case <-p.c.done:
			case <-timer.C:
				p.c.end(&Error{Reason: Lost, Host: p.c.t.String(), Msg: fmt.Sprintf("the host did not end a command within %s", killWait)})
			}
		})
	})
}
