package engine_test

import (
	"context"
	"io"
	"slices"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"fleet/internal/engine"
	"fleet/internal/wire"
)

// guestbook notes what happens to the helpers of each user.
type guestbook struct {
	mu    sync.Mutex
	lines []string
}

func (d *guestbook) note(line string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, line)
}

func (d *guestbook) Dial(_ context.Context, to engine.Endpoint) (engine.Conn, error) {
	return guest{d, to.BecomeUser}, nil
}

func (*guestbook) Raw(context.Context, engine.Endpoint, string, io.Writer, io.Writer) (int, error) {
	return 0, nil
}

func (*guestbook) Shell(context.Context, engine.Endpoint, string, io.Writer, io.Writer) (int, error) {
	return 0, nil
}

func (*guestbook) Drop(string) {}

type guest struct {
	book *guestbook
	user string
}

func (d guest) Call(_ context.Context, call wire.Call, _ wire.Answers) (wire.Result, error) {
	d.book.note(call.Module + " as " + d.user)
	return wire.Result{Data: []byte(`{"changed":true}`)}, nil
}

func (d guest) Close() error {
	d.book.note("the helper of " + d.user + " ends")
	return nil
}

// TestUserLeavesFirst: nobody is removed while a helper runs as them.
func TestUserLeavesFirst(t *testing.T) {
	ar := txtar.Parse([]byte(`-- inventory.yml --
all: {hosts: {web1: }}
-- play.yml --
- hosts: web1
  gather_facts: false
  become: true
  tasks:
    - command: id
      become_user: ada
    - command: id
      become_user: bob
    - user: {name: ada, state: absent}
`))
	d := &guestbook{}
	run(t, d, unpack(t, ar), engine.Options{}, nil)
	want := []string{"command as ada", "command as bob", "the helper of ada ends", "user as root"}
	if len(d.lines) < 4 || !slices.Equal(d.lines[:4], want) {
		t.Errorf("got %q, want %q", d.lines, want)
	}
}
