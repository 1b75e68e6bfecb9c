package jinja

import (
	"fmt"
	"math"
	"strings"
	"time"
)

func timeRepr(t time.Time) string {
	s := fmt.Sprintf("datetime.datetime(%d, %d, %d, %d, %d", t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute())
	if t.Second() != 0 || t.Nanosecond() >= 1000 {
		s += fmt.Sprintf(", %d", t.Second())
	}
	if us := t.Nanosecond() / 1000; us != 0 {
		s += fmt.Sprintf(", %d", us)
	}
	return s + ")"
}

func isoTime(t time.Time, sep string) string {
	s := t.Format("2006-01-02") + sep + t.Format("15:04:05")
	if us := t.Nanosecond() / 1000; us != 0 {
		s += fmt.Sprintf(".%06d", us)
	}
	return s
}

func durationText(d time.Duration) string {
	days := int(math.Floor(d.Hours() / 24))
	rest := d - time.Duration(days)*24*time.Hour
	s := fmt.Sprintf("%d:%02d:%02d", int(rest.Hours()), int(rest.Minutes())%60, int(rest.Seconds())%60)
	if us := rest.Microseconds() % 1e6; us != 0 {
		s += fmt.Sprintf(".%06d", us)
	}
	switch days {
	case 0:
		return s
	case 1, -1:
		return fmt.Sprintf("%d day, %s", days, s)
	}
	return fmt.Sprintf("%d days, %s", days, s)
}

func durationRepr(d time.Duration) string {
	var parts []string
	days := int(math.Floor(d.Hours() / 24))
	rest := d - time.Duration(days)*24*time.Hour
	for _, p := range []struct {
		name string
		n    int
	}{{"days", days}, {"seconds", int(rest / time.Second)}, {"microseconds", int(rest % time.Second / time.Microsecond)}} {
		if p.n != 0 {
			parts = append(parts, fmt.Sprintf("%s=%d", p.name, p.n))
		}
	}
	if len(parts) == 0 {
		return "datetime.timedelta(0)"
	}
	return "datetime.timedelta(" + strings.Join(parts, ", ") + ")"
}
