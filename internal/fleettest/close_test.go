package fleettest

import (
	"os"
	"runtime"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

// A server that is closed ends what has come to it, however far that has come.
func TestCloseWhileCommandsStart(t *testing.T) {
	before := runtime.NumGoroutine()
	for round := range 40 {
		s, err := Start(Config{})
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			login(t, s)
		}()
		for range round * round * 50 {
			runtime.Gosched()
		}
		closed := make(chan error, 1)
		go func() { closed <- s.Close() }()
		select {
		case err := <-closed:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(20 * time.Second):
			buf := make([]byte, 1<<16)
			t.Fatalf("the server does not end:\n%s", buf[:runtime.Stack(buf, true)])
		}
		<-done
	}
	WaitForGoroutines(t, before)
}

// login logs in and runs commands, as long as the server lets it, that end late.
func login(t *testing.T, s *Server) {
	data, err := os.ReadFile(s.KeyFile)
	if err != nil {
		return // it has been closed
	}
	key, err := ssh.ParsePrivateKey(data)
	if err != nil {
		t.Error(err)
		return
	}
	c, err := ssh.Dial("tcp", s.Addr, &ssh.ClientConfig{User: s.User, Auth: []ssh.AuthMethod{ssh.PublicKeys(key)}, HostKeyCallback: ssh.FixedHostKey(s.HostKey.PublicKey())})
	if err != nil {
		return
	}
	defer c.Close()
	for {
		one, err := c.NewSession()
		if err != nil || one.Start("sleep 600") != nil {
			return
		}
		defer one.Close()
	}
}

// Hanging twice is hanging once.
func TestHangTwice(t *testing.T) {
	s := New(t, Config{})
	s.Hang()
	passed := make(chan struct{})
	go func() { s.gate.pass(); close(passed) }()
	for range 1000 {
		runtime.Gosched()
	}
	s.Hang()
	s.Resume()
	<-passed
}
