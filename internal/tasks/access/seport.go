package access

import (
	"context"
	"errors"
	"slices"
	"strings"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// Seport says what kind of service may listen at a port under SELinux, now and
// when the machine starts again. It works with semanage.
//
// A port that has another kind by the policy gets this one; absent takes back what
// was said of it here, and fails for what the policy itself says.
//
// Example:
//
//	tasks:
//	  - name: Let the web server listen at some more ports
//	    seport:
//	      ports: [8888, 9000-9010]
//	      proto: tcp
//	      setype: http_port_t
var Seport = sys.Define(spec.Module{
	Name:  "seport",
	Names: []string{"community.general.seport"},
}, seport)

type seportArgs struct {
	// The ports, and ranges of ports as 9000-9010.
	Ports []string `arg:"ports,required"`
	// The protocol.
	Proto string `arg:"proto,required" choices:"tcp,udp"`
	// The kind of service, as http_port_t.
	Setype string `arg:"setype,required"`
	// Whether the ports should be of that kind.
	State string `arg:"state" choices:"absent,present" default:"present"`
	// Takes the change over at once.
	Reload bool `arg:"reload" default:"yes"`
	// Goes on where SELinux is off.
	IgnoreSelinuxState bool `arg:"ignore_selinux_state"`
	// Looks only at what was said on this machine, not at what the policy brought.
	Local bool `arg:"local"`
}

type seportResult struct {
	// The ports.
	Ports []string `json:"ports"`
	// The protocol.
	Proto string `json:"proto"`
	// The kind of service.
	Setype string `json:"setype"`
	// What should be.
	State string `json:"state"`
}

func seport(ctx context.Context, m *sys.Machine, a *seportArgs) (any, error) {
	res := &seportResult{a.Ports, a.Proto, a.Setype, a.State}
	if _, on, _ := m.ReadText("/sys/fs/selinux/enforce"); !on && !a.IgnoreSelinuxState {
		return res, errors.New("SELinux is disabled on this host.\nhint: ignore_selinux_state: true goes on")
	}
	if !m.Has("semanage") {
		return res, errors.New("this machine has no semanage\nhint: the package policycoreutils-python-utils has it")
	}
	kinds, err := portKinds(ctx, m, a.Proto, a.Local)
	if err != nil {
		return res, err
	}
	all := kinds
	if a.Local && a.State == "present" {
		if all, err = portKinds(ctx, m, a.Proto, false); err != nil {
			return res, err
		}
	}
	for _, port := range a.Ports {
		here := slices.Contains(kinds[port], a.Setype)
		if here == (a.State == "present") {
			continue
		}
		if err := m.Perform(ctx, a.what(port), a.argv(port, len(all[port]) > 0)...); err != nil {
			return res, err
		}
	}
	return res, nil
}

func (a *seportArgs) what(port string) string {
	if a.State == "absent" {
		return "take " + a.Setype + " from port " + port + "/" + a.Proto
	}
	return "give " + a.Setype + " to port " + port + "/" + a.Proto
}

// argv is the command for a port; known says that it has some kind already.
func (a *seportArgs) argv(port string, known bool) []string {
	argv := []string{"semanage", "port"}
	if !a.Reload {
		argv = append(argv, "-N")
	}
	switch {
	case a.State == "absent":
		argv = append(argv, "-d")
	case known:
		argv = append(argv, "-m", "-t", a.Setype)
	default:
		argv = append(argv, "-a", "-t", a.Setype)
	}
	return append(argv, "-p", a.Proto, port)
}

// portKinds returns the kinds that ports and ranges of a protocol have.
func portKinds(ctx context.Context, m *sys.Machine, proto string, local bool) (map[string][]string, error) {
	argv := []string{"semanage", "port", "-l", "-n"}
	if local {
		argv = append(argv, "-C")
	}
	out, err := m.Query(ctx, argv...)
	if err != nil {
		return nil, err
	}
	if out.Code != 0 {
		return nil, &sys.ExitError{Argv: argv, Output: out}
	}
	kinds := map[string][]string{}
	for line := range strings.Lines(out.Stdout) {
		f := strings.Fields(strings.ReplaceAll(line, ",", " "))
		if len(f) < 3 || f[1] != proto {
			continue
		}
		for _, port := range f[2:] {
			kinds[port] = append(kinds[port], f[0])
		}
	}
	return kinds, nil
}
