package engine

import (
	"context"
	"errors"
	"math"
	"strconv"
	"time"

	"fleet/internal/event"
	"fleet/internal/jinja"
	"fleet/internal/spec"
)

// Pause waits for some time, or for the operator to press Enter.
//
// All hosts that come to the task at the same time wait once. Ctrl-C does not end the
// run here: it asks whether to go on at once (C) or to fail the task (A); Ctrl-C once
// more ends the run. With `seconds` or `minutes` what is typed means nothing. Where
// standard input is no terminal, or fleet runs in the background, nobody is asked: the
// time is waited for, and without one the run goes on, with a warning.
//
// Example:
//
//	tasks:
//	  - pause:
//	      seconds: 5
//	  - pause:
//	      prompt: Is the load balancer drained? Then press Enter
var pause = define(spec.Module{
	Name: "pause", Names: []string{"ansible.builtin.pause"}, Exclusive: [][]string{{"seconds", "minutes"}},
}, runPause)

type pauseArgs struct {
	// How long to wait. Fractions count.
	Seconds *float64 `arg:"seconds"`
	// How long to wait. Fractions count.
	Minutes *float64 `arg:"minutes"`
	// What to ask, or to say while the time goes by.
	Prompt string `arg:"prompt"`
	// Shows what the operator types. What is typed unseen is masked wherever fleet prints.
	Echo bool `arg:"echo" default:"yes"`
}

func runPause(ctx context.Context, a *attempt, args *pauseArgs) (*taskResult, error) {
	p := pausing{attempt: a, args: args}
	begin := time.Now()
	input, err := p.wait(ctx)
	switch {
	case errors.Is(err, errAbort):
		return ok("failed", true, "msg", err.Error()), nil
	case err != nil:
		return nil, err
	}
	if !args.Echo && a.engine.Secrets != nil && input != "" {
		a.engine.Secrets.Add(input)
	}
	end := time.Now()
	delta := end.Sub(begin)
	paused, unit := delta.Minutes(), "minutes"
	if args.Seconds != nil {
		paused, unit = delta.Seconds(), "seconds"
	}
	const clock = "2006-01-02 15:04:05.000000"
	stdout := "Paused for " + jinja.Str(math.Round(paused*100)/100) + " " + unit
	return ok("user_input", input, "delta", int(delta.Seconds()), "echo", args.Echo, "rc", 0, "stdout", stdout, "stderr", "",
		"start", begin.Format(clock), "stop", end.Format(clock)), nil
}

// errAbort is that the operator wants the task to fail.
//
//lint:ignore ST1005 these are the words that playbooks know
var errAbort = errors.New("user requested abort!")

// pausing is a pause that goes on.
type pausing struct {
	*attempt
	args *pauseArgs
}

// seconds returns how long to wait, and whether it is known.
func (p pausing) seconds() (s float64, timed bool) {
	const most = 1e9 // more than thirty years
	switch {
	case p.args.Seconds != nil:
		return min(max(*p.args.Seconds, 0), most), true
	case p.args.Minutes != nil:
		return min(max(*p.args.Minutes*60, 0), most), true
	}
	return 0, false
}

// wait returns what the operator typed, where they were to type something.
func (p pausing) wait(ctx context.Context) (string, error) {
	if !p.engine.person() {
		return "", p.unattended(ctx)
	}
	q := p.question()
	var said string
	err := p.engine.asks(ctx, p.hostRun.host, p.event, p.args.Prompt, func() (err error) {
		said, err = p.engine.answerTo(ctx, q)
		if errors.Is(err, ErrBreak) {
			said, err = "", p.interrupted(ctx)
		}
		return err
	})
	if errors.Is(err, ErrAway) {
		return "", p.unattended(ctx)
	}
	return said, unanswered(err)
}

// question is what to show, and what to wait for.
func (p pausing) question() Question {
	s, timed := p.seconds()
	q := Question{Text: printable(p.args.Prompt), Private: timed || !p.args.Echo, Pause: true}
	hidden := ""
	if !p.args.Echo {
		hidden = " (output is hidden)"
	}
	if timed {
		q.For = max(lasting(s), 1)
		head := "Pausing for " + strconv.FormatFloat(s, 'f', -1, 64) + " seconds" + hidden +
			"\n(ctrl+C then 'C' = continue early, ctrl+C then 'A' = abort)"
		if q.Text != "" {
			head += "\n" + q.Text + hidden + ":"
		}
		q.Text = head + " "
		return q
	}
	if q.Text == "" {
		q.Text = "Press enter to continue, Ctrl+C to interrupt"
	}
	q.Text += hidden + ": "
	return q
}

// interrupted asks how to go on behind Ctrl-C.
func (p pausing) interrupted(ctx context.Context) error {
	key, err := p.engine.answerTo(ctx, Question{Text: "Press 'C' to continue the play or 'A' to abort ", Keys: "ca", Private: true})
	if err == nil && key == "a" {
		return errAbort
	}
	return err
}

// unattended waits for the time that is given: there is nobody to ask.
func (p pausing) unattended(ctx context.Context) error {
	s, timed := p.seconds()
	if !timed {
		p.engine.Events.Emit(event.Warning{Host: p.hostRun.host, Pos: p.task.ModulePos,
			Msg: "pause waits for nobody: standard input is no terminal, or fleet runs in the background"})
		return nil
	}
	if s > 0 {
		p.engine.Events.Emit(event.Pausing{Host: p.hostRun.host, Task: p.event, Seconds: s, Prompt: printable(p.args.Prompt)})
	}
	return sleep(ctx, lasting(s))
}
