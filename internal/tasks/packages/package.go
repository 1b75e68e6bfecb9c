package packages

import (
	"context"
	"encoding/json"
	"fmt"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
	"fleet/internal/tasks/system/facts"
)

// Package installs and removes packages with the package manager that the
// machine has: apt, dnf or yum. It takes what they have in common.
//
// Example:
//
//	tasks:
//	  - name: curl, whatever the distribution is
//	    package:
//	      name: curl
var Package = sys.Define(spec.Module{
	Name:  "package",
	Names: []string{"ansible.builtin.package", "ansible.legacy.package"},
	OneOf: [][]string{{"name", "update_cache", "cache_valid_time"}},
}, package_)

type packageArgs struct {
	// The packages. Their names differ from one distribution to another.
	Name []string `arg:"name"`
	// What should be.
	State string `arg:"state" choices:"absent,installed,latest,present,removed" default:"present"`
	// The package manager; auto finds it out.
	Use string `arg:"use" choices:"apt,auto,dnf,dnf5,yum" default:"auto"`
	// Fetch the package lists first.
	UpdateCache *bool `arg:"update_cache"`
	// With apt, how many seconds old the package lists may be.
	CacheValidTime *int `arg:"cache_valid_time"`
	// An older version than the one that is there may take its place.
	AllowDowngrade *bool `arg:"allow_downgrade"`
	// With dnf and yum, repositories to take into account for this, as patterns.
	Enablerepo []string `arg:"enablerepo"`
	// With dnf and yum, repositories to leave out, as patterns.
	Disablerepo []string `arg:"disablerepo"`
}

func package_(ctx context.Context, m *sys.Machine, a *packageArgs) (any, error) {
	use := a.Use
	if use == "auto" {
		use = facts.PackageManager(m)
	}
	state := map[string]string{"installed": "present", "removed": "absent"}[a.State]
	if state == "" {
		state = a.State
	}
	given := map[string]any{"state": state}
	if len(a.Name) > 0 {
		given["name"] = a.Name
	}
	if a.UpdateCache != nil {
		given["update_cache"] = *a.UpdateCache
	}
	if a.CacheValidTime != nil && use == "apt" {
		given["cache_valid_time"] = *a.CacheValidTime
	}
	if a.AllowDowngrade != nil {
		given["allow_downgrade"] = *a.AllowDowngrade
	}
	if len(a.Enablerepo) > 0 {
		given["enablerepo"] = a.Enablerepo // apt has no such argument, and says so
	}
	if len(a.Disablerepo) > 0 {
		given["disablerepo"] = a.Disablerepo
	}
	data, err := json.Marshal(given)
	if err != nil {
		return nil, err
	}
	switch use {
	case "apt":
		var args aptArgs
		if err := Apt.Decode(data, &args); err != nil {
			return nil, err
		}
		return apt(ctx, m, &args)
	case "dnf", "dnf5", "yum":
		var args rpmArgs
		if err := Dnf.Decode(data, &args); err != nil {
			return nil, err
		}
		if use == "yum" {
			return yum(ctx, m, &args)
		}
		return dnf(ctx, m, &args)
	}
	return nil, fmt.Errorf("the machine's package manager is %q, which is not supported; apt, dnf and yum are", use)
}
