// Package packages holds the modules that deal with package managers: what is
// installed, from which repositories, signed by which keys. It runs on the
// target.
package packages

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// Apt installs, upgrades and removes packages of Debian and its relatives. It
// waits for another process's lock and says who holds it. The debconf system
// never asks, and configuration files that were changed by hand are kept.
//
// In check mode a package that apt does not know is reported as a change with a
// warning: an earlier step may be the one that would have added its repository.
//
// Example:
//
//	tasks:
//	  - name: nginx, from package lists that are at most an hour old
//	    apt:
//	      name: [nginx, curl]
//	      update_cache: true
//	      cache_valid_time: 3600
var Apt = sys.Define(spec.Module{
	Name:  "apt",
	Names: []string{"ansible.builtin.apt", "ansible.legacy.apt"},
	OneOf: [][]string{{"name", "deb", "update_cache", "cache_valid_time", "upgrade", "autoremove", "autoclean", "clean"}},
	Exclusive: [][]string{
		{"deb", "name", "upgrade"},
	},
	Gets: []string{"deb"},
}, apt)

type aptArgs struct {
	// The packages, each with an architecture (libc6:i386), a version (nginx=1.22*,
	// nginx>=1.20) or a release (nginx/bookworm-backports) if need be. Shell
	// patterns stand for all packages that match.
	Name []string `arg:"name" alias:"package,pkg"`
	// What should be: present, latest (upgraded where it can be), absent,
	// build-dep (what is needed to build the packages) or fixed (broken
	// dependencies repaired).
	State string `arg:"state" choices:"absent,build-dep,fixed,latest,present" default:"present"`
	// Fetch the package lists first. This counts as a change only where the task
	// does nothing else and the lists really became different ones.
	UpdateCache *bool `arg:"update_cache" alias:"update-cache"`
	// How many seconds old the lists may be before they are fetched. It implies
	// update_cache. Lists older than a file of sources are always fetched.
	CacheValidTime int `arg:"cache_valid_time" default:"0"`
	// How often fetching the lists is tried again where the network fails.
	UpdateCacheRetries int `arg:"update_cache_retries" default:"5"`
	// The longest pause in seconds between two tries; it doubles each time.
	UpdateCacheRetryMaxDelay int `arg:"update_cache_retry_max_delay" default:"12"`
	// With state absent, remove configuration files too.
	Purge bool `arg:"purge"`
	// Remove packages that were installed as dependencies and are needed no more.
	Autoremove bool `arg:"autoremove"`
	// Remove downloaded packages that cannot be downloaded any more.
	Autoclean bool `arg:"autoclean"`
	// Remove all downloaded packages.
	Clean bool `arg:"clean"`
	// Upgrade what is installed: yes or safe (nothing is removed), full or dist
	// (packages may be removed for it), or no.
	Upgrade string `arg:"upgrade" default:"no"`
	// A .deb file of the machine, or an http or https address of one, to install
	// with what it depends on.
	Deb string `arg:"deb" type:"path"`
	// The release to prefer, as with apt-get -t.
	DefaultRelease string `arg:"default_release" alias:"default-release"`
	// Whether recommended packages are installed too. The default is the machine's.
	InstallRecommends *bool `arg:"install_recommends" alias:"install-recommends"`
	// Only upgrade what is installed, install nothing new.
	OnlyUpgrade bool `arg:"only_upgrade"`
	// Fail rather than remove packages.
	FailOnAutoremove bool `arg:"fail_on_autoremove"`
	// Allow older versions than the installed ones.
	AllowDowngrade bool `arg:"allow_downgrade" alias:"allow-downgrade,allow_downgrades,allow-downgrades"`
	// Take packages whose origin cannot be proven.
	AllowUnauthenticated bool `arg:"allow_unauthenticated" alias:"allow-unauthenticated"`
	// Allow changes of packages that are on hold.
	AllowChangeHeldPackages bool `arg:"allow_change_held_packages"`
	// As apt-get --force-yes, which takes everything. Dangerous.
	Force bool `arg:"force"`
	// Always true here: apt-get is what is used.
	ForceAptGet bool `arg:"force_apt_get"`
	// Options for dpkg, with commas between them.
	DpkgOptions string `arg:"dpkg_options" default:"force-confdef,force-confold"`
	// How many seconds to wait for another process's lock.
	LockTimeout int `arg:"lock_timeout" default:"60"`
	// The exit code of policy-rc.d while the packages are installed: 101 keeps
	// their services from being started.
	PolicyRCD *int `arg:"policy_rc_d"`
}

type aptResult struct {
	// Whether the package lists were fetched.
	CacheUpdated bool `json:"cache_updated"`
	// When the package lists were fetched last, in seconds since 1970.
	CacheUpdateTime int64 `json:"cache_update_time"`
	// What apt-get wrote.
	Stdout string `json:"stdout"`
	// What apt-get wrote on standard error.
	Stderr string `json:"stderr"`
	// The exit code of apt-get.
	RC int `json:"rc"`
	// What should be known and is no failure.
	Warnings []string `json:"warnings,omitempty"`
}

// aptRun is one run of the module.
type aptRun struct {
	m   *sys.Machine
	a   *aptArgs
	db  *dpkgDatabase
	res aptResult
	// fresh tells that the lists were fetched, or are of valid age.
	fresh bool
}

func apt(ctx context.Context, m *sys.Machine, a *aptArgs) (any, error) {
	if !m.Has("apt-get") {
		return nil, errors.New("this machine has no apt-get; use the module package, or dnf or yum where they are its package manager")
	}
	upgrade, err := upgradeKind(a.Upgrade)
	if err != nil {
		return nil, err
	}
	r := &aptRun{m: m, a: a}
	err = r.steps(ctx, upgrade)
	r.res.CacheUpdateTime = listsTime(m).Unix()
	return &r.res, err
}

// upgradeKind returns apt-get's verb for an upgrade, or nothing.
func upgradeKind(upgrade string) (string, error) {
	switch strings.ToLower(upgrade) {
	case "no", "false", "":
		return "", nil
	case "yes", "true", "safe":
		return "upgrade", nil
	case "full", "dist":
		return "dist-upgrade", nil
	}
	return "", fmt.Errorf("argument %q is %q, which is none of dist, full, no, safe, yes", "upgrade", upgrade)
}

func (r *aptRun) steps(ctx context.Context, upgrade string) (err error) {
	only := len(r.a.Name) == 0 && r.a.Deb == "" && upgrade == "" && !r.a.Autoremove && !r.a.Autoclean && !r.a.Clean
	if err := r.updateLists(ctx, only); err != nil || only {
		return err
	}
	if r.db, err = readDpkg(r.m); err != nil {
		return err
	}
	if r.a.Clean {
		if err := r.clean(ctx); err != nil {
			return err
		}
	}
	switch {
	case upgrade != "":
		err = r.simulate(ctx, "upgrade all packages", append([]string{upgrade}, r.withNew(upgrade)...)...)
	case r.a.Deb != "":
		err = r.debFile(ctx)
	case len(r.a.Name) > 0:
		err = r.named(ctx)
	case r.a.Autoremove:
		verb := []string{"autoremove"}
		if r.a.Purge {
			verb = append(verb, "--purge")
		}
		err = r.simulate(ctx, "remove what is needed no more", verb...)
	}
	if err == nil && r.a.Autoclean {
		err = r.autoclean(ctx)
	}
	return err
}

// withNew lets a safe upgrade install new dependencies, as aptitude's does.
func (r *aptRun) withNew(verb string) []string {
	var flags []string
	if verb == "upgrade" {
		flags = append(flags, "--with-new-pkgs")
	}
	if r.a.Autoremove {
		flags = append(flags, "--auto-remove")
	}
	return flags
}

func (r *aptRun) named(ctx context.Context) error {
	names := words(r.a.Name)
	switch r.a.State {
	case "absent":
		return r.remove(ctx, names)
	case "build-dep":
		return r.simulate(ctx, "install what is needed to build "+list(names), append([]string{"build-dep"}, names...)...)
	case "fixed":
		return r.simulate(ctx, "repair dependencies", append([]string{"--fix-broken", "install"}, names...)...)
	}
	return r.install(ctx, names)
}

// words drops empty names, which templates easily leave in lists.
func words(names []string) []string {
	var out []string
	for _, name := range names {
		if name = strings.TrimSpace(name); name != "" {
			out = append(out, name)
		}
	}
	return out
}

// list shortens names for a sentence.
func list(names []string) string {
	const most = 8
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

func (r *aptRun) lockTimeout() time.Duration { return time.Duration(r.a.LockTimeout) * time.Second }

func (r *aptRun) warn(format string, args ...any) {
	r.res.Warnings = append(r.res.Warnings, fmt.Sprintf(format, args...))
}
