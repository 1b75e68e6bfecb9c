package system

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// At has a command run once, later, by the daemon atd, or takes it out of the queue.
// It needs the programs at and atq on the target.
//
// A job is added each time, unless unique is true: then not where one with the same
// commands waits already.
//
// Example:
//
//	tasks:
//	  - name: Take the trial rules away again, should nobody come back
//	    at:
//	      command: /usr/local/sbin/old-rules
//	      count: 20
//	      units: minutes
//	      unique: true
var At = sys.Define(spec.Module{
	Name:      "at",
	Names:     []string{"ansible.posix.at"},
	OneOf:     [][]string{{"command", "script_file"}},
	Exclusive: [][]string{{"command", "script_file"}},
}, at)

type atArgs struct {
	// The command, for sh.
	Command string `arg:"command"`
	// A script of the target in its place.
	ScriptFile string `arg:"script_file" type:"path"`
	// In how many of the units it runs.
	Count int `arg:"count"`
	// The units.
	Units string `arg:"units" choices:"days,hours,minutes,weeks"`
	// Whether it should wait; with absent every job with the same commands goes.
	State string `arg:"state" choices:"absent,present" default:"present"`
	// Adds no job where one with the same commands waits.
	Unique bool `arg:"unique"`
}

type atResult struct {
	// What was asked for.
	State string `json:"state"`
	// The command.
	Command string `json:"command,omitempty"`
	// The script.
	ScriptFile string `json:"script_file,omitempty"`
	// In how many of the units it runs.
	Count int `json:"count,omitempty"`
	// The units.
	Units string `json:"units,omitempty"`
}

func at(ctx context.Context, m *sys.Machine, a *atArgs) (any, error) {
	res := &atResult{a.State, a.Command, a.ScriptFile, a.Count, a.Units}
	if a.State == "present" && (a.Count < 1 || a.Units == "") {
		return nil, errors.New("the arguments count and units say when the job runs, and are needed with state present")
	}
	if there, err := m.Need("at", "at"); err != nil || !there {
		if err == nil && a.State == "present" {
			err = m.Perform(ctx, a.when())
		}
		return res, err
	}
	script := a.Command
	if a.ScriptFile != "" {
		data, err := m.ReadFile(a.ScriptFile)
		if err != nil {
			return res, fmt.Errorf("argument %q: %w", "script_file", err)
		}
		script = string(data)
	}
	var same []string
	if a.Unique || a.State == "absent" {
		var err error
		if same, err = waiting(ctx, m, script); err != nil {
			return res, err
		}
	}
	switch {
	case a.State == "absent" && len(same) > 0:
		return res, m.Perform(ctx, "remove job "+strings.Join(same, ", "), append([]string{"at", "-r"}, same...)...)
	case a.State == "absent", len(same) > 0:
		return res, nil
	}
	c := sys.Command{Argv: []string{"at", "now", "+", fmt.Sprint(a.Count), a.Units}, Stdin: []byte(strings.TrimRight(script, "\n") + "\n")}
	return res, m.Change(ctx, sys.Change{What: a.when(), After: script, AfterName: "at", Do: func(ctx context.Context) error {
		out, err := m.Run(ctx, c)
		if err == nil && out.Code != 0 {
			err = &sys.ExitError{Argv: c.Argv, Output: out}
		}
		return err
	}})
}

func (a *atArgs) when() string { return fmt.Sprintf("run it in %d %s", a.Count, a.Units) }

// waiting returns the jobs of the queue whose commands are these. at writes its own
// lines, for the environment and the folder, in front of them.
func waiting(ctx context.Context, m *sys.Machine, script string) (same []string, err error) {
	queue, err := m.Must(ctx, "atq")
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(queue.Stdout) {
		job, _, _ := strings.Cut(strings.TrimSpace(line), "\t")
		if job == "" {
			continue
		}
		text, err := m.Must(ctx, "at", "-c", job)
		if err != nil {
			return nil, err
		}
		if strings.HasSuffix(strings.TrimSpace(text.Stdout), "\n"+strings.TrimSpace(script)) {
			same = append(same, job)
		}
	}
	return same, nil
}
