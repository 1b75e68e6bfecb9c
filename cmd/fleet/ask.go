package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"fleet/internal/engine"
)

// terminal asks the operator on the controlling terminal.
type terminal struct {
	mu    sync.Mutex
	tty   *os.File
	app   *app
	modes modes
}

// openTerminal returns the terminal, or nil where there is none.
func (a *app) openTerminal() *terminal {
	if a.opened {
		return a.tty
	}
	a.opened = true
	tty, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return nil
	}
	fd, err := fdOf(tty)
	if err != nil {
		return nil
	}
	a.tty = &terminal{tty: tty, app: a, modes: modes{fd: fd}}
	return a.tty
}

// print writes to the terminal: where a status line shares it, through the screen
// that keeps the two apart. A line that is not ended keeps the status line away.
func (t *terminal) print(text string) {
	if t.app.live {
		fmt.Fprint(t.app.err, text)
	}
	t.app.flushAll()
	if !t.app.live {
		fmt.Fprint(t.tty, t.app.secrets.String(text))
	}
}

// entered tells the screen that the line has ended: the operator's Enter did
// that. Up and down again, the cursor stays where it is.
func (t *terminal) entered() {
	if t.app.live {
		t.print("\x1b[A\n")
	}
}

// Ask prints a question and returns the answer. Whatever ends it, the terminal's
// modes are what they were before.
func (t *terminal) Ask(ctx context.Context, q engine.Question) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if q.Pause && !t.modes.foreground() {
		return "", engine.ErrAway
	}
	defer t.app.hold()()
	if err := t.modes.set(func(m *unix.Termios) { shape(m, q) }); err != nil {
		return "", err
	}
	defer t.modes.restore()
	if q.Pause {
		t.modes.forget()
	}
	defer t.app.signals.asking(t.asked(q))()
	t.print(q.Text)
	answer, err := t.answer(ctx, q)
	if q.Private || err != nil {
		t.print("\n")
	} else {
		t.entered()
	}
	return answer, err
}

// shape changes a terminal's modes for a question.
func shape(m *unix.Termios, q engine.Question) {
	if q.Private || q.For > 0 || q.Keys != "" {
		m.Lflag &^= unix.ECHO
	}
	if q.Keys != "" {
		m.Lflag &^= unix.ICANON
		m.Cc[unix.VMIN], m.Cc[unix.VTIME] = 1, 0
	}
}

// asked is how a question goes together with signals.
func (t *terminal) asked(q engine.Question) *asking {
	a := &asking{modes: &t.modes, again: func(ask bool) {
		if q.For > 0 && !t.modes.foreground() {
			return // it waits there as well
		}
		t.modes.again()
		if ask {
			t.print(q.Text)
		}
	}}
	if q.Pause {
		a.breaks = make(chan struct{})
	}
	return a
}

// answer waits for the answer.
func (t *terminal) answer(ctx context.Context, q engine.Question) (string, error) {
	if q.For > 0 {
		return "", t.pass(ctx, q.For)
	}
	type answer struct {
		line string
		err  error
	}
	got := make(chan answer, 1)
	_ = t.tty.SetReadDeadline(time.Time{}) // where there is none, a read cannot be ended
	go func() {
		line, err := t.read(q.Keys)
		got <- answer{line, err}
	}()
	var err error
	select {
	case a := <-got:
		return a.line, a.err
	case <-t.app.signals.broken():
		err = engine.ErrBreak
	case <-ctx.Done():
		err = ctx.Err()
	}
	if t.tty.SetReadDeadline(time.Unix(1, 0)) == nil {
		<-got // nobody else's line may be taken
	}
	return "", err
}

// pass lets time go by. What is typed meanwhile is forgotten.
func (t *terminal) pass(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	defer func() {
		if t.modes.foreground() {
			t.modes.forget()
		}
	}()
	select {
	case <-timer.C:
		return nil
	case <-t.app.signals.broken():
		return engine.ErrBreak
	case <-ctx.Done():
		return ctx.Err()
	}
}

// read reads a line, or one of some keys. The error is io.EOF where the operator ends
// the input in place of an answer.
func (t *terminal) read(keys string) (string, error) {
	var line []byte
	buf := make([]byte, 4096) // more than a line of a terminal can have
	for {
		n, err := t.tty.Read(buf)
		if keys != "" {
			if i := bytes.IndexAny(bytes.ToLower(buf[:n]), keys); i >= 0 {
				return strings.ToLower(string(buf[i])), nil
			}
		} else {
			line = append(line, buf[:n]...)
			if bytes.HasSuffix(line, []byte("\n")) {
				return strings.TrimRight(string(line), "\r\n"), nil
			}
		}
		switch {
		case errors.Is(err, unix.EIO): // the terminal was closed
			return string(line), io.EOF
		case err != nil:
			return string(line), err
		}
	}
}
