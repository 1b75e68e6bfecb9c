package reason

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"strconv"
	"syscall"
)

// say returns the words for an error of Go's library itself, not for one that
// wraps it. False stands for all others.
func say(err error) (words, bool) {
	switch err {
	case context.DeadlineExceeded, os.ErrDeadlineExceeded:
		return words{said: "timed out"}, true
	case context.Canceled:
		return words{said: "cancelled"}, true
	case io.ErrUnexpectedEOF:
		return words{said: "it ends too early, a part of it is missing"}, true
	}
	switch e := err.(type) {
	case *net.OpError:
		return connection(e), true
	case *net.DNSError:
		return lookup(e), true
	case *exec.Error:
		return program(e), true
	case *fs.PathError:
		return path(e), true
	case *os.LinkError:
		return words{said: fmt.Sprintf("%s %q to %q: %s", verb(e.Op), e.Old, e.New, e.Err)}, true
	case *strconv.NumError:
		if e.Err == strconv.ErrRange {
			return words{said: fmt.Sprintf("%q is too large", e.Num)}, true
		}
		return words{said: fmt.Sprintf("%q is no number", e.Num)}, true
	}
	return words{}, false
}

// connection is about what was dialed, or about a connection that stood.
func connection(e *net.OpError) words {
	var unknown *net.DNSError
	if errors.As(e.Err, &unknown) {
		return lookup(unknown)
	}
	to := "the other side"
	if e.Addr != nil {
		to = e.Addr.String()
	}
	if e.Net == "unix" {
		return socket(to, e.Err)
	}
	switch err := e.Err; {
	case errors.Is(err, syscall.ECONNREFUSED):
		return words{"connection to " + to + " refused", "is the service started, and does it listen on this address and port? (ss -ltn)"}
	case e.Timeout() && e.Op == "dial":
		return words{"no answer from " + to, "is the machine on, and does a firewall drop what is sent to this port?"}
	case e.Timeout():
		return words{said: "no answer from " + to + " in time"}
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return words{"no route to " + to, "see the machine's routes (ip route) and the firewalls on the way"}
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return words{said: to + " broke the connection off"}
	}
	if e.Op == "dial" {
		return words{said: fmt.Sprintf("no connection to %s: %s", to, innermost(e.Err))}
	}
	return words{said: fmt.Sprintf("connection to %s: %s", to, innermost(e.Err))}
}

// socket is about a socket that is a file.
func socket(path string, err error) words {
	const started = "is the service that makes it started?"
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return words{"there is no socket " + path, started}
	case errors.Is(err, syscall.ECONNREFUSED):
		return words{"nothing listens on the socket " + path, started}
	}
	return words{said: fmt.Sprintf("socket %s: %s", path, innermost(err))}
}

// innermost returns what the system said: without the name of the call.
func innermost(err error) error {
	var call *os.SyscallError
	if errors.As(err, &call) {
		return call.Err
	}
	return err
}

func lookup(e *net.DNSError) words {
	if e.IsNotFound {
		return words{fmt.Sprintf("the name %q has no address", e.Name), "see its spelling, and /etc/hosts and /etc/resolv.conf of the machine that asks"}
	}
	return words{fmt.Sprintf("the name server did not say the address of %q", e.Name), "see /etc/resolv.conf of the machine that asks"}
}
