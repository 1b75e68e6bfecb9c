package lookup

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"fleet/internal/jinja"
	"fleet/internal/source"
)

// env returns variables of the environment; default= stands for missing ones.
func (l lookups) env(_ *jinja.Context, terms []any, kw *jinja.Map) ([]any, error) {
	if err := only("env", kw, "default"); err != nil {
		return nil, err
	}
	out := []any{}
	for _, t := range terms {
		name, err := text("env", t)
		if err != nil {
			return nil, err
		}
		name, _, _ = strings.Cut(strings.TrimSpace(name), " ")
		if v, ok := os.LookupEnv(name); ok {
			out = append(out, v)
			continue
		}
		v, ok := kw.Get("default")
		if u, missing := v.(*jinja.Undefined); missing {
			return nil, u.Err()
		}
		if !ok {
			v = ""
		}
		out = append(out, v)
	}
	return out, nil
}

// pipe returns what commands print, without white space at the end.
func (l lookups) pipe(c *jinja.Context, terms []any, kw *jinja.Map) ([]any, error) {
	if err := only("pipe", kw); err != nil {
		return nil, err
	}
	out := []any{}
	for _, t := range terms {
		s, err := l.run(c.Ctx, jinja.Str(t))
		if err != nil {
			return nil, err
		}
		out = append(out, strings.TrimRight(s, " \t\r\n\v\f"))
	}
	return out, nil
}

// lines returns the lines that commands print.
func (l lookups) lines(c *jinja.Context, terms []any, kw *jinja.Map) ([]any, error) {
	if err := only("lines", kw); err != nil {
		return nil, err
	}
	out := []any{}
	for _, t := range terms {
		s, err := l.run(c.Ctx, jinja.Str(t))
		if err != nil {
			return nil, err
		}
		if s == "" {
			continue
		}
		for _, line := range strings.Split(strings.TrimSuffix(s, "\n"), "\n") {
			out = append(out, strings.TrimSuffix(line, "\r"))
		}
	}
	return out, nil
}

// run runs a shell command in the playbook's folder. It ends, with all that it
// started, when ctx does.
func (l lookups) run(ctx context.Context, command string) (string, error) {
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", command)
	cmd.Dir = l.o.Dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	stdout, stderr := &source.Output{}, &source.Output{}
	cmd.Stdout, cmd.Stderr = stdout, stderr
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case stdout.Over() || stderr.Over():
		return "", failed("the command %q prints more than %d MiB", command, source.MaxOutput>>20)
	case errors.As(err, &exit):
		e := failed("the command %q ended with %s", command, exit.ProcessState)
		if said := strings.TrimSpace(stderr.String()); said != "" {
			e.Hint = "it said: " + said[strings.LastIndexByte(said, '\n')+1:]
		}
		return "", e
	case errors.Is(err, exec.ErrWaitDelay):
		e := failed("the command %q has ended, but a program that it started still holds its output", command)
		e.Hint = source.HeldHint
		return "", e
	case err != nil:
		return "", failed("cannot run %q: %w", command, err)
	}
	return stdout.String(), nil
}
