package main

import (
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// modes are a terminal's modes while somebody is asked there. Whatever happens to
// fleet meanwhile, they become again what they were. The methods may be called by
// many goroutines, and wait for nothing.
type modes struct {
	fd int

	mu     sync.Mutex
	before *unix.Termios // nil while they are as they were
	asking unix.Termios  // while before is there
}

// set changes the modes for a question. In the background the system stops fleet
// here, until it is in the foreground.
func (m *modes) set(change func(*unix.Termios)) error {
	before, err := unix.IoctlGetTermios(m.fd, unix.TCGETS)
	if err != nil {
		return err
	}
	asking := *before
	asking.Lflag |= unix.ICANON | unix.ISIG
	asking.Iflag |= unix.ICRNL
	change(&asking)
	if err := m.write(&asking); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.before, m.asking = before, asking
	return nil
}

// restore makes the modes what they were before set. Where nothing was set, it does
// nothing.
func (m *modes) restore() {
	if before := m.taken(); before != nil && m.foreground() { // else they are another program's
		// Where this fails nothing more can be done.
		_ = m.write(before)
	}
}

func (m *modes) taken() *unix.Termios {
	m.mu.Lock()
	defer m.mu.Unlock()
	before := m.before
	m.before = nil
	return before
}

// lend makes the modes what they were while fleet is stopped.
func (m *modes) lend() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.before != nil && m.foreground() {
		_ = m.write(m.before)
	}
}

// again sets the modes of the question once more, where one is still asked.
func (m *modes) again() {
	m.mu.Lock()
	asked, asking := m.before != nil, m.asking
	m.mu.Unlock()
	if asked {
		_ = m.write(&asking)
	}
}

// write sets modes. What was typed before is kept.
func (m *modes) write(t *unix.Termios) error { return unix.IoctlSetTermios(m.fd, unix.TCSETS, t) }

// forget drops what was typed and not read.
func (m *modes) forget() { _ = unix.IoctlSetInt(m.fd, unix.TCFLSH, unix.TCIFLUSH) }

// foreground reports whether what is typed at the terminal is for fleet.
func (m *modes) foreground() bool { return inForeground(m.fd) }

func inForeground(fd int) bool {
	group, err := unix.IoctlGetInt(fd, unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}

// fdOf returns a file's descriptor and leaves its reads such that they can be ended,
// which File.Fd does not.
func fdOf(f *os.File) (int, error) {
	conn, err := f.SyscallConn()
	if err != nil {
		return 0, err
	}
	fd := 0
	err = conn.Control(func(n uintptr) { fd = int(n) })
	return fd, err
}
