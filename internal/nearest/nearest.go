// Package nearest finds the name that was meant where an unknown one is written.
// Both sides use it.
package nearest

import "fmt"

// DidYouMean returns the hint `did you mean "x"?` for the known name that is
// nearest to name, or "" where none is near.
func DidYouMean(name string, known []string) string {
	if near, ok := Name(name, known); ok {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return ""
}

// Name returns the known name with the fewest edits (insert, delete,
// replace, swap of neighbours) from name, where that is at most a third of the
// name's length (at least one, two for five bytes and more). Nothing is near a name
// of one byte. Ties go to the name that comes first.
func Name(name string, known []string) (string, bool) {
	limit := min(1, len(name)-1)
	if len(name) >= 5 {
		limit = max(2, len(name)/3)
	}
	best, found := "", false
	for _, k := range known {
		if k == name {
			continue
		}
		if d := edits(name, k, limit); d <= limit {
			best, found, limit = k, true, d-1
		}
	}
	return best, found
}

// edits returns the optimal string alignment distance of a and b, or more than
// limit as soon as it is certain that it is more.
func edits(a, b string, limit int) int {
	if len(a)-len(b) > limit || len(b)-len(a) > limit {
		return limit + 1
	}
	before, prev, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(prev[j]+1, row[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, prev, row = prev, row, before
	}
	return prev[len(b)]
}
