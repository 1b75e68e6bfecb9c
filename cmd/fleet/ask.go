package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// terminal asks the operator on the controlling terminal.
type terminal struct {
	mu  sync.Mutex
	tty *os.File
	app *app
}

// openTerminal returns the terminal, or nil where there is none.
func openTerminal(a *app) *terminal {
	tty, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return nil
	}
	return &terminal{tty: tty, app: a}
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

// Ask prints text and reads a line. When ctx ends it returns, and the reading
// goroutine ends with the process: a terminal's read cannot be taken back.
func (t *terminal) Ask(ctx context.Context, text string, private bool) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	defer t.app.hold()()
	t.print(text)
	type answer struct {
		line string
		err  error
	}
	got := make(chan answer, 1)
	state, _ := term.GetState(int(t.tty.Fd()))
	go func() {
		line, err := t.read(private)
		got <- answer{line, err}
	}()
	select {
	case a := <-got:
		return a.line, a.err
	case <-ctx.Done():
		if state != nil {
			// Echo may be off; nothing more can be done where this fails.
			_ = term.Restore(int(t.tty.Fd()), state)
		}
		t.print("\n")
		return "", ctx.Err()
	}
}

// read reads a line. The error is io.EOF where the operator ends the input in place of
// an answer.
func (t *terminal) read(private bool) (string, error) {
	if private {
		shown, err := hideTyping(int(t.tty.Fd()))
		if err != nil {
			return "", err
		}
		defer shown()
	}
	line, err := bufio.NewReader(t.tty).ReadString('\n')
	if private || err != nil {
		t.print("\n")
	} else {
		t.entered()
	}
	return strings.TrimRight(line, "\r\n"), err
}

// hideTyping turns the terminal's echo off, and returns what turns it on again.
func hideTyping(fd int) (shown func(), err error) {
	before, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return nil, err
	}
	hidden := *before
	hidden.Lflag &^= unix.ECHO
	hidden.Lflag |= unix.ICANON | unix.ISIG
	hidden.Iflag |= unix.ICRNL
	if err := unix.IoctlSetTermios(fd, unix.TCSETS, &hidden); err != nil {
		return nil, err
	}
	// Where this fails nothing more can be done.
	return func() { _ = unix.IoctlSetTermios(fd, unix.TCSETS, before) }, nil
}
