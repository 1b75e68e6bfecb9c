package ssh

import (
	"net"
	"syscall"
)

// ackAtOnce makes the kernel acknowledge what comes without waiting for an
// answer to send along. sshd sends small packets by Nagle's rule until the first
// session has begun, and each would otherwise wait 40 ms for the one before. The
// kernel forgets the wish, so it is said again after each read. Where that
// fails, the login is only slower.
func ackAtOnce(conn net.Conn) {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) {
		_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_QUICKACK, 1)
	})
}
