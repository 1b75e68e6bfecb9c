package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"golang.org/x/term"

	"fleet/internal/engine"
)

// operator is who answers the questions of a run: a person at the terminal, where
// standard input is one, or else what comes on standard input.
type operator struct {
	app      *app
	out      io.Writer // where questions stand that no terminal shows
	terminal *terminal // nil: standard input is none

	mu sync.Mutex
}

// newOperator returns the operator of a run. ask is the terminal, or nil where
// there is none.
func newOperator(a *app, ask *terminal, out io.Writer) *operator {
	o := &operator{app: a, out: out}
	if ask != nil && term.IsTerminal(int(os.Stdin.Fd())) {
		o.terminal = ask
	}
	return o
}

// Person implements engine.Prompter.
func (o *operator) Person() bool { return o.terminal != nil }

// Ask implements engine.Prompter.
func (o *operator) Ask(ctx context.Context, q engine.Question) (string, error) {
	if o.terminal != nil {
		return o.terminal.Ask(ctx, q)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	defer o.app.hold()()
	o.print(q.Text)
	line, err := o.app.nextLine(ctx)
	o.print(line + "\n")
	return line, err
}

func (o *operator) print(text string) {
	fmt.Fprint(o.out, text)
	o.app.flushAll()
}

// nextLine is stdinLine that returns when ctx ends. The reading goroutine ends with
// the process then.
func (a *app) nextLine(ctx context.Context) (string, error) {
	type answer struct {
		line string
		err  error
	}
	got := make(chan answer, 1)
	go func() {
		line, err := a.stdinLine()
		got <- answer{line, err}
	}()
	select {
	case g := <-got:
		return g.line, g.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// stdinLine reads a line of standard input. The last one may have no end.
func (a *app) stdinLine() (string, error) {
	if a.input == nil {
		a.input = bufio.NewReader(os.Stdin)
	}
	line, err := a.input.ReadString('\n')
	if errors.Is(err, io.EOF) && line != "" {
		err = nil
	}
	return strings.TrimRight(line, "\r\n"), err
}

// asksOn is where the questions of a run stand that no terminal shows: in between
// what it prints, unless that is for a program to read.
func (a *app) asksOn(json bool) io.Writer {
	if json {
		return a.err
	}
	return a.out
}
