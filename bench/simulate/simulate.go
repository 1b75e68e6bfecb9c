// Package simulate plays thousands of hosts in one process: an SSH server on
// loopback addresses, and behind each login the helper's own loop, in memory,
// with modules that answer at once. What a controller takes for so many hosts can
// be measured with it; what the hosts would take cannot.
//
// It answers the command that starts a helper as a host does that has it already, and
// any other command as one that says nothing.
package simulate

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"fleet/internal/target"
	"fleet/internal/tasks/sys"
	"fleet/internal/wire"
)

// Fleet is the hosts.
type Fleet struct {
	HostKey ssh.Signer
	Login   ssh.PublicKey // lets in
	// Slow is a host by its address that takes Delay for each call.
	Slow  string
	Delay time.Duration

	mu     sync.Mutex
	spans  map[string]Span
	answer answers
}

// Span is when a host was first and last heard of.
type Span struct{ First, Last time.Time }

// Serve answers on the listener until ctx ends.
func (f *Fleet) Serve(ctx context.Context, l net.Listener) error {
	var err error
	if f.answer, err = newAnswers(ctx); err != nil {
		return err
	}
	config := &ssh.ServerConfig{MaxAuthTries: 3, PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
		if string(key.Marshal()) != string(f.Login.Marshal()) {
			return nil, fmt.Errorf("another key")
		}
		return nil, nil
	}}
	config.AddHostKey(f.HostKey)
	defer context.AfterFunc(ctx, func() { l.Close() })()
	var hosts sync.WaitGroup
	defer hosts.Wait()
	for {
		conn, err := l.Accept()
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return err
		}
		hosts.Go(func() {
			defer conn.Close()
			defer context.AfterFunc(ctx, func() { conn.Close() })()
			f.serve(ctx, conn, config)
		})
	}
}

// serve is one login. Whoever leaves early has left.
func (f *Fleet) serve(ctx context.Context, conn net.Conn, config *ssh.ServerConfig) {
	address, _, err := net.SplitHostPort(conn.LocalAddr().String())
	if err != nil {
		return
	}
	f.heard(address)
	_, channels, requests, err := ssh.NewServerConn(conn, config)
	if err != nil {
		return
	}
	var work sync.WaitGroup
	defer work.Wait()
	work.Go(func() { ssh.DiscardRequests(requests) })
	for open := range channels {
		if open.ChannelType() != "session" {
			_ = open.Reject(ssh.UnknownChannelType, "not here") // or it has left
			continue
		}
		if ch, requests, err := open.Accept(); err == nil {
			work.Go(func() { f.session(ctx, address, ch, requests) })
		}
	}
}

// session runs one command: the helper, or anything else, which says nothing.
func (f *Fleet) session(ctx context.Context, address string, ch ssh.Channel, requests <-chan *ssh.Request) {
	var work sync.WaitGroup
	defer work.Wait()
	defer ch.Close()
	for r := range requests {
		var line struct{ Text string }
		run := r.Type == "exec" && ssh.Unmarshal(r.Payload, &line) == nil
		if r.WantReply {
			_ = r.Reply(run, nil) // or it has left
		}
		if run {
			work.Go(func() {
				if strings.Contains(line.Text, "fleet-target") {
					f.helper(ctx, address, ch)
				} else {
					_, _ = ch.Write(wire.Greeting{Word: "go"}.Append(nil)) // or it has left
				}
				_, _ = ch.SendRequest("exit-status", false, ssh.Marshal(struct{ Code uint32 }{}))
				ch.Close()
			})
		}
	}
}

// helper is the helper's loop, until the controller has no more to say.
func (f *Fleet) helper(ctx context.Context, address string, ch ssh.Channel) {
	find := func(name string) (*sys.Module, bool) {
		m, ok := f.answer.module(name, func() {
			if address == f.Slow {
				time.Sleep(f.Delay)
			}
			f.heard(address)
		})
		return m, ok
	}
	_ = target.Serve(ctx, ch, ch, target.Program{Find: find}) // its end is the login's
}

func (f *Fleet) heard(address string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.spans == nil {
		f.spans = map[string]Span{}
	}
	s, now := f.spans[address], time.Now()
	if s.First.IsZero() {
		s.First = now
	}
	s.Last = now
	f.spans[address] = s
}

// Spans returns when each host was first and last heard of, by its address, and
// forgets it.
func (f *Fleet) Spans() map[string]Span {
	f.mu.Lock()
	defer f.mu.Unlock()
	spans := f.spans
	f.spans = nil
	return spans
}

// Address returns the address of host number i, from 0. There are 256 × 250 of
// them.
func Address(i int) string { return fmt.Sprintf("127.16.%d.%d", i/250, i%250+1) }

// Max is how many hosts there may be.
const Max = 256 * 250
