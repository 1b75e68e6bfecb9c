package report

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"unicode/utf8"

	"fleet/internal/event"
	"fleet/internal/wire"
)

// ExecOptions say how `fleet exec` shows output.
type ExecOptions struct {
	Hosts    []string // in inventory order
	Fold     bool     // print what is the same once, at the end
	Color    bool
	Terminal bool // show control characters rather than pass them on
}

// Exec prints the output of one command on many hosts: each line behind its
// host's name as it comes, or, folded, each distinct output once. Lines are
// never torn. Its methods may be called by many goroutines.
type Exec struct {
	out, warn io.Writer
	options   ExecOptions
	style     style
	width     int // of the longest host name

	mu    sync.Mutex
	err   error
	hosts map[string]*execHost
	order []*execHost
	fold  folder
}

// execHost is what is known of a host.
type execHost struct {
	name     string
	partial  assembler
	kept     folding
	streamed bool
	ended    bool
	end      string // what is to be said besides the output: "exit code 2"
	outcome  event.Outcome
}

// NewExec returns an Exec that writes what the hosts write to standard output
// to out, and the rest to warn.
func NewExec(out, warn io.Writer, o ExecOptions) *Exec {
	x := &Exec{out: out, warn: warn, options: o, style: style{o.Color}, hosts: map[string]*execHost{}}
	for _, name := range o.Hosts {
		x.width = max(x.width, utf8.RuneCountInString(name))
		x.host(name)
	}
	return x
}

func (x *Exec) host(name string) *execHost {
	h := x.hosts[name]
	if h == nil {
		h = &execHost{name: name}
		x.hosts[name] = h
		x.order = append(x.order, h)
	}
	return h
}

// Emit takes an event.
func (x *Exec) Emit(e event.Event) {
	x.mu.Lock()
	defer x.mu.Unlock()
	switch e := e.(type) {
	case event.Output:
		h := x.host(e.Host)
		h.streamed = true
		x.take(h, e.Stream, string(e.Data))
	case event.TaskDone:
		x.done(e)
	case event.HostGone:
		if h := x.host(e.Host); !h.ended {
			outcome := event.Failed
			if e.Unreachable {
				outcome = event.Unreachable
			}
			x.finish(h, outcome, e.Reason)
		}
	case event.Warning:
		text := "warning: " + strings.Join(lines(e.Msg), "\n  ")
		if e.Host != "" {
			text = x.prefix(e.Host, magenta) + text
		}
		x.write(x.warn, x.style.paint(magenta, text)+"\n")
	case event.RunEnded:
		x.end(e)
	}
}

// Close returns the first error that writing gave.
func (x *Exec) Close() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	return errors.Join(x.err, x.fold.spool.close())
}

func (x *Exec) write(w io.Writer, text string) {
	if _, err := io.WriteString(w, text); err != nil {
		x.fail(err)
	}
}

// fail keeps the first error.
func (x *Exec) fail(err error) {
	if x.err == nil {
		x.err = err
	}
}

func (x *Exec) prefix(host string, c color) string {
	return x.style.paint(c, fmt.Sprintf("%-*s", x.width, host)) + x.style.paint(dim, " | ")
}

// take takes a piece of output.
func (x *Exec) take(h *execHost, s wire.Stream, data string) {
	if x.options.Fold {
		x.fold.add(&h.kept, s, data)
		return
	}
	x.lines(h, s, h.partial.add(s, []byte(data)))
}

// lines prints whole lines, in one piece.
func (x *Exec) lines(h *execHost, s wire.Stream, text string) {
	if text == "" {
		return
	}
	w, c := x.out, cyan
	if s == wire.Stderr {
		w, c = x.warn, red
	}
	if x.options.Terminal {
		text = clean(text)
	}
	prefix := x.prefix(h.name, c)
	var b strings.Builder
	b.Grow(len(text) + strings.Count(text, "\n")*len(prefix))
	for line := range strings.Lines(text) {
		b.WriteString(prefix)
		b.WriteString(line)
	}
	x.write(w, b.String())
}

func (x *Exec) done(e event.TaskDone) {
	h := x.host(e.Host)
	r := e.Result
	if !h.streamed {
		x.take(h, wire.Stdout, r.Stdout)
		x.take(h, wire.Stderr, r.Stderr)
	}
	end := ""
	switch {
	case e.Outcome == event.Skipped:
		end = "skipped"
	case e.Outcome != event.Failed && e.Outcome != event.Unreachable:
	case r.RC != nil && *r.RC != 0:
		end = fmt.Sprintf("exit code %d", *r.RC)
	default:
		end = r.Msg
		if r.Hint != "" {
			end += "\nhint: " + r.Hint
		}
	}
	x.finish(h, e.Outcome, end)
}

func (x *Exec) finish(h *execHost, outcome event.Outcome, end string) {
	h.ended, h.outcome, h.end = true, outcome, end
	if outcome == event.Unreachable {
		h.end = "unreachable: " + end
	}
	if x.options.Fold {
		x.fold.end(h)
		return
	}
	x.flush(h)
	for _, line := range lines(h.end) {
		x.write(x.warn, x.prefix(h.name, outcomeColor(outcome))+x.style.paint(outcomeColor(outcome), line)+"\n")
	}
}

// flush prints the lines that never ended.
func (x *Exec) flush(h *execHost) {
	for _, s := range []wire.Stream{wire.Stdout, wire.Stderr} {
		if line, ok := h.partial.rest(s); ok {
			x.lines(h, s, line+"\n")
		}
	}
}

// end prints what is folded, and who did not do well.
func (x *Exec) end(e event.RunEnded) {
	for _, h := range x.order {
		x.flush(h)
		if task, ok := e.NotDone[h.name]; ok && !h.ended {
			h.end = strings.TrimSpace("interrupted " + task)
		}
	}
	if x.options.Fold {
		x.folded()
	}
	var well int
	bad := map[event.Outcome][]string{}
	for _, h := range x.order {
		switch {
		case !h.ended:
			bad["interrupted"] = append(bad["interrupted"], h.name)
		case h.outcome == event.Failed || h.outcome == event.Unreachable:
			bad[h.outcome] = append(bad[h.outcome], h.name)
		default:
			well++
		}
	}
	if len(bad) > 0 {
		x.write(x.warn, x.style.hosts(well, len(x.order), bad)+"\n")
	}
}

// hosts says how many hosts did well, and which did not.
func (s style) hosts(well, all int, bad map[event.Outcome][]string) string {
	parts := []string{fmt.Sprintf("%d of %d hosts did well", well, all)}
	for _, o := range []event.Outcome{event.Failed, event.Unreachable, "interrupted"} {
		if len(bad[o]) > 0 {
			parts = append(parts, s.paint(outcomeColor(o), string(o)+": "+Ranges(bad[o])))
		}
	}
	return strings.Join(parts, "; ")
}
