package main

import (
	"bufio"
	"io"
	"os"
	"sync/atomic"

	"golang.org/x/term"

	"fleet/internal/helper"
	"fleet/internal/redact"
	"fleet/internal/report"
	"fleet/internal/settings"
)

// app is what all verbs share: where they print, and the secrets that no print
// may show. Everything goes through out and err, which mask them.
type app struct {
	out, err io.Writer
	secrets  *redact.Set
	color    bool
	terminal bool // standard output is one

	live  bool       // a status line can be drawn: standard error is a terminal too
	width func() int // of the terminal, in characters
	flush []func() error
	held  func() (release func()) // as hold; nil before a report is there
	begun atomic.Bool             // there is more to end than reading

	helpers *helper.Store   // what is pushed to hosts
	said    map[string]bool // warnings about the playbooks

	tty     *terminal // where the operator is asked; nil before, and where there is none
	opened  bool      // openTerminal was called
	signals *signals

	outlives atomic.Bool // those who read what it prints

	settings *settings.Settings // nil before they are read
	input    *bufio.Reader      // standard input, where passwords come from there
}

func newApp() *app {
	a := &app{secrets: &redact.Set{}, helpers: &helper.Store{}, said: map[string]bool{}}
	a.terminal = term.IsTerminal(int(os.Stdout.Fd()))
	a.color = report.UseColor(a.terminal, os.Getenv)
	a.live = a.terminal && term.IsTerminal(int(os.Stderr.Fd())) && os.Getenv("TERM") != "dumb"
	a.width = terminalWidth
	a.signals = &signals{}
	a.out = a.masked(&outlet{w: os.Stdout, outlives: &a.outlives, gone: func() {
		a.warn("nobody reads what is printed any more; the run goes on")
	}})
	a.err = a.masked(&outlet{w: os.Stderr, outlives: &a.outlives})
	return a
}

// terminalWidth returns how many characters a line of the terminal has: none while
// another program has it, as behind Ctrl-Z and bg.
func terminalWidth() int {
	if !inForeground(int(os.Stdout.Fd())) {
		return 0
	}
	width, _, err := term.GetSize(int(os.Stdout.Fd()))
	if err != nil || width <= 0 {
		return 80
	}
	return width
}

func (a *app) masked(w io.Writer) io.Writer {
	m := a.secrets.Writer(w)
	a.flush = append(a.flush, m.Flush)
	return m
}

// warn prints a warning that belongs to no run.
func (a *app) warn(text string) { newLog(a.err, a.color).Warn(oneLine(text)) }

// end prints what no command has printed yet, and returns the exit code.
func (a *app) end(err error) int {
	fail(a.err, err)
	code := codeOf(err)
	for _, flush := range a.flush {
		if ferr := flush(); ferr != nil && code == exitOK {
			fail(a.err, ferr)
			code = exitUsage // nobody could read what was printed
		}
	}
	return int(code)
}

// report returns the report of `fleet run`.
func (a *app) report(json bool, verbose int, diff bool) report.Report {
	if json {
		return a.queue(report.NewJSON(a.out, a.secrets))
	}
	return a.withStatus(func() report.Report {
		return report.NewText(a.out, a.err, report.Options{Verbose: verbose, Diff: diff, Color: a.color})
	})
}

// execReport returns the report of `fleet exec` on these hosts.
func (a *app) execReport(hosts []string, fold, json bool) report.Report {
	if json {
		return a.queue(report.NewJSON(a.out, a.secrets))
	}
	return a.withStatus(func() report.Report {
		return report.NewExec(a.out, a.err, report.ExecOptions{Hosts: hosts, Fold: fold, Color: a.color, Terminal: a.terminal})
	})
}

// withStatus opens a report, with a status line below it where there can be one.
func (a *app) withStatus(open func() report.Report) report.Report {
	if !a.live {
		return a.queue(open())
	}
	screen := report.NewScreen(a.err)
	a.signals.screen.Store(screen)
	a.out, a.err = screen.Around(a.out), screen.Around(a.err)
	return a.queue(report.Multi(open(), report.NewStatus(screen, a.width)))
}

// queue puts a queue before the report, which prompts wait for.
func (a *app) queue(r report.Report) report.Report {
	q := report.Queue(r)
	a.held = q.Hold
	return q
}

// hold waits until what has happened so far is printed, and keeps the report from
// printing more until release is called: somebody is asked meanwhile.
func (a *app) hold() (release func()) {
	if a.held == nil {
		return func() {}
	}
	return a.held()
}

// flushAll prints what writers keep. What cannot be written here cannot be
// complained about either.
func (a *app) flushAll() {
	for _, flush := range a.flush {
		_ = flush()
	}
}
