package commands

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// Make runs make in a folder, where make itself says that there is something to do.
//
// Example:
//
//	tasks:
//	  - name: Build the tool
//	    make:
//	      chdir: /usr/src/tool
//	      target: install
//	      params:
//	        PREFIX: /usr/local
var Make = sys.Define(spec.Module{
	Name:      "make",
	Names:     []string{"community.general.make"},
	Exclusive: [][]string{{"target", "targets"}},
}, make_)

type makeArgs struct {
	// The folder to run in.
	Chdir string `arg:"chdir,required" type:"path"`
	// The makefile, where it has another name.
	File string `arg:"file" type:"path"`
	// How many things are made at a time.
	Jobs *int `arg:"jobs"`
	// The program, where it is not make.
	Make string `arg:"make" type:"path"`
	// Variables; one without a value stands there by its name alone.
	Params map[string]any `arg:"params"`
	// What to make.
	Target string `arg:"target"`
	// What to make, where that is several things.
	Targets []string `arg:"targets"`
}

type makeResult struct {
	// The folder.
	Chdir string `json:"chdir"`
	// The makefile.
	File string `json:"file,omitempty"`
	// How many things were made at a time.
	Jobs *int `json:"jobs,omitempty"`
	// The variables.
	Params map[string]any `json:"params,omitempty"`
	// What was made.
	Target string `json:"target,omitempty"`
	// What was made.
	Targets []string `json:"targets,omitempty"`
	// The command.
	Command string `json:"command"`
	// What make wrote.
	Stdout string `json:"stdout"`
	// What make wrote to its standard error.
	Stderr string `json:"stderr"`
}

func make_(ctx context.Context, m *sys.Machine, a *makeArgs) (any, error) {
	argv, err := a.argv()
	if err != nil {
		return nil, err
	}
	dir, err := m.Expand(a.Chdir)
	if err != nil {
		return nil, err
	}
	res := &makeResult{Chdir: a.Chdir, File: a.File, Jobs: a.Jobs, Params: a.Params, Target: a.Target, Targets: a.Targets,
		Command: strings.Join(argv, " ")}
	// With -q it only says whether everything is made: exit code 0.
	out, err := m.Run(ctx, sys.Command{Argv: slices.Insert(slices.Clone(argv), 1, "-q"), Dir: m.Path(dir)})
	if err != nil || out.Code == 0 {
		res.Stdout, res.Stderr = out.Stdout, out.Stderr
		return res, err
	}
	return res, m.Change(ctx, sys.Change{What: res.Command, Do: func(ctx context.Context) error {
		out, err := m.Run(ctx, sys.Command{Argv: argv, Dir: m.Path(dir), Show: true})
		res.Stdout, res.Stderr = out.Stdout, out.Stderr
		if err == nil && out.Code != 0 {
			err = &sys.ExitError{Argv: argv, Output: out}
		}
		return err
	}})
}

func (a *makeArgs) argv() ([]string, error) {
	argv := []string{"make"}
	if a.Make != "" {
		argv[0] = a.Make
	}
	if a.Jobs != nil {
		argv = append(argv, "-j", strconv.Itoa(*a.Jobs))
	}
	if a.File != "" {
		argv = append(argv, "-f", a.File)
	}
	if a.Target != "" {
		argv = append(argv, a.Target)
	}
	argv = append(argv, a.Targets...)
	for _, name := range slices.Sorted(maps.Keys(a.Params)) {
		switch v := a.Params[name].(type) {
		case nil:
			argv = append(argv, name)
		case []any, map[string]any:
			return nil, fmt.Errorf("argument %q: %q is neither text nor a number", "params", name)
		case bool:
			argv = append(argv, name+"="+map[bool]string{true: "True", false: "False"}[v])
		default:
			argv = append(argv, fmt.Sprint(name, "=", v))
		}
	}
	return argv, nil
}
