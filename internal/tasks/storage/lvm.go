package storage

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"fleet/internal/tasks/sys"
)

// lvmRows asks one of LVM's programs that tell (vgs, pvs, lvs) for fields, and returns them
// by line. Sizes are in bytes.
func lvmRows(ctx context.Context, m *sys.Machine, program, fields string, more ...string) ([][]string, error) {
	argv := slices.Concat([]string{program, "--noheadings", "--nosuffix", "--units", "b", "--separator", ";", "-o", fields}, more)
	out, err := m.Query(ctx, argv...)
	if err != nil {
		return nil, err
	}
	if out.Code != 0 {
		return nil, &sys.ExitError{Argv: argv, Output: out}
	}
	var rows [][]string
	for line := range strings.Lines(out.Stdout) {
		if row := strings.Split(strings.TrimSpace(line), ";"); len(row) == strings.Count(fields, ",")+1 {
			rows = append(rows, row)
		}
	}
	return rows, nil
}

// rowOf returns the row whose first field is name, or nil.
func rowOf(rows [][]string, name string) []string {
	if i := slices.IndexFunc(rows, func(row []string) bool { return row[0] == name }); i >= 0 {
		return rows[i]
	}
	return nil
}

// hasLVM reports whether the machine has LVM. In check mode an earlier step may be the one
// that brings it: then the change is recorded, where there would be one.
func hasLVM(ctx context.Context, m *sys.Machine, state, what string) (bool, error) {
	there, err := m.Need("lvm", "lvm2")
	if !there && err == nil && state != "absent" {
		err = m.Perform(ctx, what)
	}
	return there, err
}

// lvmSize reads a size as LVM's programs take it: a number and the letter of a unit, which is
// m without one. The units are powers of 1024, in upper and lower case.
func lvmSize(s string) (bytes int64, unit string, err error) {
	f := regexp.MustCompile(`^(\d+(?:\.\d+)?)([bBsSkKmMgGtTpPeE]?)$`).FindStringSubmatch(s)
	if f == nil {
		return 0, "", fmt.Errorf("%q is no size\nhint: a number and one of the units b, s, k, m, g, t, p, e, as 512m", s)
	}
	if unit = strings.ToLower(f[2]); unit == "" {
		unit = "m"
	}
	number, err := strconv.ParseFloat(f[1], 64)
	return int64(number * float64(lvmUnit(unit))), unit, err
}

// lvmUnit returns the bytes of a unit.
func lvmUnit(unit string) int64 {
	switch unit {
	case "b":
		return 1
	case "s":
		return 512
	}
	return 1 << (10 * (strings.Index("kmgtpe", unit) + 1))
}

// count reads a number of bytes that LVM tells; 0 where it tells none.
func count(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64)
	return n
}

// splitOptions splits what is given to one of LVM's programs as it stands.
func splitOptions(name, line string) ([]string, error) {
	words, err := sys.Split(line)
	if err != nil {
		return nil, fmt.Errorf("argument %q: %w", name, err)
	}
	return words, nil
}

// isActive tells from a volume's attributes, as lvs(8) has them, whether it is active.
func isActive(attr string) bool { return len(attr) > 4 && attr[4] == 'a' }
