package commands

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// Expect runs a program on a terminal of its own and answers what it asks. It
// runs without a shell.
//
// The responses are secret: no output of fleet shows them. With echo they stand
// in what the program wrote, where they are masked. In check mode the program
// is not run.
//
// Example:
//
//	tasks:
//	  - name: Change the password
//	    expect:
//	      command: passwd deploy
//	      responses:
//	        (?i)new password: "{{ deploy_password }}"
//	        (?i)retype: "{{ deploy_password }}"
//	    no_log: true
var Expect = sys.Define(spec.Module{
	Name:  "expect",
	Names: []string{"ansible.builtin.expect", "ansible.legacy.expect"},
}, expect)

type expectArgs struct {
	// The program and its arguments, with quotes as in a shell.
	Command string `arg:"command,required"`
	conditions
	// What to answer, by what is asked: a regular expression as Python writes them,
	// matched against what was written since the last answer. A text is the answer
	// each time; of a list each answer is given once, in turn.
	Responses map[string]any `arg:"responses,required,secret"`
	// How many seconds to wait for the next thing that is asked, or for the end.
	// Null waits without end, 0 not at all.
	Timeout any `arg:"timeout" default:"30"`
	// Shows the answers in the output, as a terminal does.
	Echo bool `arg:"echo"`
}

func expect(ctx context.Context, m *sys.Machine, a *expectArgs) (any, error) {
	res := &result{Cmd: a.Command, StdoutLines: []string{}, StderrLines: []string{}}
	argv, err := sys.Split(a.Command)
	if err != nil {
		return nil, fmt.Errorf("command %q: %w", a.Command, err)
	}
	if len(argv) == 0 || argv[0] == "" {
		res.RC = noCommand
		return res, errors.New("no command given")
	}
	d := dialogue{echo: a.Echo}
	if d.patience, err = patience(a.Timeout); err != nil {
		return nil, err
	}
	if d.answers, err = answersOf(a.Responses); err != nil {
		return nil, err
	}
	e := execution{conditions: a.conditions, argv: argv}
	if d.dir, err = e.folder(m); err != nil {
		return res, err
	}
	needless, err := e.needless(m, d.dir)
	if err != nil {
		return res, err
	}
	if needless != nil {
		needless.tell(m, res)
		return res, nil
	}
	if m.Check {
		res.Skipped, res.Msg = true, "Command would have run if not in check mode"
		return res, nil
	}
	path, _ := m.Getenv("PATH")
	if d.program, err = lookPath(argv[0], d.dir, path); err != nil {
		return res, err
	}
	d.argv, d.env = argv, m.Environ(nil)
	res.Changed = true
	err = m.Change(ctx, sys.Change{What: "run " + a.Command, Do: func(ctx context.Context) error { return d.report(ctx, res) }})
	if err == nil && res.RC != 0 {
		err = errors.New("non-zero return code")
	}
	return res, err
}

// report holds the dialogue and fills in what came of it.
func (d *dialogue) report(ctx context.Context, res *result) error {
	start := time.Now()
	code, err := d.hold(ctx)
	res.times(start, time.Now())
	res.RC = code
	res.setOutput(strings.TrimRight(string(d.said), "\r\n"), "")
	return err
}

// patience reads the argument timeout. 0 is without end.
func patience(v any) (time.Duration, error) {
	if v == nil {
		return 0, nil
	}
	n, err := strconv.Atoi(strings.TrimSpace(spec.Text(v)))
	if err != nil || n < 0 {
		return 0, fmt.Errorf("argument %q: want a number of seconds, not %v", "timeout", v)
	}
	return max(time.Duration(n)*time.Second, time.Nanosecond), nil
}
