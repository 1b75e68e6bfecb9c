package packages

import (
	"strings"

	"fleet/internal/nearest"
)

// likeName returns the name of a package that was meant: the nearest one, or
// else the shortest that begins as the wanted one, or nothing.
func likeName(wanted string, names []string) string {
	if near, ok := nearest.Name(wanted, names); ok {
		return near
	}
	best := ""
	for _, name := range names {
		if strings.HasPrefix(name, wanted) && (best == "" || len(name) < len(best)) {
			best = name
		}
	}
	return best
}
