package system

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// Timezone sets the machine's time zone, and whether its clock keeps UTC or
// local time. Where systemd runs, timedatectl does it; elsewhere the files are
// changed. Programs that run already keep the zone that they started with.
//
// Example:
//
//	tasks:
//	  - name: Live in Berlin
//	    timezone:
//	      name: Europe/Berlin
var Timezone = sys.Define(spec.Module{
	Name:  "timezone",
	Names: []string{"community.general.timezone"},
	OneOf: [][]string{{"name", "hwclock"}},
}, timezone)

type timezoneArgs struct {
	// The zone, as Europe/Berlin.
	Name string `arg:"name"`
	// Which time the machine's own clock keeps.
	Hwclock string `arg:"hwclock" alias:"rtc" choices:"UTC,local"`
}

const zoneFolder = "/usr/share/zoneinfo"

func timezone(ctx context.Context, m *sys.Machine, a *timezoneArgs) (any, error) {
	managed := false // by systemd
	if m.Has("timedatectl") {
		out, err := m.Query(ctx, "timedatectl")
		if err != nil {
			return nil, err
		}
		managed = out.Code == 0
	}
	if a.Name != "" {
		if err := setZone(ctx, m, a.Name, managed); err != nil {
			return nil, err
		}
	}
	if a.Hwclock == "" {
		return nil, nil
	}
	return nil, setClock(ctx, m, a.Hwclock, managed)
}

func setZone(ctx context.Context, m *sys.Machine, zone string, managed bool) error {
	file := filepath.Join(zoneFolder, zone)
	if !filepath.IsLocal(zone) {
		return fmt.Errorf("argument %q: %q is no time zone", "name", zone)
	}
	if info, err := os.Stat(m.Path(file)); (err != nil || info.IsDir()) && !m.Check {
		return fmt.Errorf("there is no time zone %q in %s; the package tzdata brings them, and `timedatectl list-timezones` their names", zone, zoneFolder)
	}
	now, written := zoneNow(m)
	if now == zone && (written == "" || written == zone) {
		return nil
	}
	return m.Change(ctx, sys.Change{What: "set the time zone to " + zone, Before: now + "\n", After: zone + "\n",
		BeforeName: "time zone", AfterName: "time zone",
		Do: func(ctx context.Context) error {
			if managed {
				if _, err := m.Must(ctx, "timedatectl", "set-timezone", zone); err != nil {
					return err
				}
				if _, written := zoneNow(m); written == "" || written == zone {
					return nil
				}
			} else if err := relink(m, file, "/etc/localtime"); err != nil {
				return err
			}
			return rewriteZone(m, zone)
		}})
}

// zoneNow returns the zone that programs see, and the one of Debian's own file,
// or nothing where there is no such file.
func zoneNow(m *sys.Machine) (zone, written string) {
	to, err := os.Readlink(m.Path("/etc/localtime"))
	if err == nil {
		if _, name, ok := strings.Cut(to, "zoneinfo/"); ok {
			zone = name
		}
	}
	text, _, _ := m.ReadText("/etc/timezone")
	return zone, strings.TrimSpace(text)
}

// relink has a symbolic link point to another place, without a moment in which
// it is missing.
func relink(m *sys.Machine, to, link string) error {
	temp := m.Path(link) + ".fleet-new"
	if err := os.Remove(temp); err != nil && !os.IsNotExist(err) {
		return err
	}
	if err := os.Symlink(to, temp); err != nil {
		return err
	}
	return os.Rename(temp, m.Path(link))
}

// rewriteZone brings Debian's file up to date, where it is in use.
func rewriteZone(m *sys.Machine, zone string) error {
	file := m.Path("/etc/timezone")
	if _, err := os.Stat(file); err != nil {
		return nil // not a machine that has it
	}
	temp := file + ".fleet-new"
	if err := os.WriteFile(temp, []byte(zone+"\n"), 0o644); err != nil {
		return err
	}
	return os.Rename(temp, file)
}

// setClock looks into adjtime (hwclock(8)), whose third line says what the clock
// keeps; without it, that is UTC.
func setClock(ctx context.Context, m *sys.Machine, want string, managed bool) error {
	now := "UTC"
	text, _, err := m.ReadText("/etc/adjtime")
	if err != nil {
		return err
	}
	if lines := sys.Lines(text); len(lines) > 2 && strings.TrimSpace(lines[2]) == "LOCAL" {
		now = "local"
	}
	if now == want {
		return nil
	}
	argv := []string{"hwclock", "--systohc", map[string]string{"UTC": "--utc", "local": "--localtime"}[want]}
	if managed {
		argv = []string{"timedatectl", "set-local-rtc", map[string]string{"UTC": "no", "local": "yes"}[want]}
	}
	return m.Change(ctx, sys.Change{What: "let the clock keep " + want + " time", Before: now + "\n", After: want + "\n",
		BeforeName: "clock", AfterName: "clock",
		Do: func(ctx context.Context) error {
			_, err := m.Must(ctx, argv...)
			return err
		}})
}
