package system

import (
	"context"
	"fmt"
	"strings"

	"fleet/internal/tasks/sys"
)

// bring brings a unit, of which u is known, to what is wanted. It returns a
// warning where there is one.
func (s systemctl) bring(ctx context.Context, name string, u unit, want unitWish) (warning string, err error) {
	if want.masked != nil {
		if err := s.mask(ctx, name, u, *want.masked); err != nil {
			return "", err
		}
	}
	if !u.found() && (want.state != "" || want.enabled != nil) {
		if !s.m.Foresees() {
			return "", s.missing(ctx, name, u)
		}
		warning = fmt.Sprintf("no unit %q on this machine now: this works only if an earlier step installs it", name)
	}
	if want.enabled != nil {
		w, err := s.enable(ctx, name, u, *want.enabled)
		if err != nil {
			return warning, err
		}
		if warning == "" {
			warning = w
		}
	}
	return warning, s.state(ctx, name, u, want.state)
}

func (s systemctl) mask(ctx context.Context, name string, u unit, on bool) error {
	if on == u.masked() {
		return nil
	}
	verb := "unmask"
	if on {
		verb = "mask"
	}
	err := s.m.Change(ctx, sys.Change{What: verb + " " + name, Do: func(ctx context.Context) error {
		_, err := s.m.Must(ctx, s.argv(verb, "--", name)...)
		return err
	}})
	if err != nil || on || s.m.Check {
		return err
	}
	// What was masked could not be looked at before.
	now, err := s.show(ctx, name)
	for key, value := range now {
		u[key] = value
	}
	return err
}

func (s systemctl) enable(ctx context.Context, name string, u unit, on bool) (warning string, err error) {
	is, fixed := u.enabled()
	switch u["UnitFileState"] {
	case "", "generated", "bad":
		is, err = s.scriptEnabled(ctx, name, u)
	case "indirect":
		is, err = s.othersEnabled(ctx, name)
	}
	if err != nil {
		return "", err
	}
	if fixed {
		if on {
			warning = fmt.Sprintf("unit %q is %s: other units start it, it cannot be enabled by itself", name, u["UnitFileState"])
		}
		return warning, nil
	}
	if is == on {
		return "", nil
	}
	verb := "disable"
	if on {
		verb = "enable"
	}
	argv := s.argv(verb)
	if s.force && on {
		argv = append(argv, "--force")
	}
	return "", s.m.Change(ctx, sys.Change{What: verb + " " + name, Before: fmt.Sprintf("enabled: %v\n", is),
		After: fmt.Sprintf("enabled: %v\n", on), BeforeName: name, AfterName: name,
		Do: func(ctx context.Context) error {
			_, err := s.m.Must(ctx, append(argv, "--", name)...)
			return err
		}})
}

// scriptEnabled asks about units for which show knows no answer: those of old
// start scripts.
func (s systemctl) scriptEnabled(ctx context.Context, name string, u unit) (bool, error) {
	if !u.found() || u["UnitFileState"] == "" && u["FragmentPath"] == "" && u["SourcePath"] == "" {
		return false, nil
	}
	out, err := s.m.Run(ctx, sys.Command{Argv: s.argv("is-enabled", "--", name), Env: []string{"LC_ALL=C"}})
	return out.Code == 0, err
}

// othersEnabled reports whether a unit that enables others has done so: --full lists
// their links, indented.
func (s systemctl) othersEnabled(ctx context.Context, name string) (bool, error) {
	out, err := s.m.Run(ctx, sys.Command{Argv: s.argv("is-enabled", "--full", "--", name), Env: []string{"LC_ALL=C"}})
	return out.Code == 0 && strings.Contains(out.Stdout, "\n "), err
}

func (s systemctl) state(ctx context.Context, name string, u unit, state string) error {
	verb := ""
	switch running := u.running(); {
	case state == "started" && !running:
		verb = "start"
	case state == "stopped" && (running || u["ActiveState"] == "deactivating"):
		verb = "stop"
	case state == "restarted" && !running, state == "reloaded" && !running:
		verb = "start"
	case state == "restarted":
		verb = "restart"
	case state == "reloaded":
		verb = "reload"
	}
	if verb == "" {
		return nil
	}
	return s.m.Change(ctx, sys.Change{What: verb + " " + name, Do: func(ctx context.Context) error {
		argv := s.argv(verb)
		if s.noBlock {
			argv = append(argv, "--no-block")
		}
		out, err := s.m.Run(ctx, sys.Command{Argv: append(argv, "--", name), Show: true})
		if err == nil && out.Code != 0 {
			err = s.failure(ctx, verb, name, u["InvocationID"], out)
		}
		return err
	}})
}
