package ssh

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"

	"golang.org/x/crypto/ssh"

	"fleet/internal/source"
)

// Reason says in one word why a host cannot be reached.
type Reason string

// The reasons.
const (
	Refused     Reason = "refused"     // nothing listens
	Timeout     Reason = "timeout"     // no answer in time
	Unreachable Reason = "unreachable" // no way to the host
	NoName      Reason = "no name"     // the name is not known
	Auth        Reason = "auth"        // the login was refused
	HostKey     Reason = "host key"    // the host is not the one that is known
	Setup       Reason = "setup"       // ssh_config, a key file or known_hosts is wrong
	Protocol    Reason = "protocol"    // the other side does not speak SSH as it should
	Lost        Reason = "lost"        // the login worked, and the connection is gone
	Full        Reason = "full"        // the login takes no more commands at the same time
)

// Error says why a host cannot be reached: Error() is "host: what"; source.HintOf
// finds the hint.
type Error struct {
	Reason Reason
	Host   string // user@host:port
	Msg    string
	Hint   string
	Err    error
	again  bool // another attempt leaves out the key that ended this one
}

func (e *Error) Error() string { return e.Host + ": " + e.Msg }

// Unwrap returns the causes: first one that carries the hint.
func (e *Error) Unwrap() []error {
	return []error{&source.Error{Msg: e.Error(), Hint: e.Hint, Err: e.Err}, e.Err}
}

// setup returns the error for something wrong on the controller.
func setup(host string, err error) error {
	return &Error{Reason: Setup, Host: host, Msg: err.Error(), Hint: source.HintOf(err), Err: err}
}

// dialError says why the host could not be connected.
func (t *target) dialError(err error) error {
	e := &Error{Host: t.String(), Err: err}
	var dns *net.DNSError
	var timeout interface{ Timeout() bool }
	switch {
	case errors.As(err, &dns):
		e.Reason, e.Msg = NoName, fmt.Sprintf("the name %q cannot be resolved: %s", dns.Name, dns.Err)
		e.Hint = "check ansible_host in the inventory, or HostName in ssh_config"
	case errors.Is(err, syscall.ECONNREFUSED):
		e.Reason, e.Msg = Refused, fmt.Sprintf("connection refused: nothing listens on port %d", t.port)
		e.Hint = "check that sshd runs there, and ansible_port"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		e.Reason, e.Msg = Unreachable, "no route to the host"
		e.Hint = "check the address, the network and the VPN"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, errClock):
		e.Reason, e.Msg = Timeout, fmt.Sprintf("no answer within %s", t.timeout)
		e.Hint = "the host is switched off, or a firewall drops the packets"
	default:
		e.Reason, e.Msg = Unreachable, err.Error()
	}
	return e
}

// handshakeError says why the login failed on a connection that stood.
func (l *login) handshakeError(err error) error {
	t := l.t
	e := &Error{Host: t.String(), Err: err}
	var negotiation *ssh.AlgorithmNegotiationError
	switch {
	case l.hostKey != nil:
		return l.hostKey
	case l.ended != nil && errors.Is(err, l.ended):
		e.Reason, e.Msg, e.Hint, e.again = Auth, l.ended.Error(), source.HintOf(l.ended), l.others
	case l.clock.expired():
		e.Reason, e.Msg = Timeout, fmt.Sprintf("the login did not end within %s", t.timeout)
		e.Hint = "the host is overloaded, or its sshd hangs"
	case strings.Contains(err.Error(), "unable to authenticate"), strings.Contains(err.Error(), "oo many authentication failures"):
		return l.refused(err)
	case errors.As(err, &negotiation):
		e.Reason, e.Msg = Protocol, "no algorithm in common: "+err.Error()
		e.Hint = "the host's sshd is very old, or very strict"
	case dropped(err) && l.sawHost:
		e.Reason, e.Msg = Auth, "the host closed the connection during the login"
		e.Hint = "check its log: AllowUsers, DenyUsers or MaxAuthTries in sshd_config do that"
	case dropped(err):
		e.Reason, e.Msg = Protocol, "the host closed the connection before the login"
		e.Hint = "its sshd is overloaded (MaxStartups), blocks this address, or is something else than sshd"
	default:
		e.Reason, e.Msg = Protocol, strings.TrimPrefix(err.Error(), "ssh: ")
	}
	return e
}

// dropped reports whether the other side closed the connection.
func dropped(err error) bool {
	return errors.Is(err, net.ErrClosed) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) ||
		errors.Is(err, os.ErrClosed) || strings.HasSuffix(err.Error(), "EOF")
}

// reasonOf returns the reason of an Error in the chain.
func reasonOf(err error) Reason {
	var e *Error
	if errors.As(err, &e) {
		return e.Reason
	}
	return Unreachable
}
