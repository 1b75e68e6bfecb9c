// Package fleettest makes fleets for tests: SSH servers in this process that run
// real commands in throw-away homes, and misbehave on demand. It is imported by
// tests only. It listens on loopback only.
package fleettest

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"golang.org/x/crypto/ssh"
)

// Config describes a server. The zero value lets in User with the key in KeyFile
// and runs commands with sh.
type Config struct {
	User     string // "tester"
	Password string // lets in too; empty: no password does
	NoKey    bool   // the key does not let in
	// OtherKeys let in too.
	OtherKeys []ssh.PublicKey
	// Shell runs the command lines; empty is /bin/sh.
	Shell string
	// Noise is printed to standard output before each command, as a login script does.
	Noise string
	// SudoPassword is what the fake sudo asks for; empty: nothing. NoSudo leaves it out.
	SudoPassword string
	NoSudo       bool
	// HostKey is the server's; nil is a new one.
	HostKey ssh.Signer
	// DropFirst connections are closed before the server says a word, as a flooded
	// sshd does.
	DropFirst int
	// MaxSessions bounds the sessions at the same time on one login; 0 is no bound.
	MaxSessions int
	// SFTP offers the subsystem of that name.
	SFTP bool
	// Dir holds everything; empty is a new folder that Close removes.
	Dir string
}

// Server is one SSH server. Its methods may be called concurrently.
type Server struct {
	Config
	Addr    string // host:port
	Port    int
	Home    string // of the user
	KeyFile string // a private key that lets in
	Bin     string // the first folder on PATH: fakes go here

	listener net.Listener
	config   *ssh.ServerConfig
	ownDir   bool
	work     sync.WaitGroup
	gate     gate

	connections, logins, execs atomic.Int64
	input                      atomic.Int64

	mu       sync.Mutex
	closed   bool
	conns    map[net.Conn]bool
	commands map[command]bool
}

// Start starts a server.
func Start(c Config) (*Server, error) {
	s := &Server{Config: c, conns: map[net.Conn]bool{}, commands: map[command]bool{}}
	s.gate.open()
	if err := s.setUp(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	var err error
	if s.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.Addr = s.listener.Addr().String()
	s.Port = s.listener.Addr().(*net.TCPAddr).Port
	s.work.Go(s.accept)
	return s, nil
}

func (s *Server) setUp() error {
	if s.User == "" {
		s.User = "tester"
	}
	if s.Shell == "" {
		s.Shell = "/bin/sh"
	}
	if s.Dir == "" {
		dir, err := os.MkdirTemp("", "fleettest-")
		if err != nil {
			return err
		}
		s.Dir, s.ownDir = dir, true
	}
	s.Home, s.Bin, s.KeyFile = filepath.Join(s.Dir, "home"), filepath.Join(s.Dir, "bin"), filepath.Join(s.Dir, "id_ed25519")
	if err := errors.Join(os.MkdirAll(s.Home, 0o700), os.MkdirAll(s.Bin, 0o755)); err != nil {
		return err
	}
	if !s.NoSudo {
		if err := s.Fake("sudo", fmt.Sprintf(fakeSudo, s.SudoPassword, filepath.Join(s.Dir, "homes"))); err != nil {
			return err
		}
	}
	if s.HostKey == nil {
		key, err := NewKey("")
		if err != nil {
			return err
		}
		s.HostKey = key
	}
	key, err := NewKey(s.KeyFile)
	if err != nil {
		return err
	}
	s.config = s.serverConfig(key.PublicKey())
	return nil
}

func (s *Server) serverConfig(key ssh.PublicKey) *ssh.ServerConfig {
	c := &ssh.ServerConfig{ServerVersion: "SSH-2.0-fleettest"}
	if !s.NoKey {
		c.PublicKeyCallback = func(m ssh.ConnMetadata, k ssh.PublicKey) (*ssh.Permissions, error) {
			for _, one := range append([]ssh.PublicKey{key}, s.OtherKeys...) {
				if m.User() == s.User && bytes.Equal(k.Marshal(), one.Marshal()) {
					return nil, nil
				}
			}
			return nil, errors.New("not the key")
		}
	}
	if s.Password != "" {
		c.PasswordCallback = func(m ssh.ConnMetadata, p []byte) (*ssh.Permissions, error) {
			if m.User() == s.User && string(p) == s.Password {
				return nil, nil
			}
			return nil, errors.New("not the password")
		}
	}
	if s.NoKey && s.Password == "" {
		c.PasswordCallback = func(ssh.ConnMetadata, []byte) (*ssh.Permissions, error) { return nil, errors.New("nobody") }
	}
	c.AddHostKey(s.HostKey)
	return c
}

// NewKey makes a key and, where file is not empty, writes it there.
func NewKey(file string) (ssh.Signer, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	if file != "" {
		block, err := ssh.MarshalPrivateKey(private, "fleettest")
		if err != nil {
			return nil, err
		}
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			return nil, err
		}
	}
	return ssh.NewSignerFromKey(private)
}

// Fake puts a program before all others on PATH.
func (s *Server) Fake(name, script string) error {
	return os.WriteFile(filepath.Join(s.Bin, name), []byte(script), 0o755)
}

// Hang makes the server stop reading and writing, as a host does that is
// switched off. Resume ends that.
func (s *Server) Hang()   { s.gate.close() }
func (s *Server) Resume() { s.gate.open() }

// Drop cuts all connections.
func (s *Server) Drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		c.Close()
	}
}

// Connections, Logins and Execs count what came so far; Input counts the bytes
// that commands got on their standard input.
func (s *Server) Connections() int { return int(s.connections.Load()) }
func (s *Server) Logins() int      { return int(s.logins.Load()) }
func (s *Server) Execs() int       { return int(s.execs.Load()) }
func (s *Server) Input() int64     { return s.input.Load() }

// Close ends the server, its connections and what still runs of its commands.
func (s *Server) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.gate.open()
	if s.listener != nil {
		s.listener.Close()
	}
	s.Drop()
	s.killAll()
	s.work.Wait()
	if s.ownDir {
		return os.RemoveAll(s.Dir)
	}
	return nil
}
