package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strings"
	"sync"

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

func (t *terminal) read(private bool) (string, error) {
	if private {
		word, err := term.ReadPassword(int(t.tty.Fd()))
		t.print("\n")
		return string(word), err
	}
	line, err := bufio.NewReader(t.tty).ReadString('\n')
	t.entered()
	return strings.TrimRight(line, "\r\n"), err
}
