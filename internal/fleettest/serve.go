package fleettest

import (
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
)

func (s *Server) accept() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		if int(s.connections.Add(1)) <= s.DropFirst {
			conn.Close()
			continue
		}
		if !s.keep(conn) {
			conn.Close()
			continue
		}
		s.work.Go(func() {
			s.serve(gatedConn{conn, &s.gate})
			conn.Close()
			s.mu.Lock()
			delete(s.conns, conn)
			s.mu.Unlock()
		})
	}
}

// keep notes a connection for Drop, unless the server has been closed meanwhile.
func (s *Server) keep(conn net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.conns[conn] = true
	}
	return !s.closed
}

func (s *Server) serve(conn net.Conn) {
	_, channels, requests, err := ssh.NewServerConn(conn, s.config)
	if err != nil {
		return
	}
	s.logins.Add(1)
	var work sync.WaitGroup
	defer work.Wait()
	work.Go(func() { ssh.DiscardRequests(requests) })
	var sessions atomic.Int64
	for open := range channels {
		switch open.ChannelType() {
		case "session":
			if n := s.MaxSessions; n > 0 && sessions.Load() >= int64(n) {
				_ = open.Reject(ssh.ConnectionFailed, "open failed")
				continue
			}
			if ch, requests, err := open.Accept(); err == nil {
				sessions.Add(1)
				work.Go(func() {
					s.session(ch, requests)
					sessions.Add(-1)
				})
			}
		case "direct-tcpip":
			work.Go(func() { forward(open) })
		default:
			_ = open.Reject(ssh.UnknownChannelType, "not here") // the client is gone, then
		}
	}
}

// forward connects a jump.
func forward(open ssh.NewChannel) {
	var to struct {
		Host     string
		Port     uint32
		FromHost string
		FromPort uint32
	}
	if err := ssh.Unmarshal(open.ExtraData(), &to); err != nil {
		_ = open.Reject(ssh.ConnectionFailed, err.Error())
		return
	}
	conn, err := net.Dial("tcp", net.JoinHostPort(to.Host, strconv.Itoa(int(to.Port))))
	if err != nil {
		_ = open.Reject(ssh.ConnectionFailed, err.Error())
		return
	}
	ch, requests, err := open.Accept()
	if err != nil {
		conn.Close()
		return
	}
	var work sync.WaitGroup
	work.Go(func() { ssh.DiscardRequests(requests) })
	work.Go(func() { _, _ = io.Copy(conn, ch); conn.Close() })
	_, _ = io.Copy(ch, conn)
	ch.Close()
	work.Wait()
}

// session serves one session: it runs one command.
func (s *Server) session(ch ssh.Channel, requests <-chan *ssh.Request) {
	defer ch.Close()
	var cmd *exec.Cmd
	var stdin io.Closer
	var work sync.WaitGroup
	defer work.Wait()
	defer func() {
		if stdin != nil {
			stdin.Close() // the client is gone: the command sees its input end
		}
	}()
	for r := range requests {
		var line struct{ Text string }
		ok := false
		switch {
		case r.Type == "exec" && cmd == nil && ssh.Unmarshal(r.Payload, &line) == nil:
			s.execs.Add(1)
			cmd, stdin = s.start(ch, line.Text, &work)
			ok = cmd != nil
		case r.Type == "subsystem" && s.SFTP && ssh.Unmarshal(r.Payload, &line) == nil && line.Text == "sftp":
			ok = true
			work.Go(func() { s.sftp(ch) })
		case r.Type == "signal" && cmd != nil:
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
			ok = true
		}
		if r.WantReply {
			_ = r.Reply(ok, nil)
		}
	}
}

// sftp serves the subsystem of that name, with relative paths below Home.
func (s *Server) sftp(ch ssh.Channel) {
	defer ch.Close()
	server, err := sftp.NewServer(ch, sftp.WithServerWorkingDirectory(s.Home))
	if err == nil {
		_ = server.Serve() // it ends with the client
	}
}

// start runs a command line. As sshd, it does not end the command when the
// client goes.
func (s *Server) start(ch ssh.Channel, line string, work *sync.WaitGroup) (*exec.Cmd, io.Closer) {
	cmd := exec.Command(s.Shell, "-c", line)
	cmd.Dir = s.Home
	cmd.Env = []string{"HOME=" + s.Home, "USER=" + s.User, "PATH=" + s.Bin + ":/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	stdin, err1 := cmd.StdinPipe()
	stdout, out, err2 := os.Pipe()
	stderr, errs, err3 := os.Pipe()
	if errors.Join(err1, err2, err3) != nil {
		return nil, nil
	}
	cmd.Stdout, cmd.Stderr = out, errs
	if s.Noise != "" {
		_, _ = io.WriteString(ch, s.Noise)
	}
	err := cmd.Start()
	out.Close()
	errs.Close()
	if err != nil {
		return nil, nil
	}
	p := command{cmd.Process.Pid, stdout, stderr}
	s.began(p)
	var streams sync.WaitGroup
	streams.Go(func() { _, _ = io.Copy(ch, stdout); stdout.Close() })
	streams.Go(func() { _, _ = io.Copy(ch.Stderr(), stderr); stderr.Close() })
	work.Go(func() { _, _ = io.Copy(countingWriter{stdin, s}, ch); stdin.Close() })
	work.Go(func() {
		streams.Wait()
		_ = cmd.Wait() // its state says it all
		s.ended(p)
		s.exitStatus(ch, cmd)
		ch.Close()
	})
	return cmd, stdin
}

func (s *Server) exitStatus(ch ssh.Channel, cmd *exec.Cmd) {
	status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
	code := cmd.ProcessState.ExitCode()
	if ok && status.Signaled() {
		code = 128 + int(status.Signal())
	}
	_, _ = ch.SendRequest("exit-status", false, ssh.Marshal(struct{ Code uint32 }{uint32(code)}))
}

type countingWriter struct {
	w io.Writer
	s *Server
}

func (c countingWriter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.s.input.Add(int64(n))
	return n, err
}

// command is one that was started, in a process group of its own, and where its
// output comes out.
type command struct {
	group          int
	stdout, stderr *os.File
}

// kill ends the group, and the output, which others may hold open.
func (c command) kill() {
	_ = syscall.Kill(-c.group, syscall.SIGKILL)
	c.stdout.Close()
	c.stderr.Close()
}

// began notes a command for killAll. Where that has been called meanwhile, the
// command is ended at once.
func (s *Server) began(c command) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		c.kill()
		return
	}
	s.commands[c] = true
}

// ended forgets a command of whose group nothing is left: the number may be
// another's soon.
func (s *Server) ended(c command) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if syscall.Kill(-c.group, 0) != nil {
		delete(s.commands, c)
	}
}

// killAll ends the commands that outlived their connection.
func (s *Server) killAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.commands {
		c.kill()
	}
}

// fakeSudo knows the options that fleet gives. It stays the same user and gives
// each user that it "becomes" a home of his own.
const fakeSudo = `#!/bin/sh
password='%s' homes='%s' never= prompt='Password: ' user=root
while [ $# -gt 0 ]; do
	case $1 in
	-H|-S) ;;
	-n) never=1 ;;
	-p) prompt=$2; shift ;;
	-u) user=$2; shift ;;
	--) shift; break ;;
	*) break ;;
	esac
	shift
done
if [ "$user" = nosuch ]; then
	echo "sudo: unknown user $user" >&2
	exit 1
fi
if [ -n "$password" ]; then
	if [ -n "$never" ]; then
		echo 'sudo: a password is required' >&2
		exit 1
	fi
	for try in 1 2 3; do
		printf %%s "$prompt" >&2
		read -r given || exit 1
		[ "$given" = "$password" ] && break
		echo 'Sorry, try again.' >&2
		if [ $try = 3 ]; then echo 'sudo: 3 incorrect password attempts' >&2; exit 1; fi
	done
fi
HOME=$homes/$user USER=$user
mkdir -p "$HOME"
export HOME USER
exec "$@"
`
