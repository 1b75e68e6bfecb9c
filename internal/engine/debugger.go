package engine

import (
	"context"
	"strings"
	"time"

	"fleet/internal/event"
	"fleet/internal/jinja"
	"fleet/internal/playbook"
	"fleet/internal/source"
)

// debugger is what the operator does about one task on one host: the questions,
// and what the next try is to see. It belongs to the host's goroutine.
type debugger struct {
	*flight
	edited *playbook.Task // the task, with the arguments that were set
	vars   map[string]any // the variables that were set
	shown  *jinja.Map     // the arguments, evaluated where they could be, and changed
}

// verdict is what the operator wants to become of a task.
type verdict int

const (
	undecided verdict = iota
	goOn
	again
	quit
)

func debuggerOf(k *playbook.Keywords) source.Node { return k.Debugger }

// mayDebug reports whether the operator may be asked about a task's result.
func (h *hostRun) mayDebug(t *playbook.Task) bool {
	if shortName(t.Module) == "meta" {
		return false
	}
	n := given(h.Play, t, debuggerOf)
	return n.Text() != "never" && (n.Exists() || h.debugs)
}

// debuggerWord evaluates the keyword `debugger`.
func (f *flight) debuggerWord() (string, error) {
	n := f.engine.inForce(f.context, f.Play, f.task, debuggerOf)
	word, err := f.engine.text(f.context, n, "")
	switch word {
	case "", "always", "never", "on_failed", "on_skipped", "on_unreachable":
		return word, err
	}
	return "", n.Errorf("%q is not a valid value for debugger", word).
		WithHint("use one of: always, never, on_failed, on_skipped, on_unreachable")
}

// stops reports whether the operator wants to look into a result. A failure that is
// ignored does not count, unless the settings say so.
func (f *flight) stops(word string, res *taskResult) bool {
	failed := res.outcome == event.Failed && (!res.ignored || f.engine.Options.DebugIgnored)
	lost := res.outcome == event.Unreachable
	switch {
	case word == "always":
		return true
	case word == "never":
		return false
	case word == "on_failed" && failed, word == "on_unreachable" && lost,
		word == "on_skipped" && res.outcome == event.Skipped:
		return true
	}
	return f.debugs && (failed || lost)
}

// debug asks the operator about a result, as often as they want the task to be run
// again, and returns the last one.
func (f *flight) debug(ctx context.Context, word string, res *taskResult) (*taskResult, error) {
	d := &debugger{flight: f, edited: f.task, vars: map[string]any{}}
	for f.stops(word, res) {
		what, err := d.session(ctx, res)
		switch {
		case err != nil:
			return nil, err
		case what == quit:
			if bad(res) && !res.rescued {
				f.engine.stats.lose(f.host, res.reason())
			}
			f.engine.stop()
			return nil, context.Canceled
		case what == goOn:
			return res, nil
		}
		if res, err = d.redo(ctx, res); err != nil {
			return nil, err
		}
	}
	return res, nil
}

// redo runs the task again, with what was changed. The result so far does not count
// any more.
func (d *debugger) redo(ctx context.Context, old *taskResult) (*taskResult, error) {
	f := d.flight
	f.retract(f.event, old)
	f.air.host.failure = f.failure
	f.air.chain = 0 // the target has ended it
	if err := f.acquire(ctx); err != nil {
		return nil, err
	}
	f.since = time.Time{}
	f.begin()
	f.own.locals = with(f.own.locals, pairsOf(d.vars)...)
	c, err := f.newContext(ctx, d.edited, nil)
	if err != nil {
		return nil, err
	}
	u := turn{hostRun: &f.own, task: d.edited, event: f.event, order: f.order, flight: f, includes: f.includes}
	u.start(ctx, c)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	f.context, f.tried, f.includes = c, u.tried, u.includes
	return f.conclude(u.sum()), nil
}

// pairsOf returns a map's entries in turn.
func pairsOf(m map[string]any) []any {
	var out []any
	for k, v := range m {
		out = append(out, k, v)
	}
	return out
}

// session asks for commands until one decides. Where nobody answers any more, the
// run ends.
func (d *debugger) session(ctx context.Context, res *taskResult) (what verdict, err error) {
	d.release() // others work meanwhile
	prompt := printable("["+d.host+"] "+title(d.event)) + " (debug)> "
	s := &dialogue{debugger: d, res: res}
	s.begin()
	err = d.engine.asks(ctx, d.host, d.event, strings.TrimSpace(prompt), func() error {
		for said := ""; what == undecided; {
			line, err := d.engine.line(ctx, said+prompt, false)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil {
				line = "quit"
			}
			// Another host may be asked about while this one waits for what it looks at.
			d.engine.pausing.Unlock()
			said, what = s.command(ctx, line)
			d.engine.pausing.Lock()
		}
		return nil
	})
	return what, err
}

// title is what to call a task in questions.
func title(t *event.Task) string {
	name := t.Name
	if t.Role != "" {
		name = t.Role + " : " + name
	}
	if t.Handler {
		return "HANDLER: " + name
	}
	return "TASK: " + name
}

// printable returns a text without what would steer a terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && (r < ' ' || r >= 0x7f && r < 0xa0) {
			return -1
		}
		return r
	}, s)
}
