package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"fleet/internal/probe"
)

const (
	maxAnswerers = 200 // that are listed by their names
	maxCell      = 60  // bytes of a name
	barWidth     = 30  // of who answered most
)

// answers prints who answered how often.
func (p *Probe) answers(r probe.Result) {
	if r.OK == 0 {
		return
	}
	names := slices.SortedFunc(maps.Keys(r.Counts), naturally)
	most, listed := 1, 0
	for _, n := range r.Counts {
		most = max(most, n)
	}
	rows := [][]string{{"answered by", "count", "share", ""}}
	row := func(name string, n int) {
		rows = append(rows, []string{name, fmt.Sprint(n), share(n, r.OK), strings.Repeat("█", min(n, most)*barWidth/most)})
	}
	for _, name := range names[:min(len(names), maxAnswerers)] {
		row(oneLine(name, maxCell), r.Counts[name])
		listed += r.Counts[name]
	}
	if left := len(names) - maxAnswerers; left > 0 || r.Others > 0 {
		label := "others"
		if r.Others == 0 {
			label = fmt.Sprintf("%d others", left)
		}
		row(label, r.OK-listed)
	}
	p.table(rows)
}

// byHost prints a row for each host.
func (p *Probe) byHost(hosts []probedHost) {
	rows := [][]string{{"from", "requests", "ok", "failed", "copies", "rate", "p50", "p95", "p99", "max"}}
	for _, h := range hosts {
		r := h.result
		if r.Requests == 0 {
			continue
		}
		row := []string{h.name, fmt.Sprint(r.Requests), fmt.Sprint(r.OK), fmt.Sprint(r.Failures), fmt.Sprint(r.Copies), perSecond(r.RPS)}
		for _, ms := range []float64{r.Latency.P50, r.Latency.P95, r.Latency.P99, r.Latency.Max} {
			text := "-"
			if r.OK > 0 {
				text = millis(ms)
			}
			row = append(row, text)
		}
		rows = append(rows, row)
	}
	if len(rows) > 1 {
		p.table(rows)
	}
	for _, h := range hosts {
		for i, line := range h.why {
			if i == 0 {
				line = h.name + ": " + string(h.outcome) + ": " + line
			} else {
				line = "  " + line
			}
			p.line(outcomeColor(h.outcome), line)
		}
	}
}

// failures prints what failed in which way.
func (p *Probe) failures(r probe.Result) {
	if r.Failures == 0 {
		return
	}
	kinds := slices.SortedFunc(maps.Keys(r.Kinds), func(a, b string) int {
		return cmp.Or(cmp.Compare(r.Kinds[b], r.Kinds[a]), strings.Compare(a, b))
	})
	rows := [][]string{{"failed by", "count", ""}}
	for _, kind := range kinds[:min(len(kinds), maxAnswerers)] {
		rows = append(rows, []string{oneLine(kind, maxCell), fmt.Sprint(r.Kinds[kind]), oneLine(r.Errors[kind], 2*maxCell)})
	}
	p.table(rows)
}

// table prints rows below their heads: the first column and texts without a head
// to the left, numbers to the right.
func (p *Probe) table(rows [][]string) {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	p.blank()
	for n, row := range rows {
		var b strings.Builder
		for i, cell := range row {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			switch {
			case i == 0:
				b.WriteString(cell + pad)
			case rows[0][i] == "":
				b.WriteString("  " + cell)
			default:
				b.WriteString("  " + pad + cell)
			}
		}
		c := noColor
		if n == 0 {
			c = dim
		}
		p.line(c, strings.TrimRight(b.String(), " "))
	}
	p.blank()
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func share(n, of int) string { return fmt.Sprintf("%.1f%%", 100*float64(n)/float64(of)) }

func perSecond(f float64) string {
	switch {
	case f >= 1e6:
		return fmt.Sprintf("%.3g/s", f)
	case f >= 100:
		return fmt.Sprintf("%.0f/s", f)
	}
	return fmt.Sprintf("%.1f/s", f)
}

// millis writes milliseconds with three digits or so.
func millis(ms float64) string {
	switch {
	case ms >= 1e9:
		return fmt.Sprintf("%.3g s", ms/1000)
	case ms >= 1000:
		return fmt.Sprintf("%.2f s", ms/1000)
	case ms >= 100:
		return fmt.Sprintf("%.0f ms", ms)
	case ms >= 10:
		return fmt.Sprintf("%.1f ms", ms)
	}
	return fmt.Sprintf("%.2f ms", ms)
}

// naturally orders names with numbers in them as people do: todo-2 before
// todo-10.
func naturally(a, b string) int {
	x, y := numbersOf(a), numbersOf(b)
	for i := range min(len(x), len(y)) {
		if x[i].before != y[i].before {
			break
		}
		m, _ := strconv.Atoi(x[i].digits)
		n, _ := strconv.Atoi(y[i].digits)
		if m != n {
			return cmp.Compare(m, n)
		}
	}
	return strings.Compare(a, b)
}
