package system

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
	"fleet/internal/tasks/system/facts"
)

// Hostname sets the machine's name, now and for its next start. It does not
// touch /etc/hosts.
//
// Example:
//
//	tasks:
//	  - name: Name the machine as the inventory does
//	    hostname:
//	      name: "{{ inventory_hostname }}"
var Hostname = sys.Define(spec.Module{
	Name:  "hostname",
	Names: []string{"ansible.builtin.hostname", "ansible.legacy.hostname"},
	Facts: []string{"ansible_*"},
}, hostname)

type hostnameArgs struct {
	// The name.
	Name string `arg:"name,required"`
	// How it is set; the default is systemd's hostnamectl where systemd runs, and
	// /etc/hostname with the kernel elsewhere.
	Use string `arg:"use" choices:"alpine,debian,generic,openrc,redhat,systemd"`
}

type hostnameResult struct {
	// The name.
	Name string `json:"name"`
	// The facts that are other ones now.
	AnsibleFacts hostnameFacts `json:"ansible_facts"`
}

type hostnameFacts struct {
	// The name up to its first dot.
	Hostname string `json:"ansible_hostname"`
	// The whole name.
	Nodename string `json:"ansible_nodename"`
	// The name with its domain.
	FQDN string `json:"ansible_fqdn"`
	// The domain.
	Domain string `json:"ansible_domain"`
}

var validHostname = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*\.?$`)
})

func hostname(ctx context.Context, m *sys.Machine, a *hostnameArgs) (any, error) {
	if !validHostname().MatchString(a.Name) || len(a.Name) > 64 {
		return nil, fmt.Errorf("argument %q: %q cannot be the name of a machine: letters, digits and hyphens between dots, at most 64", "name", a.Name)
	}
	short, _, _ := strings.Cut(a.Name, ".")
	fqdn := facts.FQDN(m, a.Name)
	_, domain, _ := strings.Cut(fqdn, ".")
	res := &hostnameResult{a.Name, hostnameFacts{short, a.Name, fqdn, domain}}
	now, err := kernelName(m)
	if err != nil {
		return res, err
	}
	stored, err := m.ReadFile("/etc/hostname")
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return res, err
	}
	if now == a.Name && strings.TrimSpace(string(stored)) == a.Name {
		return res, nil
	}
	return res, setHostname(ctx, m, a, now)
}

func setHostname(ctx context.Context, m *sys.Machine, a *hostnameArgs, now string) error {
	command := []string{"hostname", a.Name}
	if a.Use == "systemd" || a.Use == "" && facts.ServiceManager(m) == "systemd" && m.Has("hostnamectl") {
		command = []string{"hostnamectl", "set-hostname", a.Name}
	} else if _, err := m.Write(ctx, sys.Write{Path: "/etc/hostname", Content: sys.Bytes([]byte(a.Name + "\n")), NewMode: 0o644}); err != nil {
		return err
	}
	if command[0] == "hostname" && now == a.Name {
		return nil
	}
	return m.Change(ctx, sys.Change{What: "set the machine's name to " + a.Name, Before: now + "\n", After: a.Name + "\n",
		BeforeName: "hostname", AfterName: "hostname",
		Do: func(ctx context.Context) error {
			_, err := m.Must(ctx, command...)
			return err
		}})
}

// kernelName returns the name that the kernel has now.
func kernelName(m *sys.Machine) (string, error) {
	if data, err := m.ReadFile("/proc/sys/kernel/hostname"); err == nil {
		return strings.TrimSpace(string(data)), nil
	}
	return os.Hostname()
}
