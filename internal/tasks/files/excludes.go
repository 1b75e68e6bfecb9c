package files

import (
	"fmt"
	"path"
	"strings"
)

// excludes are rsync's patterns for what is to be left out.
type excludes []string

func parseExcludes(opts []string) (excludes, error) {
	var ex excludes
	for i := 0; i < len(opts); i++ {
		pattern, ok := strings.CutPrefix(strings.TrimSpace(opts[i]), "--exclude")
		switch {
		case ok && strings.HasPrefix(pattern, "="), ok && strings.HasPrefix(pattern, " "):
			pattern = pattern[1:]
		case ok && pattern == "" && i+1 < len(opts):
			i++
			pattern = opts[i]
		default:
			return nil, fmt.Errorf("rsync's option %q is not known here; --exclude=PATTERN is", opts[i])
		}
		pattern = strings.Trim(strings.TrimSpace(pattern), `'"`)
		if _, err := path.Match(pattern, ""); err != nil || pattern == "" || strings.Contains(pattern, "**") {
			return nil, fmt.Errorf("the pattern of %q is not one of names with *, ? and [ ]", opts[i])
		}
		ex = append(ex, pattern)
	}
	return ex, nil
}

// match reports whether a name below the folder is left out, or a folder that it
// lies in is.
func (ex excludes) match(name string, dir bool) bool {
	for ; name != "."; name, dir = path.Dir(name), true {
		for _, pattern := range ex {
			if matchExclude(pattern, name, dir) {
				return true
			}
		}
	}
	return false
}

// matchExclude goes by rsync's rules: a slash at the end means folders, one at the
// beginning the top of what is copied, and one between them so many last parts of
// the name.
func matchExclude(pattern, name string, dir bool) bool {
	pattern, folders := strings.CutSuffix(pattern, "/")
	if folders && !dir {
		return false
	}
	pattern, top := strings.CutPrefix(pattern, "/")
	if !top {
		parts, n := strings.Split(name, "/"), strings.Count(pattern, "/")+1
		if n > len(parts) {
			return false
		}
		name = strings.Join(parts[len(parts)-n:], "/")
	}
	ok, err := path.Match(pattern, name)
	return ok && err == nil
}
