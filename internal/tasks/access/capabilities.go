package access

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// Capabilities lets a program do something that else only root may
// (capabilities(7)), with setcap and getcap.
//
// Example:
//
//	tasks:
//	  - name: Let the proxy have the low ports
//	    capabilities:
//	      path: /usr/local/bin/proxy
//	      capability: cap_net_bind_service+ep
var Capabilities = sys.Define(spec.Module{
	Name:  "capabilities",
	Names: []string{"community.general.capabilities"},
}, capabilities)

type capabilitiesArgs struct {
	// The program's file.
	Path string `arg:"path,required" type:"path" alias:"key"`
	// The capability, with its flags where it should be there: cap_net_raw+ep.
	Capability string `arg:"capability,required" alias:"cap"`
	// Whether the program should have it.
	State string `arg:"state" choices:"absent,present" default:"present"`
}

type capabilitiesResult struct {
	// What was done.
	Msg string `json:"msg"`
}

func capabilities(ctx context.Context, m *sys.Machine, a *capabilitiesArgs) (any, error) {
	res := &capabilitiesResult{Msg: "capabilities unchanged"}
	path, err := m.Expand(a.Path)
	if err != nil {
		return res, err
	}
	name, flags := splitCapability(strings.ToLower(a.Capability))
	if !strings.HasPrefix(name, "cap_") || a.State == "present" && flags == "" {
		return res, fmt.Errorf("argument %q: %q is not of the form \"cap_net_raw+ep\"", "capability", a.Capability)
	}
	if there, err := m.Need("getcap", "libcap2-bin or libcap"); err != nil || !there {
		return res, err
	}
	out, err := m.Must(ctx, "getcap", "-v", path)
	if err != nil {
		return res, err
	}
	now := parseCapabilities(strings.TrimPrefix(strings.TrimSpace(out.Stdout), path))
	before := textOf(now)
	if delete(now, name); a.State == "present" {
		now[name] = flags
	}
	after := textOf(now)
	if before == after {
		return res, nil
	}
	argv := []string{"setcap", after, path}
	if after == "" {
		argv = []string{"setcap", "-r", path}
	}
	res.Msg = "capabilities changed"
	return res, m.Change(ctx, sys.Change{What: "set the capabilities of " + path, Before: before + "\n", After: after + "\n",
		BeforeName: path, AfterName: path,
		Do: func(ctx context.Context) error {
			_, err := m.Must(ctx, argv...)
			return err
		}})
}

// splitCapability cuts "cap_a+ep" and "cap_a=ep", and sorts the flags.
func splitCapability(s string) (name, flags string) {
	at := strings.IndexAny(s, "+=")
	if at < 0 {
		return s, ""
	}
	letters := strings.Split(s[at+1:], "")
	slices.Sort(letters)
	return s[:at], strings.Join(letters, "")
}

// parseCapabilities reads what getcap writes behind the file's name, in its old
// and its new form: "= cap_a,cap_b+ep" and "cap_a,cap_b=ep cap_c=p".
func parseCapabilities(text string) map[string]string {
	all := map[string]string{}
	for word := range strings.FieldsSeq(text) {
		names, flags := splitCapability(word)
		for name := range strings.SplitSeq(names, ",") {
			if strings.HasPrefix(name, "cap_") {
				all[name] = flags
			}
		}
	}
	return all
}

// textOf is what setcap takes, in the order of the names.
func textOf(all map[string]string) string {
	var words []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		words = append(words, name+"="+all[name])
	}
	return strings.Join(words, " ")
}
