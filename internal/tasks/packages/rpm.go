package packages

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"fleet/internal/tasks/sys"
)

// rpmRun is one run of the modules dnf and yum.
type rpmRun struct {
	m       *sys.Machine
	a       *rpmArgs
	program string
	res     *rpmResult
}

// rpmPackages brings packages to what is wanted, with the first of the programs
// that the machine has.
func rpmPackages(ctx context.Context, m *sys.Machine, a *rpmArgs, programs ...string) (any, error) {
	if backend := strings.TrimSuffix(a.UseBackend, "4"); backend != "auto" {
		programs = []string{backend}
	}
	i := slices.IndexFunc(programs, m.Has)
	if i < 0 {
		return nil, fmt.Errorf("this machine has no %s; use the module package, or apt on Debian and its relatives", programs[0])
	}
	r := &rpmRun{m: m, a: a, program: programs[i], res: &rpmResult{Results: []string{}}}
	if a.List != "" {
		return r.list(ctx)
	}
	if a.UpdateCache && !m.Check {
		if err := r.manage(ctx, append(r.flags(), "makecache")...); err != nil {
			return r.res, err
		}
	}
	names := words(a.Name)
	var err error
	switch {
	case len(names) == 0 && a.Autoremove:
		err = r.autoremove(ctx)
	case len(names) == 0:
	case a.State == "absent" || a.State == "removed":
		err = r.remove(ctx, names)
	case a.State == "latest":
		err = r.latest(ctx, names)
	default:
		err = r.present(ctx, names)
	}
	return r.res, err
}

// flags are the options that every command gets.
func (r *rpmRun) flags() []string {
	a, flags := r.a, []string{"-y"}
	for _, repo := range words(a.Disablerepo) {
		flags = append(flags, "--disablerepo="+repo)
	}
	for _, repo := range words(a.Enablerepo) {
		flags = append(flags, "--enablerepo="+repo)
	}
	for _, name := range words(a.Exclude) {
		flags = append(flags, "--exclude="+name)
	}
	for _, name := range words(a.DisablePlugin) {
		flags = append(flags, "--disableplugin="+name)
	}
	for _, name := range words(a.EnablePlugin) {
		flags = append(flags, "--enableplugin="+name)
	}
	for _, f := range []struct {
		on   bool
		flag string
	}{
		{a.ConfFile != "", "--config=" + a.ConfFile}, {a.Releasever != "", "--releasever=" + a.Releasever},
		{a.DisableGPGCheck, "--nogpgcheck"}, {a.SkipBroken, "--skip-broken"}, {a.Allowerasing, "--allowerasing"},
		{a.Nobest != nil && *a.Nobest, "--nobest"}, {a.Nobest != nil && !*a.Nobest, "--best"},
		{a.Best != nil && *a.Best, "--best"}, {a.Best != nil && !*a.Best, "--nobest"}, {a.Cacheonly, "--cacheonly"},
		{a.Installroot != "/", "--installroot=" + a.Installroot}, {a.DisableExcludes != "", "--disableexcludes=" + a.DisableExcludes},
		{!a.SSLVerify || !a.ValidateCerts, "--setopt=sslverify=0"}, {!a.InstallWeakDeps, "--setopt=install_weak_deps=False"},
		{a.DownloadOnly, "--downloadonly"}, {a.DownloadDir != "", "--downloaddir=" + a.DownloadDir},
	} {
		if f.on {
			flags = append(flags, f.flag)
		}
	}
	return flags
}

// updateFlags are the options of a command that looks for updates, or takes them.
func (r *rpmRun) updateFlags() []string {
	flags := r.flags()
	if r.a.Security {
		flags = append(flags, "--security")
	}
	if r.a.Bugfix {
		flags = append(flags, "--bugfix")
	}
	return flags
}

var rpmLocks = []string{"/var/lib/rpm/.rpm.lock", "/usr/lib/sysimage/rpm/.rpm.lock"}

// pidLocks are files with the number of the process that holds a lock.
var pidLocks = []string{"/var/run/yum.pid", "/var/cache/dnf/metadata_lock.pid", "/var/lib/dnf/rpmdb_lock.pid",
	"/var/cache/dnf/download_lock.pid", "/var/run/dnf/rpmdb_lock.pid"}

// pidHolder returns the living process that a lock file names, or nil.
func pidHolder(m *sys.Machine) *holder {
	for _, file := range pidLocks {
		data, err := m.ReadFile(file)
		if err != nil {
			continue
		}
		pid, err := strconv.Atoi(strings.TrimSpace(string(data)))
		if err == nil && pid > 0 && syscall.Kill(pid, 0) != syscall.ESRCH {
			return &holder{pid, processName(pid), file}
		}
	}
	return nil
}

// manage runs the package manager for a change, behind those who were first.
func (r *rpmRun) manage(ctx context.Context, args ...string) error {
	l := locks{files: rpmLocks, timeout: time.Duration(r.a.LockTimeout) * time.Second, held: pidHolder}
	waited, err := l.wait(ctx, r.m)
	if err != nil {
		return err
	}
	if waited != "" {
		r.res.Warnings = append(r.res.Warnings, waited)
	}
	argv := append([]string{r.program}, args...)
	out, err := r.m.Run(ctx, sys.Command{Argv: argv, Env: []string{"LC_ALL=C"}, Show: true})
	r.res.RC = out.Code
	r.res.Stdout += out.Stdout
	r.res.Stderr += out.Stderr
	if err == nil && out.Code != 0 {
		err = r.failed(ctx, argv, out)
	}
	return err
}
