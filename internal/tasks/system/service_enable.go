package system

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"fleet/internal/tasks/sys"
)

func (s *script) enable(ctx context.Context, on bool) error {
	is, err := s.enabled(ctx)
	if err != nil || is == on {
		return err
	}
	verb := "disable"
	if on {
		verb = "enable"
	}
	commands := s.enableCommands(on)
	if len(commands) == 0 {
		return errors.New("cannot enable services here: the machine has none of rc-update, update-rc.d and chkconfig")
	}
	return s.m.Change(ctx, sys.Change{What: verb + " " + s.a.Name, Before: fmt.Sprintf("enabled: %v\n", is),
		After: fmt.Sprintf("enabled: %v\n", on), BeforeName: s.a.Name, AfterName: s.a.Name,
		Do: func(ctx context.Context) error {
			for _, argv := range commands {
				if _, err := s.m.Must(ctx, argv...); err != nil {
					return err
				}
			}
			return nil
		}})
}

func (s *script) enableCommands(on bool) [][]string {
	name := s.a.Name
	switch {
	case s.openrc && on:
		return [][]string{{"rc-update", "add", name, s.a.Runlevel}}
	case s.openrc:
		return [][]string{{"rc-update", "delete", name, s.a.Runlevel}}
	case s.m.Has("update-rc.d") && on:
		return [][]string{{"update-rc.d", name, "defaults"}, {"update-rc.d", name, "enable"}}
	case s.m.Has("update-rc.d"):
		return [][]string{{"update-rc.d", name, "disable"}}
	case s.m.Has("chkconfig") && on:
		return [][]string{{"chkconfig", "--add", name}, {"chkconfig", name, "on"}}
	case s.m.Has("chkconfig"):
		return [][]string{{"chkconfig", name, "off"}}
	}
	return nil
}

func (s *script) enabled(ctx context.Context) (bool, error) {
	if s.openrc {
		return s.m.Exists(filepath.Join("/etc/runlevels", s.a.Runlevel, s.a.Name)), nil
	}
	if !s.m.Has("update-rc.d") && s.m.Has("chkconfig") {
		out, err := s.m.Run(ctx, sys.Command{Argv: []string{"chkconfig", "--list", s.a.Name}, Env: []string{"LC_ALL=C"}})
		return strings.Contains(out.Stdout, "3:on") || strings.Contains(out.Stdout, "5:on"), err
	}
	links, _ := filepath.Glob(s.m.Path("/etc/rc[2-5].d/S[0-9][0-9]" + s.a.Name))
	return len(links) > 0, nil
}
