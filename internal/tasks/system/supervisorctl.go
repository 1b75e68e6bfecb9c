package system

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// Supervisorctl starts, stops and restarts programs that supervisord looks after,
// and has it take over their configuration.
//
// The name and password of its server come from the configuration file: on the
// command line others could read them.
//
// Example:
//
//	tasks:
//	  - name: Restart the workers
//	    supervisorctl:
//	      name: "workers:"
//	      state: restarted
var Supervisorctl = sys.Define(spec.Module{
	Name:  "supervisorctl",
	Names: []string{"community.general.supervisorctl"},
}, supervisorctl)

type supervisorctlArgs struct {
	// The program, a group with a colon behind it, or all.
	Name string `arg:"name,required"`
	// What should be: present has supervisord know the program, absent has it
	// forget it, signalled sends it a signal.
	State string `arg:"state,required" choices:"absent,present,restarted,signalled,started,stopped"`
	// supervisor's configuration file.
	Config string `arg:"config" type:"path"`
	// Where supervisord listens.
	ServerURL string `arg:"server_url"`
	// The signal, as HUP.
	Signal string `arg:"signal"`
	// The program, where it is not on the path.
	SupervisorctlPath string `arg:"supervisorctl_path" type:"path"`
}

type supervisorctlResult struct {
	// The program.
	Name string `json:"name"`
	// What was asked for.
	State string `json:"state"`
	// The programs that something was done to.
	Affected []string `json:"affected,omitempty"`
}

func supervisorctl(ctx context.Context, m *sys.Machine, a *supervisorctlArgs) (any, error) {
	res := &supervisorctlResult{Name: a.Name, State: a.State}
	if a.State == "signalled" && a.Signal == "" {
		return res, errors.New(`argument "signal" is missing, which state: signalled needs`)
	}
	if a.SupervisorctlPath == "" {
		if there, err := m.Need("supervisorctl", "supervisor"); err != nil || !there {
			if err == nil {
				err = m.Perform(ctx, a.State+" "+a.Name)
			}
			return res, err
		}
	}
	out, err := m.Query(ctx, a.argv("status")...)
	if err != nil {
		return res, err
	}
	if strings.Contains(out.Stdout, "refused connection") || strings.Contains(out.Stdout, "no such file") {
		return res, fmt.Errorf("supervisord does not answer: %s", strings.TrimSpace(out.Stdout))
	}
	programs := a.choose(out.Stdout)
	if a.State == "present" || a.State == "absent" {
		return res, a.known(ctx, m, len(programs) > 0)
	}
	if len(programs) == 0 {
		return res, fmt.Errorf("supervisord knows no program %q; state: present has it look into its configuration", a.Name)
	}
	for _, p := range programs {
		running := p.state == "RUNNING" || p.state == "STARTING"
		if a.State == "started" && running || a.State == "stopped" && !running {
			continue
		}
		res.Affected = append(res.Affected, p.name)
	}
	if len(res.Affected) == 0 {
		return res, nil
	}
	return res, a.act(ctx, m)
}

func (a *supervisorctlArgs) argv(args ...string) []string {
	argv := []string{"supervisorctl"}
	if a.SupervisorctlPath != "" {
		argv[0] = a.SupervisorctlPath
	}
	if a.Config != "" {
		argv = append(argv, "-c", a.Config)
	}
	if a.ServerURL != "" {
		argv = append(argv, "-s", a.ServerURL)
	}
	return append(argv, args...)
}

type supervised struct{ name, state string }

// choose returns the programs of the status that are meant.
func (a *supervisorctlArgs) choose(status string) []supervised {
	var programs []supervised
	for line := range strings.Lines(status) {
		f := strings.Fields(line)
		if len(f) < 2 || f[1] != strings.ToUpper(f[1]) {
			continue
		}
		group, _, _ := strings.Cut(f[0], ":")
		if a.Name == "all" || f[0] == a.Name || group+":" == a.Name || group+":*" == a.Name || a.State == "present" && group == a.Name ||
			a.State == "absent" && group == a.Name {
			programs = append(programs, supervised{f[0], f[1]})
		}
	}
	return programs
}

// known has supervisord know the program, or forget it.
func (a *supervisorctlArgs) known(ctx context.Context, m *sys.Machine, is bool) error {
	if is == (a.State == "present") {
		return nil
	}
	verb := map[bool]string{true: "remove", false: "add"}[is]
	group := strings.TrimSuffix(a.Name, ":")
	return m.Change(ctx, sys.Change{What: verb + " " + group, Do: func(ctx context.Context) error {
		if _, err := m.Must(ctx, a.argv("reread")...); err != nil {
			return err
		}
		if is {
			if _, err := m.Must(ctx, a.argv("stop", group+":*")...); err != nil {
				return err
			}
		}
		return a.said(ctx, m, verb, group)
	}})
}

// act does what the state says to all that the name stands for.
func (a *supervisorctlArgs) act(ctx context.Context, m *sys.Machine) error {
	verb, args := map[string]string{"started": "start", "stopped": "stop", "restarted": "restart", "signalled": "signal"}[a.State], []string{a.Name}
	if verb == "signal" {
		args = []string{a.Signal, a.Name}
	}
	return m.Change(ctx, sys.Change{What: verb + " " + a.Name, Do: func(ctx context.Context) error {
		if verb == "restart" {
			if _, err := m.Must(ctx, a.argv("update")...); err != nil {
				return err
			}
		}
		return a.said(ctx, m, verb, args...)
	}})
}

// said runs a command and looks at what it says: older ones end with 0 where they
// failed.
func (a *supervisorctlArgs) said(ctx context.Context, m *sys.Machine, verb string, args ...string) error {
	argv := a.argv(append([]string{verb}, args...)...)
	out, err := m.Run(ctx, sys.Command{Argv: argv, Env: []string{"LC_ALL=C"}})
	if err == nil && (out.Code != 0 || strings.Contains(out.Stdout, "ERROR (")) && !strings.Contains(out.Stdout, "ERROR (already started)") &&
		!strings.Contains(out.Stdout, "ERROR (not running)") {
		err = &sys.ExitError{Argv: argv, Output: out}
	}
	return err
}
