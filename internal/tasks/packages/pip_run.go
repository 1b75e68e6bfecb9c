package packages

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"fleet/internal/tasks/sys"
)

// umaskScript runs a command with another umask, which is the whole process's.
const umaskScript = `umask "$0" && exec "$@"`

// run runs a command with what pip needs around it, and keeps what it wrote.
func (r *pipRun) run(ctx context.Context, keep bool, argv ...string) (sys.Output, error) {
	env := []string{"LC_ALL=C.UTF-8", "PIP_DISABLE_PIP_VERSION_CHECK=1", "PIP_NO_INPUT=1"}
	if r.BreakSystemPackages {
		env = append(env, "PIP_BREAK_SYSTEM_PACKAGES=1")
	}
	if r.Virtualenv != "" { // builds find the programs of the environment
		path := cmp.Or(r.m.Env["PATH"], os.Getenv("PATH"))
		env = append(env, "PATH="+filepath.Join(r.Virtualenv, "bin")+":"+path)
	}
	if r.Umask != "" {
		argv = append([]string{"/bin/sh", "-c", umaskScript, r.Umask}, argv...)
	}
	out, err := r.m.Run(ctx, sys.Command{Argv: argv, Dir: r.m.Path(r.Chdir), Env: env, Show: keep})
	if keep {
		r.res.Stdout += out.Stdout
		r.res.Stderr += out.Stderr
	}
	return out, err
}

func (r *pipRun) failed(argv []string, out sys.Output) error {
	r.res.Cmd = argv
	return fmt.Errorf("stdout: %s\n:stderr: %s", out.Stdout, out.Stderr)
}

// environment makes the virtual environment, where there is none.
func (r *pipRun) environment(ctx context.Context) (made bool, err error) {
	if r.Virtualenv == "" {
		return false, nil
	}
	if _, err := os.Stat(r.m.Path(filepath.Join(r.Virtualenv, "bin", "activate"))); err == nil {
		return false, nil
	}
	argv, err := sys.Split(r.VirtualenvCommand)
	if err != nil || len(argv) == 0 {
		return false, fmt.Errorf("argument %q: %q is no command", "virtualenv_command", r.VirtualenvCommand)
	}
	venv := strings.Contains(" "+strings.Join(argv, " ")+" ", " -m venv ") || filepath.Base(argv[0]) == "pyvenv"
	switch {
	case venv && r.VirtualenvPython != "":
		return false, fmt.Errorf("virtualenv_python should not be used when using the venv module or pyvenv as virtualenv_command")
	case r.VirtualenvPython != "":
		argv = append(argv, "-p"+r.VirtualenvPython)
	}
	if r.VirtualenvSitePackages {
		argv = append(argv, "--system-site-packages")
	}
	argv = append(argv, r.Virtualenv)
	r.res.Changed = true
	return true, r.m.Change(ctx, sys.Change{What: "make the virtual environment " + r.Virtualenv, Do: func(ctx context.Context) error {
		if !strings.Contains(argv[0], "/") && r.m.Root == "" && !r.m.Has(argv[0]) {
			return fmt.Errorf("there is no command %q to make virtual environments; install it, or set virtualenv_command: python3 -m venv", argv[0])
		}
		out, err := r.run(ctx, true, argv...)
		if err == nil && out.Code != 0 {
			err = r.failed(argv, out)
		}
		return err
	}})
}

// find says how pip is started.
func (r *pipRun) find(ctx context.Context) error {
	if r.Executable != "" {
		r.pip = []string{r.Executable}
		return nil
	}
	if r.Virtualenv != "" {
		for _, name := range []string{"pip3", "pip"} {
			path := filepath.Join(r.Virtualenv, "bin", name)
			if info, err := os.Stat(r.m.Path(path)); err == nil && info.Mode()&0o111 != 0 {
				r.pip = []string{path}
				return nil
			}
		}
		return sys.Messagef("Unable to find pip in the virtualenv, %s, under any of these names: pip3, pip. Make sure pip is present in the virtualenv.", r.Virtualenv)
	}
	for _, argv := range [][]string{{"python3", "-m", "pip"}, {"pip3"}} {
		if out, err := r.run(ctx, false, append(argv, "--version")...); err == nil && out.Code == 0 {
			r.pip = argv
			return nil
		}
	}
	return sys.Messagef("Unable to find any of pip3 to use.  pip needs to be installed (package python3-pip)")
}

// bring installs or removes, where it is due.
func (r *pipRun) bring(ctx context.Context) error {
	installed, err := r.installed(ctx)
	if err != nil || r.settled(installed) {
		return err
	}
	argv, err := r.argv()
	if err != nil {
		return err
	}
	r.res.Cmd = argv
	if r.m.Check && !r.would(ctx, argv) {
		return nil
	}
	what := "install "
	if r.State == "absent" {
		what = "remove "
	}
	if r.m.Check {
		r.res.Changed = true
	}
	return r.m.Change(ctx, sys.Change{What: what + strings.Join(append(r.Name, r.Requirements), " "), Do: func(ctx context.Context) error {
		out, err := r.run(ctx, true, argv...)
		if err != nil {
			return err
		}
		absent := r.State == "absent" && strings.Contains(out.Stdout+out.Stderr, "not installed")
		if out.Code != 0 && !absent {
			return r.failed(argv, out)
		}
		return r.compare(ctx, installed, out.Stdout)
	}})
}

// compare says whether anything has changed. Of what is named by an address pip
// always says that it was installed.
func (r *pipRun) compare(ctx context.Context, before map[string]string, stdout string) error {
	switch {
	case r.State == "absent":
		r.res.Changed = r.res.Changed || strings.Contains(stdout, "Successfully uninstalled")
		return nil
	case r.Requirements == "" && !r.addressed():
		r.res.Changed = r.res.Changed || strings.Contains(stdout, "Successfully installed")
		return nil
	}
	after, err := r.installed(ctx)
	for name, version := range after {
		r.res.Changed = r.res.Changed || before[name] != version
	}
	r.res.Changed = r.res.Changed || len(before) != len(after)
	return err
}

func (r *pipRun) addressed() bool {
	for _, name := range r.Name {
		if pipVCS().MatchString(name) {
			return true
		}
	}
	return false
}

// installed returns the versions of what is there, by name.
func (r *pipRun) installed(ctx context.Context) (map[string]string, error) {
	argv := append(append([]string{}, r.pip...), "list", "--format=freeze")
	out, err := r.run(ctx, false, argv...)
	if err == nil && out.Code != 0 {
		err = r.failed(argv, out)
	}
	found := map[string]string{}
	for line := range strings.Lines(out.Stdout) {
		if name, version, ok := strings.Cut(strings.TrimSpace(line), "=="); ok {
			found[canonical(name)] = version
		}
	}
	return found, err
}

// settled reports that everything is known to be as it should be.
func (r *pipRun) settled(installed map[string]string) bool {
	if r.Requirements != "" || r.ExtraArgs != "" || r.Editable || r.State != "present" && r.State != "absent" {
		return false
	}
	for _, name := range r.Name {
		library, version, plain := plainName(name)
		have, there := installed[library]
		switch exact, isExact := strings.CutPrefix(version, "=="); {
		case !plain:
			return false
		case r.State == "absent" && there, r.State == "present" && !there:
			return false
		case r.State == "present" && version != "" && (!isExact || strings.TrimSpace(exact) != have):
			return false
		}
	}
	return true
}

func (r *pipRun) argv() ([]string, error) {
	argv := append([]string{}, r.pip...)
	switch r.State {
	case "absent":
		argv = append(argv, "uninstall", "-y")
	case "latest":
		argv = append(argv, "install", "-U")
	case "forcereinstall":
		argv = append(argv, "install", "-U", "--force-reinstall")
	default:
		argv = append(argv, "install")
	}
	extra, err := sys.Split(r.ExtraArgs)
	if err != nil {
		return nil, fmt.Errorf("argument %q: %w", "extra_args", err)
	}
	argv = append(argv, extra...)
	if r.Editable && !strings.Contains(" "+r.ExtraArgs+" ", " -e ") {
		argv = append(argv, "-e")
	}
	if r.Requirements != "" {
		return append(argv, "-r", r.Requirements), nil
	}
	return append(argv, r.Name...), nil
}

// would asks pip what it would do. A pip that cannot tell means a change.
func (r *pipRun) would(ctx context.Context, argv []string) bool {
	if r.State == "absent" {
		return true
	}
	out, err := r.run(ctx, false, append(append([]string{}, argv...), "--dry-run", "--quiet", "--report", "-")...)
	return err != nil || out.Code != 0 || !strings.Contains(strings.ReplaceAll(out.Stdout, " ", ""), `"install":[]`)
}
