package system

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"fleet/internal/tasks/sys"
)

// accountLines returns the fields of the lines of one of the machine's own
// account files.
func accountLines(m *sys.Machine, file string, fields int) [][]string {
	data, err := m.ReadFile(file)
	if err != nil {
		return nil
	}
	var lines [][]string
	for _, line := range strings.Split(string(data), "\n") {
		if f := strings.Split(line, ":"); len(f) >= fields {
			lines = append(lines, f)
		}
	}
	return lines
}

// findUser looks for a user, if local only in the machine's own file.
func findUser(m *sys.Machine, name string, local bool) (sys.User, error) {
	if !local {
		return m.LookupUser(name)
	}
	for _, f := range accountLines(m, "/etc/passwd", 7) {
		if f[0] == name {
			u := sys.User{Name: f[0], Gecos: f[4], Home: f[5], Shell: f[6]}
			u.UID, _ = strconv.Atoi(f[2])
			u.GID, _ = strconv.Atoi(f[3])
			return u, nil
		}
	}
	return sys.User{}, fmt.Errorf("user %q %w", name, sys.ErrNoAccount)
}

// findGroup looks for a group by name, or else by number.
func findGroup(m *sys.Machine, name string) (sys.Group, error) {
	g, err := m.LookupGroup(name)
	if gid, nerr := strconv.Atoi(name); nerr == nil && errors.Is(err, sys.ErrNoAccount) {
		return m.LookupGID(gid)
	}
	return g, err
}

// allGroups returns the groups of the machine's own file.
func allGroups(m *sys.Machine) []sys.Group {
	var groups []sys.Group
	for _, f := range accountLines(m, "/etc/group", 4) {
		g := sys.Group{Name: f[0]}
		g.GID, _ = strconv.Atoi(f[2])
		if f[3] != "" {
			g.Members = strings.Split(f[3], ",")
		}
		groups = append(groups, g)
	}
	return groups
}

// readShadow returns a user's line of /etc/shadow, which only root can read.
func readShadow(m *sys.Machine, name string) shadow {
	lines := accountLines(m, "/etc/shadow", 8)
	for _, f := range lines {
		if f[0] == name {
			return shadow{known: true, hash: f[1], min: f[3], max: f[4], warn: f[5], inactive: f[6], expire: f[7]}
		}
	}
	return shadow{missing: len(lines) > 0}
}
