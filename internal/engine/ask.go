package engine

import (
	"context"
	"errors"
	"io"

	"fleet/internal/event"
)

// Prompter asks the operator. It is the one way to ask: for vars_prompt, pause,
// --step and the debugger.
type Prompter interface {
	// Ask prints text and reads a line; private lines are not echoed. Where there is
	// no terminal it reads standard input. The error is io.EOF where that has ended.
	Ask(ctx context.Context, text string, private bool) (string, error)
	// Person reports whether somebody sits at a terminal. Questions that need not be
	// answered are not asked otherwise.
	Person() bool
}

// person reports whether somebody is there to be asked.
func (e *Engine) person() bool { return e.Prompter != nil && e.Prompter.Person() }

// line asks for one line.
func (e *Engine) line(ctx context.Context, text string, private bool) (string, error) {
	if e.Prompter == nil {
		return "", io.EOF
	}
	return e.Prompter.Ask(ctx, text, private)
}

// unanswered says in words that nobody answers any more.
func unanswered(err error) error {
	if errors.Is(err, io.EOF) {
		return errors.New("nobody answers: the input has ended")
	}
	return err
}

// asks tells the reports that a task asks, and then calls ask. Of several hosts one
// asks after the other.
func (e *Engine) asks(ctx context.Context, host string, t *event.Task, prompt string, ask func() error) error {
	e.pausing.Lock()
	defer e.pausing.Unlock()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	e.Events.Emit(event.Asking{Host: host, Task: t, Prompt: prompt})
	return ask()
}
