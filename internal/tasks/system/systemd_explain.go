package system

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"fleet/internal/nearest"
	"fleet/internal/tasks/sys"
)

// missing explains why a unit cannot be used, with the name that was meant.
func (s systemctl) missing(ctx context.Context, name string, u unit) error {
	switch u["LoadState"] {
	case "bad-setting", "error":
		return fmt.Errorf("systemd cannot use the unit file of %q\nhint: systemctl status %s says why", name, name)
	}
	hint := cmp.Or(nearest.DidYouMean(name, s.names(ctx, name)), "service_facts says which there are")
	return sys.Messagef("Could not find the requested service %s: host has no unit of that name\nhint: %s", name, hint)
}

// unitKinds are the suffixes of units (systemd.unit(5)).
var unitKinds = []string{"automount", "device", "mount", "path", "scope", "service", "slice", "socket", "swap", "target", "timer"}

// names returns the units of the kind that the name is of, without their suffix
// where the name has none. Where systemd does not say them, there are none.
func (s systemctl) names(ctx context.Context, name string) []string {
	kind, suffix := "service", ".service"
	if i := strings.LastIndexByte(name, '.'); i >= 0 && slices.Contains(unitKinds, name[i+1:]) {
		kind, suffix = name[i+1:], "" // others have a dot in their name, as php8.2-fpm
	}
	out, err := s.m.Run(ctx, sys.Command{Argv: s.argv("list-unit-files", "--no-pager", "--no-legend", "--type", kind)})
	if err != nil || out.Code != 0 {
		return nil
	}
	var names []string
	for line := range strings.Lines(out.Stdout) {
		if f := strings.Fields(line); len(f) > 0 {
			names = append(names, strings.TrimSuffix(f[0], suffix))
		}
	}
	return names
}

// failure explains why a unit did not start: with what it said last itself.
// before is its run at the time when it was looked at.
func (s systemctl) failure(ctx context.Context, verb, name, before string, out sys.Output) error {
	said := strings.TrimSpace(out.Stderr)
	if i := strings.Index(said, "\nSee \"systemctl status"); i >= 0 {
		said = said[:i]
	}
	if words := s.lastWords(ctx, verb, name, before); words != "" {
		return fmt.Errorf("systemctl %s %s failed: %s\nits last words:\n%s", verb, name, said, words)
	}
	return fmt.Errorf("systemctl %s %s failed: %s\nhint: look at: journalctl -u %s", verb, name, said, name)
}

// lastWords returns what the journal has of the unit's newest run: what an
// earlier attempt said would lead astray. A systemd older than 232 does not tell
// the runs of a unit apart; there it is the end of all that the unit has said.
func (s systemctl) lastWords(ctx context.Context, verb, name, before string) string {
	argv := []string{"journalctl", "--no-pager", "-q", "-n", "10", "-o", "cat"}
	if s.scope == "user" {
		argv = append(argv, "--user")
	}
	switch run := s.invocation(ctx, name); {
	case run == "":
		argv = append(argv, "-u", name)
	case run == before && verb == "start":
		return "" // what it needs did not start, and so it was not tried
	case s.scope == "user":
		argv = append(argv, "_SYSTEMD_INVOCATION_ID="+run, "+", "USER_INVOCATION_ID="+run)
	default:
		// The unit's own lines, and those of systemd about it, which no other process can write.
		argv = append(argv, "_SYSTEMD_INVOCATION_ID="+run, "+", "_PID=1", "INVOCATION_ID="+run)
	}
	log, err := s.m.Run(ctx, sys.Command{Argv: argv})
	if err != nil || log.Code != 0 {
		return ""
	}
	return strings.TrimSpace(log.Stdout)
}

// invocation returns the id of the unit's newest run (systemd.exec(5)), or "".
func (s systemctl) invocation(ctx context.Context, name string) string {
	out, err := s.m.Run(ctx, sys.Command{Argv: s.argv("show", "-p", "InvocationID", "--", name), Env: []string{"LC_ALL=C"}})
	if err != nil || out.Code != 0 {
		return ""
	}
	_, run, _ := strings.Cut(strings.TrimSpace(out.Stdout), "=")
	return run
}
