package engine

import (
	"context"
	"errors"
	"io"
	"time"

	"fleet/internal/event"
)

// Prompter asks the operator. It is the one way to ask: for vars_prompt, pause,
// --step and the debugger.
type Prompter interface {
	// Ask prints the question and reads the answer. Where there is no terminal it reads
	// a line of standard input. The error is io.EOF where that has ended.
	Ask(ctx context.Context, q Question) (string, error)
	// Person reports whether somebody sits at a terminal. Questions that need not be
	// answered are not asked otherwise.
	Person() bool
}

// Question is what the operator is asked. The answer is a line, unless something
// else is said here.
type Question struct {
	Text    string
	Private bool // what is typed is not shown
	// Keys are lower-case letters. The first of them that is pressed, with shift or
	// without, is the answer; other keys mean nothing.
	Keys string
	// Pause says that the run only waits. Ctrl-C ends the question with ErrBreak and not
	// the run, what was typed before the question is forgotten, and the error is ErrAway
	// where fleet runs in the background.
	Pause bool
	// For is how long to wait, where nothing is to be answered: keys mean nothing.
	For time.Duration
}

var (
	// ErrBreak is that the operator pressed Ctrl-C at a question that is a pause.
	ErrBreak = errors.New("the operator pressed Ctrl-C")
	// ErrAway is that the operator does something else at the terminal.
	ErrAway = errors.New("fleet runs in the background")
)

// person reports whether somebody is there to be asked.
func (e *Engine) person() bool { return e.Prompter != nil && e.Prompter.Person() }

// line asks for one line.
func (e *Engine) line(ctx context.Context, text string, private bool) (string, error) {
	return e.answerTo(ctx, Question{Text: text, Private: private})
}

// answerTo asks a question.
func (e *Engine) answerTo(ctx context.Context, q Question) (string, error) {
	if e.Prompter == nil {
		return "", io.EOF
	}
	return e.Prompter.Ask(ctx, q)
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
