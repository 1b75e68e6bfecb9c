package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"fleet/internal/event"
)

// recap prints what the run came to: the counts of each host, then the hosts
// that did not get to the end, with the reason.
func (t *Text) recap(e event.RunEnded) {
	t.header(t.style.paint(bold, "PLAY RECAP"))
	rows := t.recapRows(e.Stats)
	width := 0
	for _, r := range rows {
		width = max(width, len(r.name))
	}
	sizes := columnSizes(e.Stats)
	for _, r := range rows {
		name := t.style.paint(statsColor(r.stats), fmt.Sprintf("%-*s", width, r.name))
		t.print(name + " : " + t.counts(r.stats, sizes))
	}
	t.reasons("failed", red, e.Stats, func(s event.HostStats) bool { return s.Failed > 0 })
	t.reasons("unreachable", alarm, e.Stats, func(s event.HostStats) bool { return s.Unreachable > 0 && s.Failed == 0 })
	if e.Interrupted {
		t.notDone(e.NotDone)
	}
	t.custom(e.Custom)
	if t.check {
		t.header("check mode: nothing was changed")
	}
	t.header(t.style.paint(dim, "time: "+duration(e.Elapsed)))
}

// recapRow is one host, or in a large fleet several with the same counts.
type recapRow struct {
	name  string
	stats event.HostStats
}

func (t *Text) recapRows(stats []event.HostStats) []recapRow {
	var rows []recapRow
	if len(stats) <= foldFrom || t.options.Verbose > 0 {
		for _, s := range stats {
			rows = append(rows, recapRow{s.Host, s})
		}
		return rows
	}
	hosts := map[event.HostStats][]string{}
	var order []event.HostStats
	for _, s := range stats {
		key := s
		if s.Failed == 0 && s.Unreachable == 0 {
			key.Host, key.Reason = "", ""
		}
		if hosts[key] == nil {
			order = append(order, key)
		}
		hosts[key] = append(hosts[key], s.Host)
	}
	for _, key := range order {
		name := Ranges(hosts[key])
		if n := len(hosts[key]); n > 1 {
			name += fmt.Sprintf(" (%d hosts)", n)
		}
		rows = append(rows, recapRow{name, key})
	}
	return rows
}

// column is one count of the recap.
type column struct {
	name  string
	count int
	color color
}

func columns(s event.HostStats) []column {
	return []column{
		{"ok", s.OK, green},
		{"changed", s.Changed, yellow},
		{"unreachable", s.Unreachable, alarm},
		{"failed", s.Failed, red},
		{"skipped", s.Skipped, cyan},
		{"rescued", s.Rescued, magenta},
		{"ignored", s.Ignored, magenta},
	}
}

func columnSizes(stats []event.HostStats) []int {
	sizes := make([]int, len(columns(event.HostStats{})))
	for _, s := range stats {
		for i, c := range columns(s) {
			sizes[i] = max(sizes[i], len(fmt.Sprint(c.count)))
		}
	}
	return sizes
}

func (t *Text) counts(s event.HostStats, sizes []int) string {
	list := columns(s)
	parts := make([]string, len(list))
	for i, c := range list {
		text := fmt.Sprintf("%s=%-*d", c.name, sizes[i], c.count)
		if c.count > 0 {
			text = t.style.paint(c.color, text)
		}
		parts[i] = text
	}
	return strings.TrimRight(strings.Join(parts, "  "), " ")
}

func statsColor(s event.HostStats) color {
	switch {
	case s.Unreachable > 0:
		return alarm
	case s.Failed > 0:
		return red
	case s.Changed > 0:
		return yellow
	}
	return green
}

// reasons lists the hosts of one kind, each with its reason on the line.
func (t *Text) reasons(title string, c color, stats []event.HostStats, is func(event.HostStats) bool) {
	var list []string
	for _, s := range stats {
		if !is(s) {
			continue
		}
		reason := lines(s.Reason)
		if len(reason) == 0 {
			reason = []string{"no reason was given"}
		}
		list = append(list, "  "+s.Host+": "+reason[0])
		for _, line := range reason[1:] {
			list = append(list, "    "+line)
		}
	}
	if len(list) > 0 {
		t.header(t.style.paint(c, title+":"), list...)
	}
}

// custom prints the values of set_stats.
func (t *Text) custom(stats []event.CustomStats) {
	if len(stats) == 0 {
		return
	}
	t.header("custom stats:")
	for _, s := range stats {
		t.print("  " + cmp.Or(s.Host, "run") + ": " + string(s.Data))
	}
}

func (t *Text) notDone(hosts map[string]string) {
	list := []string{}
	byTask := map[string][]string{}
	for _, host := range slices.Sorted(maps.Keys(hosts)) {
		byTask[hosts[host]] = append(byTask[hosts[host]], host)
	}
	for _, task := range slices.Sorted(maps.Keys(byTask)) {
		in := "before its first task"
		if task != "" {
			in = "in [" + oneLine(task, 500) + "]"
		}
		list = append(list, "  "+Ranges(byTask[task])+": "+in)
	}
	title := "interrupted"
	if len(list) > 0 {
		title += "; not done:"
	}
	t.header(t.style.paint(alarm, title), list...)
}

// duration writes a time as people read it: "0.4 s", "12.3 s", "3 min 05 s".
func duration(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	d = d.Round(time.Second)
	if d < time.Hour {
		return fmt.Sprintf("%d min %02d s", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%d h %02d min", int(d.Hours()), int(d.Minutes())%60)
}
