package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strings"
	"sync"

	"golang.org/x/term"

	"fleet/internal/engine"
)

// terminal asks the operator on the controlling terminal.
type terminal struct {
	mu  sync.Mutex
	tty *os.File
}

// openTerminal returns the terminal, or nil where there is none.
func openTerminal() engine.Prompter {
	tty, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return nil
	}
	return &terminal{tty: tty}
}

// Ask prints text and reads a line. When ctx ends it returns, and the reading
// goroutine ends with the process: a terminal's read cannot be taken back.
func (t *terminal) Ask(ctx context.Context, text string, private bool) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	fmt.Fprint(t.tty, text)
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
		fmt.Fprintln(t.tty)
		return "", ctx.Err()
	}
}

func (t *terminal) read(private bool) (string, error) {
	if private {
		word, err := term.ReadPassword(int(t.tty.Fd()))
		fmt.Fprintln(t.tty)
		return string(word), err
	}
	line, err := bufio.NewReader(t.tty).ReadString('\n')
	return strings.TrimRight(line, "\r\n"), err
}
