package system

import (
	"context"
	"fmt"
	"strings"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// Systemd starts, stops, enables and masks units of systemd. It asks systemd
// once what a unit is and does only what is missing.
//
// A unit that does not exist is a failure. Where the whole run is in check mode it is
// a change with a warning: an earlier step may be the one that would have installed it.
//
// Example:
//
//	tasks:
//	  - name: nginx runs, also after the next start of the machine
//	    systemd:
//	      name: nginx
//	      state: started
//	      enabled: true
var Systemd = sys.Define(spec.Module{
	Name: "systemd",
	Names: []string{"ansible.builtin.systemd", "ansible.builtin.systemd_service", "ansible.legacy.systemd",
		"ansible.legacy.systemd_service", "systemd_service"},
}, systemd)

type systemdArgs struct {
	// The unit. Without a suffix a service is meant. With nothing else, the result
	// only tells what systemd says of it.
	Name string `arg:"name" alias:"service,unit"`
	// What should be: started and stopped act only where that is needed; restarted
	// always acts; reloaded reloads, or starts what does not run.
	State string `arg:"state" choices:"reloaded,restarted,started,stopped"`
	// Whether the unit starts with the machine.
	Enabled *bool `arg:"enabled"`
	// Whether the unit is made impossible to start.
	Masked *bool `arg:"masked"`
	// Let systemd read all unit files anew before anything else. It is no change by itself.
	DaemonReload bool `arg:"daemon_reload" alias:"daemon-reload"`
	// Let systemd start itself anew before anything else. It is no change by itself.
	DaemonReexec bool `arg:"daemon_reexec" alias:"daemon-reexec"`
	// Whose systemd: the machine's, the user's, or the settings for all users.
	Scope string `arg:"scope" choices:"system,user,global" default:"system"`
	// Replace links that are in the way of enabling.
	Force bool `arg:"force"`
	// Do not wait until a unit has started or stopped.
	NoBlock bool `arg:"no_block"`
}

type systemdResult struct {
	// The unit.
	Name string `json:"name,omitempty"`
	// What was asked for.
	State string `json:"state,omitempty"`
	// What was asked for.
	Enabled *bool `json:"enabled,omitempty"`
	// All that systemd said of the unit before anything was changed.
	Status map[string]string `json:"status"`
	// What should be known and is no failure.
	Warnings []string `json:"warnings,omitempty"`
}

func systemd(ctx context.Context, m *sys.Machine, a *systemdArgs) (any, error) {
	s := systemctl{m: m, scope: a.Scope, noBlock: a.NoBlock, force: a.Force}
	res := &systemdResult{Name: a.Name, State: stateAfter(a.State), Enabled: a.Enabled, Status: map[string]string{}}
	if a.Name == "" && (a.State != "" || a.Enabled != nil || a.Masked != nil) {
		return nil, fmt.Errorf("argument %q is missing: which unit is meant?", "name")
	}
	if err := s.reload(ctx, a.DaemonReload, a.DaemonReexec); err != nil || a.Name == "" {
		return res, err
	}
	u, err := s.show(ctx, a.Name)
	if err != nil {
		return res, err
	}
	res.Status = u
	want := unitWish{state: a.State, enabled: a.Enabled, masked: a.Masked}
	warning, err := s.bring(ctx, a.Name, u, want)
	if warning != "" {
		res.Warnings = append(res.Warnings, warning)
	}
	return res, err
}

// unitWish is what a unit should be. Empty fields leave it as it is.
type unitWish struct {
	state           string
	enabled, masked *bool
}

// systemctl talks to one systemd.
type systemctl struct {
	m              *sys.Machine
	scope          string
	noBlock, force bool
}

func (s systemctl) argv(args ...string) []string {
	argv := []string{"systemctl"}
	if s.scope != "" && s.scope != "system" {
		argv = append(argv, "--"+s.scope)
	}
	return append(argv, args...)
}

func (s systemctl) reload(ctx context.Context, reload, reexec bool) error {
	for _, step := range []struct {
		on   bool
		verb string
	}{{reexec, "daemon-reexec"}, {reload, "daemon-reload"}} {
		if !step.on || s.m.Check {
			continue
		}
		if _, err := s.m.Must(ctx, s.argv(step.verb)...); err != nil {
			return notBooted(err)
		}
	}
	return nil
}

// unit is what systemctl show says: properties by name.
type unit map[string]string

// show asks systemd for all properties of a unit.
func (s systemctl) show(ctx context.Context, name string) (unit, error) {
	out, err := s.m.Run(ctx, sys.Command{Argv: s.argv("show", "--", name), Env: []string{"LC_ALL=C"}})
	if err != nil {
		return nil, fmt.Errorf("systemd does not manage this machine: %w; use the module service", err)
	}
	if out.Code != 0 {
		return nil, notBooted(&sys.ExitError{Argv: s.argv("show", name), Output: out})
	}
	u := unit{}
	for _, line := range strings.Split(out.Stdout, "\n") {
		if key, value, ok := strings.Cut(line, "="); ok {
			u[key] = value
		}
	}
	return u, nil
}

// notBooted says plainly what systemctl means by its two sentences about a
// machine whose first process is another one.
func notBooted(err error) error {
	if text := err.Error(); strings.Contains(text, "not been booted with systemd") || strings.Contains(text, "Failed to connect to bus") {
		return fmt.Errorf("systemd does not run on this machine, as in a plain container (%w)", err)
	}
	return err
}

// found reports whether the unit exists: as a unit file, a generated unit or an
// old start script.
func (u unit) found() bool {
	return u["LoadState"] != "not-found" && u["LoadState"] != "bad-setting" && u["LoadState"] != "error"
}

func (u unit) masked() bool {
	return u["LoadState"] == "masked" || strings.HasPrefix(u["UnitFileState"], "masked")
}

func (u unit) running() bool {
	return u["ActiveState"] == "active" || u["ActiveState"] == "activating" || u["ActiveState"] == "reloading"
}

// enabled reports whether the unit starts with the machine. fixed is a unit that
// systemd starts by other means: it can be neither enabled nor disabled. One that
// is indirect is known by another name, or enables others: it is not enabled itself,
// and only is-enabled says more. Neither is one that starts until the next start of
// the machine (enabled-runtime), nor one that is only made known (linked).
func (u unit) enabled() (on, fixed bool) {
	switch u["UnitFileState"] {
	case "enabled", "alias":
		return true, false
	case "static", "transient":
		return false, true
	}
	return false, false
}
