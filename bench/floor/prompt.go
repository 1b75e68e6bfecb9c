package main

import (
	"net"
	"sync/atomic"
	"syscall"
)

// prompt is a connection that is acknowledged at once until the process on the
// host has begun, as fleet does it: sshd would wait 40 ms before some of the
// packets of a login.
type prompt struct {
	net.Conn
	begun atomic.Bool
}

func (c *prompt) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if tcp, ok := c.Conn.(*net.TCPConn); ok && !c.begun.Load() {
		if raw, rawErr := tcp.SyscallConn(); rawErr == nil {
			// Where that fails, the login is only slower.
			_ = raw.Control(func(fd uintptr) { _ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_QUICKACK, 1) })
		}
	}
	return n, err
}
