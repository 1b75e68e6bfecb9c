package system

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// Alternatives chooses which program a common name stands for, with
// update-alternatives.
//
// Example:
//
//	tasks:
//	  - name: Edit with vim
//	    alternatives:
//	      name: editor
//	      path: /usr/bin/vim.basic
var Alternatives = sys.Define(spec.Module{
	Name:  "alternatives",
	Names: []string{"community.general.alternatives"},
}, alternatives)

type alternativesArgs struct {
	// The common name, as editor.
	Name string `arg:"name,required"`
	// The program that it should stand for.
	Path string `arg:"path,required" type:"path"`
	// The symbolic link with the common name. It is needed where the system knows
	// the name not yet.
	Link string `arg:"link" type:"path"`
	// How much the program is preferred, where the system chooses; 50 for a new one.
	Priority *int `arg:"priority"`
	// What should be: selected makes the program the chosen one, present only has
	// it to choose from, auto lets the system choose, absent takes it away.
	State string `arg:"state" choices:"absent,auto,present,selected" default:"selected"`
	// Other names that go with it.
	Subcommands *[]subcommand `arg:"subcommands" alias:"slaves"`
}

type subcommand struct {
	// Its common name.
	Name string `arg:"name,required"`
	// What it stands for.
	Path string `arg:"path,required" type:"path"`
	// The symbolic link with that name.
	Link string `arg:"link,required" type:"path"`
}

func alternatives(ctx context.Context, m *sys.Machine, a *alternativesArgs) (any, error) {
	out, err := m.Query(ctx, "update-alternatives", "--display", a.Name)
	if err != nil {
		return nil, err
	}
	now := &alternative{choices: map[string]*choice{}}
	if out.Code == 0 {
		now = parseAlternative(out.Stdout)
	}
	if now.link == "" {
		now.link = registeredLink(m, a.Name)
	}
	is := now.choices[a.Path]
	if a.State == "absent" {
		if is == nil {
			return nil, nil
		}
		return nil, m.Perform(ctx, fmt.Sprintf("take %s away from %s", a.Path, a.Name), "update-alternatives", "--remove", a.Name, a.Path)
	}
	if _, err := os.Stat(m.Path(a.Path)); err != nil && !m.Check {
		return nil, fmt.Errorf("%q does not exist, so %q cannot stand for it", a.Path, a.Name)
	}
	if is == nil || !a.same(now, is) {
		argv, err := a.install(now, is)
		if err != nil {
			return nil, err
		}
		if err := m.Perform(ctx, fmt.Sprintf("have %s for %s", a.Path, a.Name), argv...); err != nil {
			return nil, err
		}
	}
	switch {
	case a.State == "selected" && now.current != a.Path:
		err = m.Perform(ctx, fmt.Sprintf("let %s stand for %s", a.Name, a.Path), "update-alternatives", "--set", a.Name, a.Path)
	case a.State == "auto" && now.manual:
		err = m.Perform(ctx, "let the system choose "+a.Name, "update-alternatives", "--auto", a.Name)
	}
	return nil, err
}

// registeredLink returns the link as Red Hat's program keeps it: in the second
// line of the name's own file. It does not display it.
func registeredLink(m *sys.Machine, name string) string {
	text, _, err := m.ReadText("/var/lib/alternatives/" + name)
	if lines := strings.Split(text, "\n"); err == nil && len(lines) > 1 {
		return lines[1]
	}
	return ""
}

// same reports whether the choice is as it should be.
func (a *alternativesArgs) same(now *alternative, is *choice) bool {
	if a.Priority != nil && *a.Priority != is.priority || a.Link != "" && now.link != "" && a.Link != now.link {
		return false
	}
	if a.Subcommands == nil {
		return true
	}
	for _, s := range *a.Subcommands {
		if is.slaves[s.Name] != s.Path || now.links[s.Name] != "" && now.links[s.Name] != s.Link {
			return false
		}
	}
	return len(is.slaves) == len(*a.Subcommands)
}

// install is the command that adds the choice, or says anew what it is.
func (a *alternativesArgs) install(now *alternative, is *choice) ([]string, error) {
	link, priority := a.Link, 50
	if link == "" {
		link = now.link
	}
	if link == "" {
		return nil, errors.New(`argument "link" is missing: the system does not know the name yet`)
	}
	if is != nil {
		priority = is.priority
	}
	if a.Priority != nil {
		priority = *a.Priority
	}
	argv := []string{"update-alternatives", "--install", link, a.Name, a.Path, strconv.Itoa(priority)}
	var subs []subcommand
	if a.Subcommands != nil {
		subs = *a.Subcommands
	} else if is != nil {
		for _, name := range slices.Sorted(maps.Keys(is.slaves)) {
			if now.links[name] != "" {
				subs = append(subs, subcommand{name, is.slaves[name], now.links[name]})
			}
		}
	}
	for _, s := range subs {
		argv = append(argv, "--slave", s.Link, s.Name, s.Path)
	}
	return argv, nil
}
