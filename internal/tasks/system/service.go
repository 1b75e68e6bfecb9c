package system

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"

	"fleet/internal/nearest"
	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
	"fleet/internal/tasks/system/facts"
)

// Service starts, stops and enables services with whatever manages them on the
// machine: systemd, OpenRC or the start scripts of System V. What only the module
// systemd takes is refused on machines that do not have it.
//
// Example:
//
//	tasks:
//	  - name: Take over the new configuration
//	    service:
//	      name: nginx
//	      state: reloaded
var Service = sys.Through(spec.Module{
	Name:  "service",
	Names: []string{"ansible.builtin.service", "ansible.legacy.service"},
	OneOf: [][]string{{"state", "enabled", "masked", "daemon_reload", "daemon_reexec"}, {"name", "daemon_reload", "daemon_reexec"}},
}, service, &Systemd)

// scriptOnly are the arguments of service that mean nothing to systemd.
var scriptOnly = []string{"use", "sleep", "pattern", "arguments", "args", "runlevel"}

type serviceArgs struct {
	// The service. Only daemon_reload can do without one.
	Name string `arg:"name"`
	// What should be: started and stopped act only where that is needed; restarted
	// always acts; reloaded reloads, or starts what does not run.
	State string `arg:"state" choices:"reloaded,restarted,started,stopped"`
	// Whether the service starts with the machine.
	Enabled *bool `arg:"enabled"`
	// How many seconds to wait between the stop and the start of a restart. Only
	// start scripts need it.
	Sleep int `arg:"sleep"`
	// A regular expression: the service runs where a process's command line
	// matches. Only start scripts without a status need it.
	Pattern string `arg:"pattern"`
	// Further arguments for the start script. systemd has no use for them.
	Arguments string `arg:"arguments" alias:"args"`
	// The run level of OpenRC.
	Runlevel string `arg:"runlevel" default:"default"`
	// Lets systemd read its files again first. Others have no such thing.
	DaemonReload bool `arg:"daemon_reload" alias:"daemon-reload"`
	// What manages the services; auto finds it out.
	Use string `arg:"use" choices:"auto,openrc,service,systemd,sysvinit" default:"auto"`
}

type serviceResult struct {
	// The service.
	Name string `json:"name"`
	// The state that was asked for: started after a restart, too.
	State string `json:"state,omitempty"`
	// What was asked for.
	Enabled *bool `json:"enabled,omitempty"`
	// With systemd, all that it said of the unit before anything was changed.
	Status map[string]string `json:"status,omitempty"`
	// What should be known and is no failure.
	Warnings []string `json:"warnings,omitempty"`
}

func service(ctx context.Context, m *sys.Machine, a *serviceArgs, given []byte) (any, error) {
	use := a.Use
	if use == "auto" {
		use = facts.ServiceManager(m)
	}
	if use == "systemd" {
		return Systemd.Call(ctx, m, given, scriptOnly, nil)
	}
	own := spec.Module{Declares: spec.Lazily[serviceArgs]()}
	if err := own.Decode(given, new(serviceArgs)); err != nil {
		return nil, err
	}
	return serviceByScript(ctx, m, a, use)
}

// serviceByScript does the work where no systemd is: use says what is.
func serviceByScript(ctx context.Context, m *sys.Machine, a *serviceArgs, use string) (any, error) {
	if a.Name == "" {
		return nil, errors.New(`argument "name" is missing: which service is meant?`)
	}
	s := &script{m: m, a: a, openrc: use == "openrc"}
	res := &serviceResult{Name: a.Name, State: stateAfter(a.State), Enabled: a.Enabled}
	if !s.found() {
		if !m.Foresees() {
			hint := cmp.Or(nearest.DidYouMean(a.Name, s.names()), "service_facts says which there are")
			return res, sys.Messagef("Could not find the requested service %s: host has no start script of that name in /etc/init.d\nhint: %s", a.Name, hint)
		}
		res.Warnings = []string{fmt.Sprintf("no service %q on this machine now: this works only if an earlier step installs it", a.Name)}
	}
	if a.Enabled != nil {
		if err := s.enable(ctx, *a.Enabled); err != nil {
			return res, err
		}
	}
	return res, s.state(ctx)
}

// stateAfter is the state that a service has once it is in the one asked for.
func stateAfter(asked string) string {
	if asked == "restarted" || asked == "reloaded" {
		return "started"
	}
	return asked
}

// script is a service of OpenRC or System V.
type script struct {
	m      *sys.Machine
	a      *serviceArgs
	openrc bool
}

func (s *script) found() bool { return s.m.Exists("/etc/init.d/" + s.a.Name) }

func (s *script) names() []string {
	entries, _ := os.ReadDir(s.m.Path("/etc/init.d")) // without it there are no names
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// argv is the command for one of the script's actions.
func (s *script) argv(action string) []string {
	argv := []string{"service", s.a.Name, action}
	switch {
	case s.openrc:
		argv = []string{"rc-service", s.a.Name, action}
	case !s.m.Has("service"):
		argv = []string{"/etc/init.d/" + s.a.Name, action}
	}
	if s.a.Arguments != "" && action != "status" {
		argv = append(argv, strings.Fields(s.a.Arguments)...)
	}
	return argv
}

func (s *script) running(ctx context.Context) (bool, error) {
	if !s.found() {
		return false, nil
	}
	if s.a.Pattern != "" {
		return s.matches(ctx)
	}
	out, err := s.m.Run(ctx, sys.Command{Argv: s.argv("status"), Env: []string{"LC_ALL=C"}})
	if err != nil {
		return false, err
	}
	said := strings.ToLower(out.Stdout + out.Stderr)
	// Scripts that say it and still end with 0.
	stopped := strings.Contains(said, "not running") || strings.Contains(said, "is stopped") || strings.Contains(said, "status: stopped")
	return out.Code == 0 && !stopped, nil
}

func (s *script) matches(ctx context.Context) (bool, error) {
	re, err := regexp.Compile(s.a.Pattern)
	if err != nil {
		return false, fmt.Errorf("argument %q: %w", "pattern", err)
	}
	out, err := s.m.Must(ctx, "ps", "-eo", "args")
	return re.MatchString(out.Stdout), err
}

func (s *script) state(ctx context.Context) error {
	if s.a.State == "" {
		return nil
	}
	running, err := s.running(ctx)
	if err != nil {
		return err
	}
	var actions []string
	switch {
	case s.a.State == "started" && !running, s.a.State == "restarted" && !running, s.a.State == "reloaded" && !running:
		actions = []string{"start"}
	case s.a.State == "stopped" && running:
		actions = []string{"stop"}
	case s.a.State == "reloaded" && running:
		actions = []string{"reload"}
	case s.a.State == "restarted" && s.a.Sleep > 0:
		actions = []string{"stop", "start"}
	case s.a.State == "restarted":
		actions = []string{"restart"}
	}
	if len(actions) == 0 {
		return nil
	}
	return s.m.Change(ctx, sys.Change{What: actions[len(actions)-1] + " " + s.a.Name, Do: func(ctx context.Context) error {
		for i, action := range actions {
			if i > 0 {
				select {
				case <-ctx.Done():
					return ctx.Err()
				case <-time.After(time.Duration(s.a.Sleep) * time.Second):
				}
			}
			if _, err := s.m.Must(ctx, s.argv(action)...); err != nil {
				return err
			}
		}
		return nil
	}})
}
