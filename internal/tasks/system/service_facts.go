package system

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
	"fleet/internal/tasks/system/facts"
)

// ServiceFacts returns the machine's services and their states as the fact
// "services", so that a task can ask whether there is such a service at all.
//
// Example:
//
//	tasks:
//	  - name: Ask which services there are
//	    service_facts:
//	  - name: Stop the firewall where there is one
//	    service:
//	      name: firewalld
//	      state: stopped
//	    when: "'firewalld.service' in services"
var ServiceFacts = sys.Define(spec.Module{
	Name:  "service_facts",
	Names: []string{"ansible.builtin.service_facts", "ansible.legacy.service_facts"},
	Facts: []string{"services"},
}, serviceFacts)

type serviceFactsArgs struct{}

type serviceFactsResult struct {
	// The fact "services": services by name (systemd's with ".service").
	AnsibleFacts serviceFactsFacts `json:"ansible_facts"`
}

type serviceFactsFacts struct {
	// Services by name.
	Services map[string]serviceFact `json:"services"`
}

type serviceFact struct {
	// The name again.
	Name string `json:"name"`
	// running, stopped, failed, inactive or unknown.
	State string `json:"state"`
	// enabled, disabled, static, masked, generated and so on, or unknown. A unit
	// that others name and that does not exist is not-found.
	Status string `json:"status"`
	// systemd, openrc or sysv.
	Source string `json:"source"`
}

func serviceFacts(ctx context.Context, m *sys.Machine, _ *serviceFactsArgs) (any, error) {
	var found map[string]serviceFact
	var err error
	switch facts.ServiceManager(m) {
	case "systemd":
		found, err = systemdServices(ctx, m)
	case "openrc":
		found = scriptServices(m, "openrc", "/etc/runlevels/*/")
	default:
		found = scriptServices(m, "sysv", "/etc/rc[2-5].d/S[0-9][0-9]")
	}
	return serviceFactsResult{serviceFactsFacts{found}}, err
}

func systemdServices(ctx context.Context, m *sys.Machine) (map[string]serviceFact, error) {
	found := map[string]serviceFact{}
	s := systemctl{m: m}
	units, err := m.Must(ctx, s.argv("list-units", "--no-pager", "--plain", "--no-legend", "--type", "service", "--all")...)
	if err != nil {
		return found, notBooted(err)
	}
	for _, line := range strings.Split(units.Stdout, "\n") {
		f := strings.Fields(line)
		if len(f) < 4 || !strings.HasSuffix(f[0], ".service") {
			continue
		}
		status := "unknown"
		if f[1] == "not-found" {
			status = f[1]
		}
		found[f[0]] = serviceFact{f[0], unitState(f[2], f[3]), status, "systemd"}
	}
	files, err := m.Must(ctx, s.argv("list-unit-files", "--no-pager", "--no-legend", "--type", "service", "--all")...)
	if err != nil {
		return found, err
	}
	for _, line := range strings.Split(files.Stdout, "\n") {
		f := strings.Fields(line)
		if len(f) < 2 || !strings.HasSuffix(f[0], ".service") {
			continue
		}
		one, ok := found[f[0]]
		if !ok {
			one = serviceFact{f[0], "inactive", "", "systemd"}
			if strings.HasSuffix(f[0], "@.service") {
				one.State = "unknown" // a template has no state of its own
			}
		}
		one.Status = f[1]
		found[f[0]] = one
	}
	return found, nil
}

func unitState(active, sub string) string {
	switch {
	case active == "failed":
		return "failed"
	case sub == "running":
		return "running"
	}
	return "stopped"
}

// scriptServices reads which start scripts there are. Whether one runs only the
// script itself could say, and asking all is not without risk.
func scriptServices(m *sys.Machine, source, enabled string) map[string]serviceFact {
	found := map[string]serviceFact{}
	entries, _ := os.ReadDir(m.Path("/etc/init.d"))
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() || info.Mode()&0o111 == 0 {
			continue
		}
		status := "disabled"
		if links, _ := filepath.Glob(m.Path(enabled) + e.Name()); len(links) > 0 {
			status = "enabled"
		}
		found[e.Name()] = serviceFact{e.Name(), "unknown", status, source}
	}
	return found
}
