package system

import (
	"context"
	"fmt"
	"strings"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// Getent asks the machine's databases (passwd, group, hosts, services and so on)
// and returns what they say as facts. It needs the program getent.
//
// Example:
//
//	tasks:
//	  - getent:
//	      database: passwd
//	      key: www-data
//	  - debug:
//	      msg: "its home is {{ getent_passwd['www-data'][4] }}"
var Getent = sys.Define(spec.Module{
	Name:  "getent",
	Names: []string{"ansible.builtin.getent", "ansible.legacy.getent"},
	Facts: []string{"getent_*"},
}, getent)

type getentArgs struct {
	// The database.
	Database string `arg:"database,required"`
	// What to look for; without it everything is listed, where the database can do that.
	Key *string `arg:"key"`
	// The one service to ask (files, ldap, …), in place of those of nsswitch.conf.
	Service string `arg:"service"`
	// What stands between the values; ":" for passwd, shadow, group and gshadow, and
	// otherwise any blanks.
	Split string `arg:"split"`
	// Fails where the key is not there. Otherwise the key's fact is null.
	FailKey bool `arg:"fail_key" default:"yes"`
}

type getentResult struct {
	// The fact getent_DATABASE: lists of values by key, and where a key has several
	// lines, lists of such lists.
	AnsibleFacts map[string]any `json:"ansible_facts"`
	// Why there is no value.
	Msg string `json:"msg,omitempty"`
}

func getent(ctx context.Context, m *sys.Machine, a *getentArgs) (any, error) {
	argv := []string{"getent", a.Database}
	if a.Key != nil {
		argv = append(argv, *a.Key)
	}
	if a.Service != "" {
		argv = append(argv, "-s", a.Service)
	}
	out, err := m.Run(ctx, sys.Command{Argv: argv, Env: []string{"LC_ALL=C"}})
	if err != nil {
		return nil, err
	}
	fact := "getent_" + a.Database
	const missing = "One or more supplied key could not be found in the database."
	switch out.Code {
	case 0:
		return getentResult{AnsibleFacts: map[string]any{fact: getentLines(out.Stdout, a)}}, nil
	case 1:
		return nil, sys.Messagef("Missing arguments, or database unknown.")
	case 2:
		if a.FailKey || a.Key == nil {
			return nil, sys.Messagef(missing)
		}
		return getentResult{AnsibleFacts: map[string]any{fact: map[string]any{*a.Key: nil}}, Msg: missing}, nil
	case 3:
		return nil, sys.Messagef("Enumeration not supported on this database.")
	}
	return nil, fmt.Errorf("getent: exit code %d: %s", out.Code, strings.TrimSpace(out.Stderr))
}

// getentLines returns the values of each key: one list of them, or the lists of
// all its lines.
func getentLines(text string, a *getentArgs) map[string]any {
	split := a.Split
	if split == "" {
		switch a.Database {
		case "passwd", "shadow", "group", "gshadow":
			split = ":"
		}
	}
	found := map[string][][]string{}
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		words := strings.Fields(line)
		if split != "" {
			words = strings.Split(line, split)
		}
		if len(words) > 0 {
			found[words[0]] = append(found[words[0]], words[1:])
		}
	}
	values := make(map[string]any, len(found))
	for key, all := range found {
		if values[key] = all; len(all) == 1 {
			values[key] = all[0]
		}
	}
	return values
}
