package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"fleet/bench/hosts"
	"fleet/internal/event"
	"fleet/internal/helper"
)

// traced is how many tasks of each kind are traced.
const traced = 200

// trace says where the time of a task goes, on one host over sshd, and where the
// controller's processor time goes, with many.
func trace(ctx context.Context, b *bench) error {
	lives, err := b.lives(ctx)
	if err != nil {
		return err
	}
	var text strings.Builder
	fmt.Fprintf(&text, "the life of a task in microseconds: one host, sshd on loopback, median of %d tasks\n", traced)
	fmt.Fprintf(&text, "  %-78s %6s %6s\n", "", "ping", "copy")
	for i, stage := range []string{
		"the task starts → its request leaves: condition, templates, encoding, encryption",
		"→ the answer is back: kernel, sshd's two processes, the helper, the module",
		"→ the task is done: decryption, decoding, the result registered",
	} {
		fmt.Fprintf(&text, "  %-78s %6d %6d\n", stage, lives["ping"].stage(i).Microseconds(), lives["copy"].stage(i).Microseconds())
	}
	return errors.Join(b.note("%s", text.String()), b.profile(ctx))
}

// life is the stages of many tasks.
type life [][3]time.Duration

// stage returns the median of a stage.
func (l life) stage(i int) time.Duration {
	var all []time.Duration
	for _, one := range l {
		all = append(all, one[i])
	}
	slices.Sort(all)
	if len(all) == 0 {
		return 0
	}
	return all[len(all)/2]
}

// lives runs tasks of which each needs the result of the one before, through a
// tap on the connection.
func (b *bench) lives(ctx context.Context) (map[string]life, error) {
	route := hosts.Route{Name: "tap", Network: "127.0.99"}
	t, err := newTap(route.Address(0), b.hosts.Direct().Address(0))
	if err != nil {
		return nil, err
	}
	defer t.close()
	route.Port = t.listener.Addr().(*net.TCPAddr).Port
	if err := b.hosts.Trust(route); err != nil {
		return nil, err
	}
	inventory, err := b.hosts.Inventory(route, 1)
	if err != nil {
		return nil, err
	}
	var book strings.Builder
	book.WriteString("- name: Trace\n  hosts: all\n  gather_facts: false\n  tasks:\n")
	for range traced {
		book.WriteString("    - {name: ping, ping: , register: pong, when: motd is not defined or motd is not failed}\n" +
			"    - {name: copy, copy: {content: \"for {{ inventory_hostname }}\\n\", dest: \"{{ root }}/motd\", mode: \"0644\"}, when: pong.ping == 'pong', register: motd}\n")
	}
	file := b.file("playbook/trace.yaml")
	if err := os.WriteFile(file, []byte(book.String()), 0o644); err != nil {
		return nil, err
	}
	if err := runHere(ctx, inventory, file, b.file("known_hosts"), &helper.Store{Own: b.fleet}, t); err != nil {
		return nil, err
	}
	return t.lives, nil
}

// tap is a connection that is listened to, and the events of the tasks that use
// it.
type tap struct {
	to       string
	listener net.Listener
	work     sync.WaitGroup

	mu              sync.Mutex
	begun, up, down time.Time // of the task that runs
	lives           map[string]life
}

func newTap(on, to string) (*tap, error) {
	l, err := net.Listen("tcp", on)
	if err != nil {
		return nil, err
	}
	t := &tap{to: to, listener: l, lives: map[string]life{}}
	t.work.Go(func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			t.work.Go(func() { t.join(near) })
		}
	})
	return t, nil
}

func (t *tap) join(near net.Conn) {
	defer near.Close()
	far, err := net.Dial("tcp", t.to)
	if err != nil {
		return
	}
	defer far.Close()
	t.work.Go(func() {
		_, _ = io.Copy(far, tapped{near, func() { t.note(&t.up) }}) // it ends with either side
		far.Close()
	})
	_, _ = io.Copy(near, tapped{far, func() { t.note(&t.down) }})
}

// note keeps the time of the last bytes up, and of the first bytes down behind
// them.
func (t *tap) note(when *time.Time) {
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	if when == &t.up || t.down.Before(t.up) {
		*when = now
	}
}

// Emit implements event.Sink.
func (t *tap) Emit(e event.Event) {
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	switch e := e.(type) {
	case event.TaskStarted:
		t.begun = now
	case event.TaskDone:
		if name := e.Task.Name; t.up.After(t.begun) && t.down.After(t.up) {
			t.lives[name] = append(t.lives[name], [3]time.Duration{t.up.Sub(t.begun), t.down.Sub(t.up), now.Sub(t.down)})
		}
	}
}

func (t *tap) close() {
	t.listener.Close()
	t.work.Wait()
}

// tapped tells of each piece that is read.
type tapped struct {
	net.Conn
	heard func()
}

func (t tapped) Read(p []byte) (int, error) {
	n, err := t.Conn.Read(p)
	if n > 0 {
		t.heard()
	}
	return n, err
}
