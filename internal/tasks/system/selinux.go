package system

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
	"fleet/internal/tasks/system/facts"
)

// Selinux sets the mode of SELinux, now and for the next start of the machine.
// Switching it on or off altogether needs a restart, which reboot_required
// tells. On a machine without SELinux, state disabled is what is the case
// already, and the others are failures: ask for ansible_selinux.status first.
//
// Example:
//
//	tasks:
//	  - name: Let nginx reach the containers
//	    selinux:
//	      policy: targeted
//	      state: permissive
//	    when: ansible_selinux.status == "enabled"
var Selinux = sys.Define(spec.Module{
	Name:  "selinux",
	Names: []string{"ansible.posix.selinux"},
}, selinux)

type selinuxArgs struct {
	// The mode.
	State string `arg:"state,required" choices:"disabled,enforcing,permissive"`
	// The policy. It is needed unless the state is disabled, or the configuration
	// names one already.
	Policy string `arg:"policy"`
	// The file of the configuration.
	Configfile string `arg:"configfile" alias:"conf,file" type:"path" default:"/etc/selinux/config"`
}

type selinuxResult struct {
	// The file of the configuration.
	Configfile string `json:"configfile"`
	// What was done.
	Msg string `json:"msg"`
	// The policy.
	Policy string `json:"policy"`
	// The mode that was asked for.
	State string `json:"state"`
	// Whether the mode takes effect only at the next start of the machine.
	RebootRequired bool `json:"reboot_required"`
}

func selinux(ctx context.Context, m *sys.Machine, a *selinuxArgs) (any, error) {
	res := &selinuxResult{Configfile: a.Configfile, State: a.State, Policy: a.Policy}
	now := facts.FindSELinux(m)
	data, err := m.ReadFile(a.Configfile)
	if errors.Is(err, os.ErrNotExist) && !now.Enabled {
		if a.State != "disabled" {
			return res, fmt.Errorf("this machine has no SELinux: there is no %s, and the kernel runs without it", a.Configfile)
		}
		res.Msg = "this machine has no SELinux"
		return res, nil
	}
	if err != nil {
		return res, fmt.Errorf("the configuration of SELinux cannot be read: %w", err)
	}
	text := string(data)
	if res.Policy == "" {
		res.Policy = setting(text, "SELINUXTYPE")
	}
	if res.Policy == "" && a.State != "disabled" {
		return res, fmt.Errorf("argument %q is missing, and %s names none", "policy", a.Configfile)
	}
	if _, err := os.Stat(m.Path("/etc/selinux/" + res.Policy)); err != nil && a.State != "disabled" && !m.Check {
		return res, fmt.Errorf("policy %q is not installed: there is no folder /etc/selinux/%s", res.Policy, res.Policy)
	}
	if err := selinuxNow(ctx, m, a.State, now, res); err != nil {
		return res, err
	}
	edited := setSetting(text, "SELINUX", a.State)
	if res.Policy != "" {
		edited = setSetting(edited, "SELINUXTYPE", res.Policy)
	}
	_, err = m.Write(ctx, sys.Write{Path: a.Configfile, Content: sys.Bytes([]byte(edited)), NewMode: 0o644, Follow: true})
	return res, err
}

// selinuxNow changes the mode of the running kernel as far as that goes.
func selinuxNow(ctx context.Context, m *sys.Machine, state string, now facts.SELinux, res *selinuxResult) error {
	if !now.Enabled {
		res.RebootRequired = state != "disabled"
		if res.RebootRequired {
			res.Msg = "SELinux starts with the machine's next start"
		}
		return nil
	}
	mode := state
	if state == "disabled" {
		mode, res.RebootRequired = "permissive", true
		res.Msg = "SELinux is permissive until the machine's next start, and disabled from then on"
	}
	if mode == now.Mode {
		return nil
	}
	if res.Msg == "" {
		res.Msg = "SELinux state changed from " + now.Mode + " to " + mode
	}
	digit := map[string]string{"enforcing": "1", "permissive": "0"}[mode]
	return m.Change(ctx, sys.Change{What: "set SELinux to " + mode, Before: now.Mode + "\n", After: mode + "\n",
		BeforeName: "SELinux", AfterName: "SELinux",
		Do: func(ctx context.Context) error {
			_, err := m.Must(ctx, "setenforce", digit)
			return err
		}})
}

// setting returns the value of KEY=value in a text of such lines.
func setting(text, key string) string {
	for _, line := range strings.Split(text, "\n") {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), key+"="); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// setSetting returns the text with KEY=value in it.
func setSetting(text, key, value string) string {
	line := regexp.MustCompile(`(?m)^[ \t]*` + key + `=.*$`)
	if line.MatchString(text) {
		return line.ReplaceAllLiteralString(text, key+"="+value)
	}
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	return text + key + "=" + value + "\n"
}
