package system

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// Sysctl sets the kernel's parameters in a file, which the machine reads when it
// starts, and on request in the running kernel.
//
// Example:
//
//	tasks:
//	  - name: Forward packets
//	    sysctl:
//	      name: net.ipv4.ip_forward
//	      value: "1"
//	      sysctl_set: true
//	      sysctl_file: /etc/sysctl.d/60-forward.conf
var Sysctl = sys.Define(spec.Module{
	Name:  "sysctl",
	Names: []string{"ansible.posix.sysctl"},
}, sysctl)

type sysctlArgs struct {
	// The parameter, as net.ipv4.ip_forward.
	Name string `arg:"name,required" alias:"key"`
	// The value.
	Value *string `arg:"value" alias:"val"`
	// Whether the file should have the parameter.
	State string `arg:"state" choices:"absent,present" default:"present"`
	// The file.
	SysctlFile string `arg:"sysctl_file" type:"path" default:"/etc/sysctl.conf"`
	// Set the parameter in the running kernel, too, where it has another value.
	SysctlSet bool `arg:"sysctl_set"`
	// Let the kernel take over the file when it has changed.
	Reload bool `arg:"reload" default:"true"`
	// Let parameters pass that the kernel does not know.
	Ignoreerrors bool `arg:"ignoreerrors"`
}

type sysctlResult struct {
	// The parameter.
	Name string `json:"name"`
	// The value that was asked for.
	Value string `json:"value,omitempty"`
}

func sysctl(ctx context.Context, m *sys.Machine, a *sysctlArgs) (any, error) {
	res := &sysctlResult{Name: a.Name}
	if a.Value != nil {
		res.Value = sysctlValue(*a.Value)
	}
	switch {
	case strings.TrimSpace(a.Name) == "" || strings.ContainsAny(a.Name, " =\n"):
		return res, fmt.Errorf("argument %q: %q cannot be a parameter of the kernel", "name", a.Name)
	case a.State == "present" && res.Value == "":
		return res, fmt.Errorf("argument %q is missing", "value")
	}
	if a.SysctlSet && a.State == "present" {
		if err := setSysctl(ctx, m, a, res.Value); err != nil {
			return res, err
		}
	}
	data, err := m.ReadFile(a.SysctlFile)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return res, err
	}
	text := editSysctl(string(data), a.Name, res.Value, a.State == "present")
	if text == string(data) {
		return res, nil
	}
	_, err = m.Write(ctx, sys.Write{Path: a.SysctlFile, Content: sys.Bytes([]byte(text)), NewMode: 0o644, Follow: true})
	if err != nil || !a.Reload {
		return res, err
	}
	argv := []string{"sysctl", "-p", a.SysctlFile}
	if a.Ignoreerrors {
		argv = []string{"sysctl", "-e", "-p", a.SysctlFile}
	}
	return res, m.Change(ctx, sys.Change{What: "load " + a.SysctlFile, Do: func(ctx context.Context) error {
		_, err := m.Must(ctx, argv...)
		return err
	}})
}

// sysctlValue is the value with single spaces, and words for truth as digits.
func sysctlValue(s string) string {
	switch strings.ToLower(s) {
	case "true", "yes", "on":
		return "1"
	case "false", "no", "off":
		return "0"
	}
	return strings.Join(strings.Fields(s), " ")
}

// sysctlPath is where the kernel has a parameter. In a name with slashes the
// dots are part of it (sysctl.d(5)).
func sysctlPath(name string) string {
	if i := strings.IndexAny(name, "./"); i >= 0 && name[i] == '.' {
		name = strings.Map(func(r rune) rune {
			switch r {
			case '.':
				return '/'
			case '/':
				return '.'
			}
			return r
		}, name)
	}
	return "/proc/sys/" + name
}

func setSysctl(ctx context.Context, m *sys.Machine, a *sysctlArgs, value string) error {
	data, err := m.ReadFile(sysctlPath(a.Name))
	is := strings.Join(strings.Fields(string(data)), " ")
	if err == nil && is == value {
		return nil
	}
	if errors.Is(err, os.ErrNotExist) && !a.Ignoreerrors && !m.Check {
		return fmt.Errorf("the kernel has no parameter %q; a module that is not loaded may bring it", a.Name)
	}
	argv := []string{"sysctl", "-w", a.Name + "=" + value}
	if a.Ignoreerrors {
		argv = []string{"sysctl", "-e", "-w", a.Name + "=" + value}
	}
	return m.Change(ctx, sys.Change{What: "set " + a.Name, Before: is + "\n", After: value + "\n", BeforeName: a.Name, AfterName: a.Name,
		Do: func(ctx context.Context) error {
			_, err := m.Must(ctx, argv...)
			return err
		}})
}

// editSysctl returns the file's text with the parameter in its first place, or
// at the end, or without it.
func editSysctl(text, name, value string, present bool) string {
	var kept []string
	found := false
	for _, line := range strings.SplitAfter(text, "\n") {
		key, old, ok := strings.Cut(line, "=")
		key = strings.TrimPrefix(strings.TrimSpace(key), "-")
		if !ok || strings.HasPrefix(key, "#") || strings.HasPrefix(key, ";") || key != name {
			kept = append(kept, line)
			continue
		}
		if !present || found {
			continue
		}
		found = true
		if sysctlValue(old) != value {
			line = name + "=" + value + "\n"
		}
		kept = append(kept, line)
	}
	out := strings.Join(kept, "")
	if found || !present {
		return out
	}
	if out != "" && !strings.HasSuffix(out, "\n") {
		out += "\n"
	}
	return out + name + "=" + value + "\n"
}
