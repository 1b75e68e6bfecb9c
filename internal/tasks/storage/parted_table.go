package storage

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"fleet/internal/tasks/sys"
)

// disk is what parted tells of a disk.
type disk struct {
	// The device.
	Dev string `json:"dev"`
	// How large it is, in its unit; cylinder, head and sector where that is chs.
	Size any `json:"size"`
	// The unit.
	Unit string `json:"unit"`
	// The kind of partition table; unknown where there is none.
	Table string `json:"table"`
	// Who made it.
	Model string `json:"model"`
	// The bytes of a sector as programs see it.
	LogicalBlock int `json:"logical_block"`
	// The bytes of a sector as it is written.
	PhysicalBlock int `json:"physical_block"`
	// Its cylinders, where the unit is cyl or chs.
	ChsInfo *cylinders `json:"chs_info,omitempty"`
}

type cylinders struct {
	Cylinders   int         `json:"cylinders"`
	Heads       int         `json:"heads"`
	Sectors     int         `json:"sectors"`
	CylSize     json.Number `json:"cyl_size"`
	CylSizeUnit string      `json:"cyl_size_unit"`
}

// partition is what parted tells of a partition.
type partition struct {
	// The number.
	Num int `json:"num"`
	// Where it begins.
	Begin any `json:"begin"`
	// Where it ends.
	End any `json:"end"`
	// How large it is; empty where the unit is chs.
	Size any `json:"size"`
	// The kind of file system that it holds.
	Fstype string `json:"fstype"`
	// The name.
	Name string `json:"name"`
	// The flags that are set.
	Flags []string `json:"flags"`
	// The unit of the places.
	Unit string `json:"unit"`
}

// diskTable is a disk with its partitions, as parted prints them.
type diskTable struct {
	disk  disk
	parts []partition
}

// find returns the partition with this number.
func (t diskTable) find(number int) (partition, bool) {
	i := slices.IndexFunc(t.parts, func(p partition) bool { return p.Num == number })
	if i < 0 {
		return partition{Flags: []string{}}, false
	}
	return t.parts[i], true
}

// next returns the number that a new partition gets, or 0 where this is not known.
func (t diskTable) next(kind, partType string) int {
	n := 1
	switch {
	case kind == "msdos" && partType == "logical":
		n = 5
	case kind != "msdos" && kind != "gpt":
		return 0
	}
	for {
		if _, taken := t.find(n); !taken {
			return n
		}
		n++
	}
}

// look lets parted print the disk in a unit.
func (r *partedRun) look(ctx context.Context, unit string) (diskTable, error) {
	argv := []string{"parted", "-s", "-m", r.Device, "--", "unit", unit, "print"}
	out, err := r.m.Query(ctx, argv...)
	if err != nil {
		return diskTable{}, err
	}
	// A disk without a table is an error to parted, and printed all the same.
	if out.Code != 0 && !strings.Contains(out.Stderr, "unrecognised disk label") {
		return diskTable{}, &sys.ExitError{Argv: argv, Output: out}
	}
	t, err := parseTable(out.Stdout)
	if err != nil {
		return t, fmt.Errorf("%s: %w", strings.Join(argv, " "), errBehind(err, out))
	}
	return t, nil
}

// errBehind adds what a program wrote where an error would be expected.
func errBehind(err error, out sys.Output) error {
	if said := strings.TrimSpace(out.Stderr); said != "" {
		return fmt.Errorf("%w: %s", err, said)
	}
	return err
}

// parseTable reads what parted -m prints: a line with the kind of units, one for the disk, one for
// its cylinders where these are the unit, and one for each partition.
func parseTable(text string) (t diskTable, err error) {
	var lines [][]string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, machineFields(line))
		}
	}
	if len(lines) < 2 || len(lines[1]) < 7 {
		return t, fmt.Errorf("parted says %q, which is no table; 3.1 is the oldest one that prints any disk", text)
	}
	f, rest := lines[1], lines[2:]
	t.disk = disk{Dev: f[0], Table: f[5], Model: f[6]}
	if t.disk.Size, t.disk.Unit, err = told(f[1]); err != nil {
		return t, err
	}
	if t.disk.LogicalBlock, err = strconv.Atoi(f[3]); err != nil {
		return t, err
	}
	if t.disk.PhysicalBlock, err = strconv.Atoi(f[4]); err != nil {
		return t, err
	}
	if unit := t.disk.Unit; (unit == "cyl" || unit == "chs") && len(rest) > 0 {
		if t.disk.ChsInfo, err = parseCylinders(rest[0]); err != nil {
			return t, err
		}
		rest = rest[1:]
	}
	for _, f := range rest {
		p, err := parsePartition(f, t.disk.Unit)
		if err != nil {
			return t, err
		}
		t.parts = append(t.parts, p)
	}
	return t, nil
}

func parsePartition(f []string, unit string) (p partition, err error) {
	if unit == "chs" && len(f) >= 3 { // there it tells no size
		f = slices.Insert(slices.Clone(f), 3, "")
	}
	if len(f) < 7 {
		return p, fmt.Errorf("parted's line %q has %d fields, not 7", strings.Join(f, ":"), len(f))
	}
	p = partition{Size: "", Fstype: f[4], Name: f[5], Flags: []string{}, Unit: unit}
	if f[6] != "" {
		p.Flags = strings.Split(f[6], ", ")
	}
	if p.Num, err = strconv.Atoi(f[0]); err != nil {
		return p, err
	}
	if p.Begin, _, err = told(f[1]); err != nil {
		return p, err
	}
	if p.End, _, err = told(f[2]); err != nil {
		return p, err
	}
	if f[3] != "" {
		p.Size, _, err = told(f[3])
	}
	return p, err
}

func parseCylinders(f []string) (*cylinders, error) {
	if len(f) < 4 {
		return nil, fmt.Errorf("parted's line %q has %d fields, not 4", strings.Join(f, ":"), len(f))
	}
	var n [3]int
	for i := range n {
		var err error
		if n[i], err = strconv.Atoi(f[i]); err != nil {
			return nil, err
		}
	}
	size, unit, err := told(f[3])
	number, _ := size.(json.Number)
	return &cylinders{n[0], n[1], n[2], number, unit}, err
}

// machineFields splits a line at its colons, and takes away the semicolon behind it. A colon
// and a backslash of a name stand behind a backslash.
func machineFields(line string) []string {
	line = strings.TrimSuffix(line, ";")
	fields := []string{""}
	for i := 0; i < len(line); i++ {
		last := len(fields) - 1
		switch {
		case line[i] == '\\' && i+1 < len(line):
			i++
			fields[last] += line[i : i+1]
		case line[i] == ':':
			fields = append(fields, "")
		default:
			fields[last] += line[i : i+1]
		}
	}
	return fields
}
