package packages

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"fleet/internal/tasks/sys"
)

// aptLocks are the files that apt-get and dpkg lock, the widest first.
var aptLocks = []string{"/var/lib/dpkg/lock-frontend", "/var/lib/dpkg/lock", "/var/lib/apt/lists/lock", "/var/cache/apt/archives/lock"}

// aptEnv keeps packages from asking, and makes output readable for a program.
var aptEnv = []string{"DEBIAN_FRONTEND=noninteractive", "DEBIAN_PRIORITY=critical", "LC_ALL=C", "LANGUAGE=C",
	"NEEDRESTART_SUSPEND=1"}

// aptGet runs apt-get for a change: it waits for the locks, also where somebody
// takes one between the look and the command.
func (r *aptRun) aptGet(ctx context.Context, args ...string) error {
	deadline := time.Now().Add(r.lockTimeout())
	for {
		l := locks{files: aptLocks, timeout: max(0, time.Until(deadline))}
		if r.a.LockTimeout > 0 {
			l.timeout = l.timeout.Round(time.Second)
		}
		waited, err := l.wait(ctx, r.m)
		if err != nil {
			return err
		}
		if waited != "" {
			r.warn("%s", waited)
		}
		out, err := r.m.Run(ctx, sys.Command{Argv: append([]string{"apt-get"}, args...), Env: aptEnv, Show: true})
		if err != nil {
			return err
		}
		if out.Code != 0 && lockedOut(out.Stderr) && time.Now().Before(deadline) {
			if err := pause(ctx, pollLock); err != nil {
				return err
			}
			continue
		}
		r.res.Stdout += out.Stdout
		r.res.Stderr += out.Stderr
		r.res.RC = out.Code
		if out.Code != 0 {
			return aptError(args, out)
		}
		return nil
	}
}

func lockedOut(stderr string) bool {
	return strings.Contains(stderr, "Could not get lock") || strings.Contains(stderr, "Unable to lock")
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// aptError keeps what apt-get calls errors; the rest is in the result.
func aptError(args []string, out sys.Output) error {
	var said []string
	for _, line := range strings.Split(out.Stderr, "\n") {
		if rest, ok := strings.CutPrefix(line, "E: "); ok {
			said = append(said, rest)
		}
	}
	if len(said) == 0 {
		return &sys.ExitError{Argv: append([]string{"apt-get"}, args...), Output: out}
	}
	// The unmet dependencies stand on standard output.
	if _, why, ok := strings.Cut(out.Stdout, "The following packages have unmet dependencies:\n"); ok {
		said = append(said, strings.TrimSpace(why))
	}
	return fmt.Errorf("apt-get %s: %s", verbOf(args), strings.Join(said, "; "))
}

func verbOf(args []string) string {
	for _, arg := range args {
		switch arg {
		case "update", "install", "remove", "upgrade", "dist-upgrade", "autoremove", "build-dep", "clean", "autoclean":
			return arg
		}
	}
	return strings.Join(args, " ")
}

// flags are the options that every changing command gets.
func (r *aptRun) flags() []string {
	flags := []string{"-y", "-q", "-o", "Dpkg::Use-Pty=0"}
	for _, option := range strings.Split(r.a.DpkgOptions, ",") {
		if option = strings.TrimSpace(option); option != "" {
			flags = append(flags, "-o", "Dpkg::Options::=--"+strings.TrimPrefix(option, "--"))
		}
	}
	for _, f := range []struct {
		on   bool
		flag string
	}{
		{r.a.OnlyUpgrade, "--only-upgrade"}, {r.a.FailOnAutoremove, "--no-remove"},
		{r.a.AllowDowngrade, "--allow-downgrades"}, {r.a.AllowUnauthenticated, "--allow-unauthenticated"},
		{r.a.AllowChangeHeldPackages, "--allow-change-held-packages"}, {r.a.Force, "--force-yes"},
		{r.a.InstallRecommends != nil && *r.a.InstallRecommends, "--install-recommends"},
		{r.a.InstallRecommends != nil && !*r.a.InstallRecommends, "--no-install-recommends"},
	} {
		if f.on {
			flags = append(flags, f.flag)
		}
	}
	if r.a.DefaultRelease != "" {
		flags = append(flags, "-t", r.a.DefaultRelease)
	}
	return flags
}

// simulate asks apt-get what a command would do, and does it where that is anything.
func (r *aptRun) simulate(ctx context.Context, what string, command ...string) error {
	args := append(r.flags(), command...)
	out, err := r.m.Run(ctx, sys.Command{Argv: append([]string{"apt-get", "-s"}, args...), Env: aptEnv})
	if err != nil {
		return err
	}
	if out.Code != 0 {
		r.res.Stdout, r.res.Stderr, r.res.RC = out.Stdout, out.Stderr, out.Code
		return aptError(args, out)
	}
	steps := parseSimulation(out.Stdout)
	if steps.empty() {
		return nil
	}
	if r.m.Check {
		r.res.Stdout = out.Stdout
	}
	return r.m.Change(ctx, sys.Change{
		What: what, Before: lines(steps.Remove), After: lines(steps.Install), BeforeName: "removed", AfterName: "installed",
		Do: func(ctx context.Context) error { return r.guarded(ctx, args...) },
	})
}

func lines(items []string) string {
	if len(items) == 0 {
		return ""
	}
	return strings.Join(items, "\n") + "\n"
}

// policyRCD is the program that packages ask before they start a service.
const policyRCD = "/usr/sbin/policy-rc.d"

// guarded runs apt-get with the policy-rc.d that was asked for.
func (r *aptRun) guarded(ctx context.Context, args ...string) (err error) {
	if r.a.PolicyRCD == nil {
		return r.aptGet(ctx, args...)
	}
	path := r.m.Path(policyRCD)
	aside := path + ".fleet-aside"
	if err := os.Rename(path, aside); err == nil {
		defer func() { err = errors.Join(err, os.Rename(aside, path)) }()
	} else {
		defer func() { err = errors.Join(err, os.Remove(path)) }()
	}
	script := fmt.Sprintf("#!/bin/sh\nexit %d\n", *r.a.PolicyRCD)
	if err := os.WriteFile(path, []byte(script), 0o755); err != nil {
		return err
	}
	return r.aptGet(ctx, args...)
}

func (r *aptRun) clean(ctx context.Context) error {
	files, _ := filepath.Glob(r.m.Path("/var/cache/apt/archives/*.deb"))
	if len(files) == 0 {
		return nil
	}
	return r.m.Change(ctx, sys.Change{What: "remove downloaded packages",
		Do: func(ctx context.Context) error { return r.aptGet(ctx, "clean") }})
}

func (r *aptRun) autoclean(ctx context.Context) error {
	out, err := r.m.Must(ctx, "apt-get", "-s", "autoclean")
	if err != nil || !strings.Contains("\n"+out.Stdout, "\nDel ") {
		return err
	}
	return r.m.Change(ctx, sys.Change{What: "remove downloaded packages that are outdated",
		Do: func(ctx context.Context) error { return r.aptGet(ctx, "-y", "autoclean") }})
}
