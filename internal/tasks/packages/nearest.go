package packages

import "strings"

// nearest returns the name that is most like the wanted one, or nothing where
// none is within a third of its letters.
func nearest(wanted string, names []string) string {
	best, limit := "", (len(wanted)+1)/3
	for _, name := range names {
		if d := len(name) - len(wanted); d > limit || -d > limit {
			continue
		}
		if d := distance(wanted, name); d <= limit && d > 0 {
			best, limit = name, d-1
		}
	}
	if best == "" {
		for _, name := range names {
			if strings.HasPrefix(name, wanted) && (best == "" || len(name) < len(best)) {
				best = name
			}
		}
	}
	return best
}

// distance counts the letters to insert, drop or replace between a and b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
