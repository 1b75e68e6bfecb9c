package config

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// GitConfig sets a value of git's configuration, takes it away, or tells it:
// without a value, config_value is what it is.
//
// Example:
//
//	tasks:
//	  - name: Name the branches as everybody does
//	    git_config:
//	      name: init.defaultBranch
//	      value: main
//	      scope: system
var GitConfig = sys.Define(spec.Module{
	Name:      "git_config",
	Names:     []string{"community.general.git_config"},
	OneOf:     [][]string{{"name", "list_all"}},
	Exclusive: [][]string{{"list_all", "name"}, {"list_all", "value"}},
}, gitConfig)

type gitConfigArgs struct {
	// The name of the value, as user.email.
	Name string `arg:"name"`
	// The value. Without it, the value is only told.
	Value *string `arg:"value"`
	// Whether it should be there.
	State string `arg:"state" choices:"absent,present" default:"present"`
	// Which configuration: the system's, the user's (global), the repository's
	// (local), or a file.
	Scope string `arg:"scope" choices:"file,global,local,system"`
	// The repository, with scope local.
	Repo string `arg:"repo" type:"path"`
	// The file, with scope file.
	File string `arg:"file" type:"path"`
	// Tells all values.
	ListAll bool `arg:"list_all"`
}

type gitConfigResult struct {
	// The value, where it was only asked for.
	ConfigValue *string `json:"config_value,omitempty"`
	// All values, with list_all.
	ConfigValues map[string]string `json:"config_values,omitempty"`
	// What was asked for.
	Msg string `json:"msg,omitempty"`
}

func gitConfig(ctx context.Context, m *sys.Machine, a *gitConfigArgs) (any, error) {
	res := &gitConfigResult{}
	switch {
	case a.Scope == "" && (a.Value != nil || a.State == "absent"):
		return res, errors.New(`argument "scope" is missing, without which nothing is set`)
	case a.Scope == "local" && a.Repo == "":
		return res, errors.New(`argument "repo" is missing, which scope: local needs`)
	case a.Scope == "file" && a.File == "":
		return res, errors.New(`argument "file" is missing, which scope: file needs`)
	}
	if there, err := m.Need("git", "git"); err != nil || !there {
		if err == nil && a.Value != nil {
			err = m.Perform(ctx, "set "+a.Name)
		}
		return res, err
	}
	if a.ListAll {
		return res, a.list(ctx, m, res)
	}
	out, err := m.Run(ctx, a.git(m, "--includes", "--get", a.Name))
	if err != nil {
		return res, err
	}
	if out.Code > 1 { // 1 is: not there
		return res, &sys.ExitError{Argv: a.git(m, a.Name).Argv, Output: out}
	}
	was, there := strings.TrimSuffix(out.Stdout, "\n"), out.Code == 0
	switch {
	case a.State == "absent":
		if there {
			err = a.change(ctx, m, "unset "+a.Name, was, "", "--unset", a.Name)
		}
	case a.Value == nil:
		res.ConfigValue = &was
	case !there || was != *a.Value:
		res.Msg = "setting changed"
		err = a.change(ctx, m, "set "+a.Name, was, *a.Value, a.Name, *a.Value)
	}
	return res, err
}

// git is a command for the configuration that is meant.
func (a *gitConfigArgs) git(m *sys.Machine, args ...string) sys.Command {
	argv := []string{"git", "config"}
	switch a.Scope {
	case "file":
		argv = append(argv, "-f", a.File)
	case "":
	default:
		argv = append(argv, "--"+a.Scope)
	}
	dir := a.Repo
	if dir == "" {
		dir = "/"
	}
	return sys.Command{Argv: append(argv, args...), Dir: m.Path(dir), Env: []string{"LC_ALL=C"}}
}

func (a *gitConfigArgs) change(ctx context.Context, m *sys.Machine, what, before, after string, args ...string) error {
	return m.Change(ctx, sys.Change{What: what, Before: before + "\n", After: after + "\n", BeforeName: a.Name, AfterName: a.Name,
		Do: func(ctx context.Context) error {
			c := a.git(m, args...)
			out, err := m.Run(ctx, c)
			if err == nil && out.Code != 0 {
				err = &sys.ExitError{Argv: c.Argv, Output: out}
			}
			return err
		}})
}

func (a *gitConfigArgs) list(ctx context.Context, m *sys.Machine, res *gitConfigResult) error {
	c := a.git(m, "--includes", "-l", "-z")
	out, err := m.Run(ctx, c)
	if err != nil {
		return err
	}
	if out.Code != 0 && out.Stderr != "" && !strings.Contains(out.Stderr, "No such file") {
		return fmt.Errorf("the configuration cannot be read: %w", &sys.ExitError{Argv: c.Argv, Output: out})
	}
	res.ConfigValues = map[string]string{}
	for entry := range strings.SplitSeq(strings.TrimSuffix(out.Stdout, "\x00"), "\x00") {
		if name, value, _ := strings.Cut(entry, "\n"); name != "" {
			res.ConfigValues[name] = value
		}
	}
	return nil
}
