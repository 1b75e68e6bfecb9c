package report

import (
	"fmt"
	"strings"

	"fleet/internal/event"
)

const (
	diffContext = 3
	maxDiff     = 500  // lines of one diff that are shown
	maxEdits    = 1000 // beyond, a changed part is shown as replaced altogether
)

// edit is one line of a diff: kept (' '), removed ('-') or added ('+').
type edit struct {
	op   byte
	text string
}

// diffLines returns the difference as a unified diff, cut at maxDiff lines.
func diffLines(d event.Diff) []string {
	if d.Prepared != "" {
		return cut(lines(d.Prepared), maxDiff)
	}
	if d.Before == d.After {
		return nil
	}
	before, after := d.BeforeHeader, d.AfterHeader
	if before == "" {
		before = "before"
	}
	if after == "" {
		after = "after"
	}
	list := []string{"--- " + oneLine(before, maxLine), "+++ " + oneLine(after, maxLine)}
	return cut(append(list, hunks(compare(splitLines(d.Before), splitLines(d.After)))...), maxDiff)
}

func cut(list []string, max int) []string {
	if len(list) <= max {
		return list
	}
	return append(list[:max:max], fmt.Sprintf("… %d more lines of this diff are left out", len(list)-max))
}

const noNewline = "\n\\ No newline at end of file"

// splitLines splits a text so that a last line without an end differs from one
// with it.
func splitLines(text string) []string {
	if text == "" {
		return nil
	}
	list := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if !strings.HasSuffix(text, "\n") {
		list[len(list)-1] += noNewline
	}
	return list
}

// compare returns the edits that turn a into b.
func compare(a, b []string) []edit {
	var head, foot []edit
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		head = append(head, edit{' ', a[0]})
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		foot = append(foot, edit{' ', a[len(a)-1]})
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	all := append(head, shortest(a, b)...)
	for i := len(foot) - 1; i >= 0; i-- {
		all = append(all, foot[i])
	}
	return all
}

// shortest returns the fewest edits from a to b, by Myers' algorithm ("An O(ND)
// Difference Algorithm and Its Variations", 1986), or a replacement of all where
// that takes more than maxEdits.
func shortest(a, b []string) []edit {
	limit := min(len(a)+len(b), maxEdits)
	// reach[k+limit] is how far into a the furthest path on diagonal k comes.
	reach := make([]int, 2*limit+2)
	var trace [][]int
	for d := 0; d <= limit; d++ {
		trace = append(trace, append([]int(nil), reach[limit-d:limit+d+1]...))
		for k := -d; k <= d; k += 2 {
			x := 0
			if k == -d || (k != d && reach[limit+k-1] < reach[limit+k+1]) {
				x = reach[limit+k+1]
			} else {
				x = reach[limit+k-1] + 1
			}
			for x < len(a) && x-k < len(b) && a[x] == b[x-k] {
				x++
			}
			reach[limit+k] = x
			if x >= len(a) && x-k >= len(b) {
				return walkBack(a, b, trace)
			}
		}
	}
	var all []edit
	for _, line := range a {
		all = append(all, edit{'-', line})
	}
	for _, line := range b {
		all = append(all, edit{'+', line})
	}
	return all
}

// walkBack follows the furthest paths from the end to the start. trace[d] holds
// the diagonals -d to d as they were before step d.
func walkBack(a, b []string, trace [][]int) []edit {
	var back []edit
	x, y := len(a), len(b)
	for d := len(trace) - 1; d > 0; d-- {
		at := func(k int) int { return trace[d][k+d] }
		k := x - y
		from := k - 1
		if k == -d || (k != d && at(k-1) < at(k+1)) {
			from = k + 1
		}
		px := at(from)
		py := px - from
		for x > px && y > py {
			x, y = x-1, y-1
			back = append(back, edit{' ', a[x]})
		}
		if from == k+1 {
			y--
			back = append(back, edit{'+', b[y]})
		} else {
			x--
			back = append(back, edit{'-', a[x]})
		}
	}
	for x > 0 {
		x--
		back = append(back, edit{' ', a[x]})
	}
	for i, j := 0, len(back)-1; i < j; i, j = i+1, j-1 {
		back[i], back[j] = back[j], back[i]
	}
	return back
}

// hunks writes the edits with diffContext kept lines around each change.
func hunks(edits []edit) []string {
	var out []string
	lineA, lineB := 1, 1
	for i := 0; i < len(edits); {
		if !changeWithin(edits[i:], diffContext) {
			i, lineA, lineB = i+1, lineA+1, lineB+1 // a kept line, far from any change
			continue
		}
		j, quiet := i, 0
		for j < len(edits) {
			if edits[j].op != ' ' {
				quiet = 0
			} else if quiet++; quiet > diffContext && !changeWithin(edits[j:], diffContext) {
				break
			}
			j++
		}
		text, countA, countB := hunkLines(edits[i:j])
		out = append(out, fmt.Sprintf("@@ -%s +%s @@", span(lineA, countA), span(lineB, countB)))
		out = append(out, text...)
		i, lineA, lineB = j, lineA+countA, lineB+countB
	}
	return out
}

// changeWithin reports whether one of the edits, up to n kept lines on, changes
// something.
func changeWithin(edits []edit, n int) bool {
	for i := 0; i <= n && i < len(edits); i++ {
		if edits[i].op != ' ' {
			return true
		}
	}
	return false
}

func hunkLines(edits []edit) (text []string, countA, countB int) {
	for _, e := range edits {
		if e.op != '+' {
			countA++
		}
		if e.op != '-' {
			countB++
		}
		line, marked := strings.CutSuffix(e.text, noNewline)
		text = append(text, string(e.op)+shorten(clean(line)))
		if marked {
			text = append(text, noNewline[1:])
		}
	}
	return text, countA, countB
}

func span(line, count int) string {
	if count == 0 {
		line--
	}
	if count == 1 {
		return fmt.Sprint(line)
	}
	return fmt.Sprintf("%d,%d", line, count)
}
