package packages

import (
	"context"
	"fmt"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
	"fleet/internal/tasks/system/facts"
)

// Package installs and removes packages with the package manager that the
// machine has: apt, dnf or yum. It takes what the modules of these take; where the
// machine's own has no such argument, it says so there.
//
// Example:
//
//	tasks:
//	  - name: curl, whatever the distribution is
//	    package:
//	      name: curl
var Package = sys.Through(spec.Module{
	Name:  "package",
	Names: []string{"ansible.builtin.package", "ansible.legacy.package"},
	OneOf: [][]string{{"name", "deb", "update_cache", "cache_valid_time", "upgrade", "autoremove", "autoclean", "clean", "list"}},
	Gets:  []string{"deb", "name"},
}, package_, &Apt, &Dnf)

type packageArgs struct {
	// The packages. Their names differ from one distribution to another.
	Name []string `arg:"name" alias:"package,pkg"`
	// What should be.
	State string `arg:"state" choices:"absent,installed,latest,present,removed" default:"present"`
	// The package manager; auto finds it out.
	Use string `arg:"use" choices:"apt,auto,dnf,dnf5,yum" default:"auto"`
	// Fetch the package lists first.
	UpdateCache bool `arg:"update_cache"`
	// With apt, how many seconds old the package lists may be; others ignore it.
	CacheValidTime *int `arg:"cache_valid_time"`
	// An older version than the one that is there may take its place.
	AllowDowngrade bool `arg:"allow_downgrade"`
	// With dnf and yum, repositories to take into account for this, as patterns.
	Enablerepo []string `arg:"enablerepo"`
	// With dnf and yum, repositories to leave out, as patterns.
	Disablerepo []string `arg:"disablerepo"`
}

func package_(ctx context.Context, m *sys.Machine, a *packageArgs, given []byte) (any, error) {
	use := a.Use
	if use == "auto" {
		use = facts.PackageManager(m)
	}
	state := map[string]string{"installed": "present", "removed": "absent"}[a.State]
	if state == "" {
		state = a.State
	}
	with := map[string]any{"state": state}
	switch use {
	case "apt":
		return Apt.Call(ctx, m, given, []string{"use"}, with)
	case "dnf", "dnf5":
		return Dnf.Call(ctx, m, given, []string{"use", "cache_valid_time"}, with)
	case "yum":
		return Yum.Call(ctx, m, given, []string{"use", "cache_valid_time"}, with)
	}
	return nil, fmt.Errorf("the machine's package manager is %q, which is not supported; apt, dnf and yum are", use)
}
