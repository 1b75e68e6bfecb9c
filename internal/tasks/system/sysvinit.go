package system

import (
	"context"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// Sysvinit starts, stops and enables services by their start scripts in
// /etc/init.d, whatever else manages services on the machine.
//
// Example:
//
//	tasks:
//	  - sysvinit:
//	      name: apache2
//	      state: started
//	      enabled: true
var Sysvinit = sys.Define(spec.Module{
	Name:  "sysvinit",
	Names: []string{"ansible.builtin.sysvinit", "ansible.legacy.sysvinit"},
	OneOf: [][]string{{"state", "enabled"}},
}, sysvinit)

type sysvinitArgs struct {
	// The service.
	Name string `arg:"name,required" alias:"service"`
	// What should be: started and stopped act only where that is needed; restarted
	// always acts; reloaded reloads, or starts what does not run.
	State string `arg:"state" choices:"started,stopped,restarted,reloaded"`
	// Whether the service starts with the machine.
	Enabled *bool `arg:"enabled"`
	// How many seconds to wait between the stop and the start of a restart.
	Sleep int `arg:"sleep" default:"1"`
	// A regular expression: the service runs where a process's command line
	// matches. Only start scripts without a status need it.
	Pattern string `arg:"pattern"`
	// Further arguments for the start script.
	Arguments string `arg:"arguments" alias:"args"`
}

func sysvinit(ctx context.Context, m *sys.Machine, a *sysvinitArgs) (any, error) {
	return serviceByScript(ctx, m, &serviceArgs{Name: a.Name, State: a.State, Enabled: a.Enabled, Sleep: a.Sleep,
		Pattern: a.Pattern, Arguments: a.Arguments, Runlevel: "default"}, "sysvinit")
}
