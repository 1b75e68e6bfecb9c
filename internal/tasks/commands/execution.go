package commands

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"fleet/internal/tasks/sys"
)

// conditions are the arguments that decide whether a command runs, and where.
type conditions struct {
	// The folder to run in.
	Chdir string `arg:"chdir" type:"path"`
	// A path or pattern. Where it matches a file, the command is not run.
	Creates string `arg:"creates" type:"path"`
	// A path or pattern. Where it matches no file, the command is not run.
	Removes string `arg:"removes" type:"path"`
}

// input is what a command gets to read, and how its output is kept.
type input struct {
	// What the command reads from its standard input.
	Stdin *string `arg:"stdin"`
	// Ends stdin with a newline.
	StdinAddNewline bool `arg:"stdin_add_newline" default:"yes"`
	// Takes the empty lines from the end of stdout and stderr.
	StripEmptyEnds bool `arg:"strip_empty_ends" default:"yes"`
}

// result is what the modules of commands return.
type result struct {
	// Whether the command ran, or would have run.
	Changed bool `json:"changed"`
	// Whether check mode kept a command from running of which nothing else is known.
	Skipped bool `json:"skipped,omitempty"`
	// The command: a list of words, or for a shell its text.
	Cmd any `json:"cmd"`
	// The exit code.
	RC int `json:"rc"`
	// What the command wrote to its standard output: the first 16 MiB, and how much
	// was dropped behind them.
	Stdout string `json:"stdout"`
	// The lines of stdout.
	StdoutLines []string `json:"stdout_lines"`
	// What the command wrote to its standard error.
	Stderr string `json:"stderr"`
	// The lines of stderr.
	StderrLines []string `json:"stderr_lines"`
	// When the command was started, in the target's time.
	Start string `json:"start,omitempty"`
	// When it ended.
	End string `json:"end,omitempty"`
	// How long it ran.
	Delta string `json:"delta,omitempty"`
	// Why the command did not run, or how it failed.
	Msg string `json:"msg"`
	// What was asked for and has no effect.
	Warnings []string `json:"warnings,omitempty"`
}

// execution is one command with everything that decides about it.
type execution struct {
	conditions
	input
	argv []string
	cmd  any    // what the result shows
	what string // for the report
	// warnings are for the result.
	warnings []string
}

// run runs the command through the door, unless creates or removes say that it
// is not needed.
func (e *execution) run(ctx context.Context, m *sys.Machine) (any, error) {
	res := &result{Cmd: e.cmd, Warnings: e.warnings, StdoutLines: []string{}, StderrLines: []string{}}
	dir, err := e.folder(m)
	if err != nil {
		return res, err
	}
	needless, err := e.needless(m, dir)
	if err != nil {
		return res, err
	}
	if needless != nil {
		needless.tell(m, res)
		return res, nil
	}
	if m.Check && e.Creates == "" && e.Removes == "" {
		res.Skipped, res.Msg = true, "Command would have run if not in check mode"
		return res, nil
	}
	res.Changed = true
	if m.Check {
		res.Msg = "Command would have run if not in check mode"
	}
	err = m.Change(ctx, sys.Change{What: "run " + e.what, Do: func(ctx context.Context) error { return e.start(ctx, m, dir, res) }})
	if err == nil && res.RC != 0 {
		err = errors.New("non-zero return code")
	}
	return res, err
}

func (e *execution) folder(m *sys.Machine) (string, error) {
	if e.Chdir == "" {
		return "", nil
	}
	dir, err := m.Expand(e.Chdir)
	if err != nil {
		return "", err
	}
	info, err := os.Stat(m.Path(dir))
	switch {
	case errors.Is(err, fs.ErrNotExist) && m.Check:
	case errors.Is(err, fs.ErrNotExist):
		return "", sys.Messagef("Unable to change directory before execution: chdir %q: the folder does not exist", e.Chdir)
	case err != nil:
		return "", fmt.Errorf("chdir %q: %w", e.Chdir, err)
	case !info.IsDir():
		return "", sys.Messagef("Unable to change directory before execution: chdir %q: not a folder", e.Chdir)
	}
	return m.Path(dir), nil
}

// witness is an argument that names a file, whose state may say that the command
// need not run.
type witness struct {
	arg, pattern, state string
	stops               bool // there, rather than missing
}

// tell says in the result why the command was not run.
func (w *witness) tell(m *sys.Machine, r *result) {
	r.Msg = fmt.Sprintf("%s not run command since '%s' %s", map[bool]string{false: "Did", true: "Would"}[m.Check], w.pattern, w.state)
	r.setOutput(fmt.Sprintf("skipped, since %s %s", w.pattern, w.state), "")
}

// needless returns what says that the command need not run, or nil.
func (e *execution) needless(m *sys.Machine, dir string) (*witness, error) {
	for _, c := range []witness{{"creates", e.Creates, "exists", true}, {"removes", e.Removes, "does not exist", false}} {
		if c.pattern == "" {
			continue
		}
		found, err := matches(m, dir, c.pattern)
		if err != nil {
			return nil, fmt.Errorf("argument %q: %w", c.arg, err)
		}
		if found == c.stops {
			return &c, nil
		}
	}
	return nil, nil
}

func matches(m *sys.Machine, dir, pattern string) (bool, error) {
	path, err := m.Expand(pattern)
	if err != nil {
		return false, err
	}
	if filepath.IsAbs(path) {
		path = m.Path(path)
	} else {
		path = filepath.Join(dir, path)
	}
	// A name with brackets in it is meant literally where it exists.
	if _, err := os.Lstat(path); err == nil {
		return true, nil
	}
	found, err := filepath.Glob(path)
	return len(found) > 0, err
}

func (e *execution) start(ctx context.Context, m *sys.Machine, dir string, res *result) error {
	cmd := sys.Command{Argv: e.argv, Dir: dir, Show: m.Stream}
	if e.Stdin != nil {
		in := *e.Stdin
		if e.StdinAddNewline && !strings.HasSuffix(in, "\n") {
			in += "\n"
		}
		cmd.Stdin = []byte(in)
	}
	start := time.Now()
	out, err := m.Run(ctx, cmd)
	res.times(start, time.Now())
	if m.Stream { // the controller has it: it came as it was said
		out.Stdout, out.Stderr = "", ""
	}
	if e.StripEmptyEnds {
		out.Stdout, out.Stderr = strings.TrimRight(out.Stdout, "\r\n"), strings.TrimRight(out.Stderr, "\r\n")
	}
	res.setOutput(out.Stdout, out.Stderr)
	res.RC = out.Code
	return err
}

func (r *result) setOutput(stdout, stderr string) {
	r.Stdout, r.Stderr = stdout, stderr
	r.StdoutLines, r.StderrLines = lines(stdout), lines(stderr)
}

// lines splits as Python's splitlines does, without a last empty line.
func lines(s string) []string {
	if s == "" {
		return []string{}
	}
	list := strings.Split(strings.TrimSuffix(strings.ReplaceAll(s, "\r\n", "\n"), "\n"), "\n")
	return list
}

func (r *result) times(start, end time.Time) {
	const layout = "2006-01-02 15:04:05.000000"
	r.Start, r.End = start.Format(layout), end.Format(layout)
	r.Delta = delta(end.Sub(start))
}

// delta writes a duration as Python's timedelta does.
func delta(d time.Duration) string {
	us := d.Microseconds()
	s := fmt.Sprintf("%d:%02d:%02d.%06d", us/3_600_000_000%24, us/60_000_000%60, us/1_000_000%60, us%1_000_000)
	if days := us / 86_400_000_000; days == 1 {
		s = "1 day, " + s
	} else if days > 1 {
		s = fmt.Sprintf("%d days, %s", days, s)
	}
	return s
}
