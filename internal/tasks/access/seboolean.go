package access

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// Seboolean switches one of SELinux' booleans, now, and on request for good.
//
// Whether it is switched for good already can only be seen where semanage is
// installed; elsewhere what holds now is taken for it.
//
// Example:
//
//	tasks:
//	  - name: Let the web server talk to the application
//	    seboolean:
//	      name: httpd_can_network_connect
//	      state: true
//	      persistent: true
var Seboolean = sys.Define(spec.Module{
	Name:  "seboolean",
	Names: []string{"ansible.posix.seboolean"},
}, seboolean)

type sebooleanArgs struct {
	// The boolean.
	Name string `arg:"name,required"`
	// Whether it should be on.
	State bool `arg:"state,required"`
	// Keeps it so when the machine starts again.
	Persistent bool `arg:"persistent"`
	// Goes on where SELinux is off.
	IgnoreSelinuxState bool `arg:"ignore_selinux_state"`
}

type sebooleanResult struct {
	// The boolean.
	Name string `json:"name"`
	// Whether it should be on.
	State bool `json:"state"`
	// Whether that is for good.
	Persistent bool `json:"persistent"`
}

func seboolean(ctx context.Context, m *sys.Machine, a *sebooleanArgs) (any, error) {
	res := &sebooleanResult{a.Name, a.State, a.Persistent}
	text, there, err := m.ReadText("/sys/fs/selinux/booleans/" + a.Name)
	if err != nil {
		return res, err
	}
	if !there {
		if _, on, _ := m.ReadText("/sys/fs/selinux/enforce"); on {
			return res, fmt.Errorf("SELinux knows no boolean %q; `getsebool -a` lists them", a.Name)
		}
		if !a.IgnoreSelinuxState {
			return res, errors.New("SELinux is off on this machine; ignore_selinux_state: true goes on")
		}
	}
	want := map[bool]string{true: "on", false: "off"}[a.State]
	now := strings.HasPrefix(text, "1")
	kept := now
	if a.Persistent && m.Has("semanage") {
		if kept, err = keptBoolean(ctx, m, a.Name, now); err != nil {
			return res, err
		}
	}
	if there && now == a.State && (!a.Persistent || kept == a.State) {
		return res, nil
	}
	argv := []string{"setsebool", a.Name, want}
	if a.Persistent {
		argv = []string{"setsebool", "-P", a.Name, want}
	}
	return res, m.Perform(ctx, "switch "+want+" "+a.Name, argv...)
}

// keptBoolean returns the state that a boolean has after the next start.
func keptBoolean(ctx context.Context, m *sys.Machine, name string, now bool) (bool, error) {
	argv := []string{"semanage", "boolean", "-l"}
	out, err := m.Query(ctx, argv...)
	if err != nil {
		return false, err
	}
	if out.Code != 0 {
		return false, &sys.ExitError{Argv: argv, Output: out}
	}
	line := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(name) + `\s+\(\s*(?:on|off)\s*,\s*(on|off)\s*\)`)
	if f := line.FindStringSubmatch(out.Stdout); f != nil {
		return f[1] == "on", nil
	}
	return now, nil
}
