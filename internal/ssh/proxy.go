package ssh

import (
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// commandConn is a connection through the standard streams of a ProxyCommand.
// It knows no deadlines: Close unblocks Read and Write.
type commandConn struct {
	io.ReadCloser
	w     *os.File
	cmd   *exec.Cmd
	line  string // the command
	said  tail
	ended chan struct{} // closed when the command has ended, by itself or by Close
	once  sync.Once
}

// dialCommand starts the command with the user's shell.
func dialCommand(line string) (net.Conn, error) {
	shell := os.Getenv("SHELL")
	if shell == "" {
		shell = "/bin/sh"
	}
	c := &commandConn{line: line, cmd: exec.Command(shell, "-c", "exec "+line), ended: make(chan struct{})}
	c.cmd.Stderr = &c.said
	c.cmd.WaitDelay = time.Second // what it has started may hold its standard error
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	theirIn, ourOut, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	ourIn, theirOut, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, theirIn.Close(), ourOut.Close())
	}
	c.cmd.Stdin, c.cmd.Stdout = theirIn, theirOut
	err = c.cmd.Start()
	theirIn.Close()
	theirOut.Close()
	if err != nil {
		return nil, errors.Join(err, ourIn.Close(), ourOut.Close())
	}
	c.ReadCloser, c.w = ourIn, ourOut
	go func() {
		defer close(c.ended)
		_ = c.cmd.Wait() // failure asks how it ended
	}()
	return c, nil
}

func (c *commandConn) Write(p []byte) (int, error) { return c.w.Write(p) }

// Close ends the command and waits for it.
func (c *commandConn) Close() error {
	c.once.Do(func() {
		c.w.Close()
		c.ReadCloser.Close()
		select {
		case <-c.ended:
			return
		default:
		}
		_ = syscall.Kill(-c.cmd.Process.Pid, syscall.SIGTERM) // it may be gone already
		kill := time.AfterFunc(time.Second, func() { _ = syscall.Kill(-c.cmd.Process.Pid, syscall.SIGKILL) })
		<-c.ended
		kill.Stop()
	})
	return nil
}

// commandAddr is the address of both ends.
type commandAddr struct{}

func (commandAddr) Network() string { return "proxycommand" }
func (commandAddr) String() string  { return "0.0.0.0:0" }

func (c *commandConn) LocalAddr() net.Addr              { return commandAddr{} }
func (c *commandConn) RemoteAddr() net.Addr             { return commandAddr{} }
func (c *commandConn) SetDeadline(time.Time) error      { return nil }
func (c *commandConn) SetReadDeadline(time.Time) error  { return nil }
func (c *commandConn) SetWriteDeadline(time.Time) error { return nil }
