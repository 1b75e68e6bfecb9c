package storage

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// lvolSize is the size that a volume should have.
type lvolSize struct {
	by      string // "+", "-", or nothing
	bytes   int64
	percent int64
	of      string // what the percent are of; nothing where it is in bytes
	unit    string // of LVM's
	text    string // as LVM's programs take it, without by
}

// parseLvolSize reads the argument. What is a share is told in MiB.
func parseLvolSize(s string, snapshot bool) (size lvolSize, err error) {
	size.unit = "m"
	if s == "" {
		return size, nil
	}
	if s[0] == '+' || s[0] == '-' {
		size.by, s = s[:1], s[1:]
	}
	percent, of, isShare := strings.Cut(s, "%")
	size.of, size.text = of, s
	if !isShare {
		size.bytes, size.unit, err = lvmSize(s)
		if _, digits := strconv.ParseFloat(s, 64); digits == nil {
			size.text += "m"
		}
		return size, err
	}
	size.percent, err = strconv.ParseInt(percent, 10, 64)
	switch {
	case err != nil || size.percent < 0 || size.percent > 100:
		return size, fmt.Errorf("%q is no share: it takes a whole number of percent, up to 100", s)
	case of == "ORIGIN" && !snapshot:
		return size, fmt.Errorf("%q: only a snapshot has an origin", s)
	case !slices.Contains([]string{"FREE", "ORIGIN", "PVS", "VG"}, of):
		return size, fmt.Errorf("%q is a share of nothing that is known\nhint: one of FREE, ORIGIN, PVS, VG, in upper case", s)
	}
	return size, nil
}

// option is the option of LVM's programs for a size of this kind.
func (s lvolSize) option() string {
	if s.of != "" {
		return "-l"
	}
	return "-L"
}

// resize brings a volume to its size.
func (r *lvolRun) resize(ctx context.Context, now volume) error {
	if r.Size == "" {
		return nil
	}
	want, err := r.wanted(ctx, now)
	free, extent, path := count(r.group[2]), count(r.group[3]), r.path(now.name)
	spare := extent*now.stripes - 1 // a volume is as large as whole extents on all of its stripes
	if r.size.of != "" {
		spare = extent
	}
	argv, end := []string{"lvextend"}, r.Pvs
	what := fmt.Sprintf("let logical volume %s grow to %s%s", path, r.size.by, r.size.text)
	switch {
	case err != nil || want == now.size:
		return err
	case want > now.size && r.size.of != "" && want-now.size > free:
		if r.size.by == "" && r.size.percent == 100 && free < extent {
			return nil // all that there is, as lvcreate takes it where others are in the group
		}
		return fmt.Errorf("logical volume %q cannot grow by %d bytes to %s: %d are free in its group", path, want-now.size, r.Size, free)
	case want > now.size:
	case r.size.by == "" && (!r.Shrink || r.size.of == "FREE" || now.size-want <= spare):
		return nil
	case want <= 0:
		return fmt.Errorf("logical volume %q does not shrink to nothing; state: absent removes it", path)
	case !r.Force:
		return fmt.Errorf("logical volume %q has %d bytes, and does not shrink to %d without force: true, for that loses data; shrink: false leaves it larger", path, now.size, want)
	default:
		argv, end = []string{"lvreduce", "--force"}, nil
		what = fmt.Sprintf("shrink logical volume %s to %s%s", path, r.size.by, r.size.text)
	}
	if r.Resizefs {
		argv = append(argv, "--resizefs")
	}
	return r.m.Perform(ctx, what, slices.Concat(argv, []string{r.size.option(), r.size.by + r.size.text, path}, end)...)
}

// wanted returns the bytes that the volume should have, in whole extents: a share is rounded down to
// them, as LVM does, and a size up.
func (r *lvolRun) wanted(ctx context.Context, now volume) (int64, error) {
	extent, bytes := count(r.group[3]), r.size.bytes
	if r.size.of != "" {
		whole, err := r.whole(ctx)
		if err != nil {
			return 0, err
		}
		bytes = whole / 100 * r.size.percent
		bytes += whole % 100 * r.size.percent / 100
	}
	switch r.size.by {
	case "+":
		bytes = now.size + bytes
	case "-":
		bytes = now.size - bytes
	}
	if r.size.of == "" {
		bytes += extent - 1
	}
	return bytes - bytes%max(extent, 1), nil
}

// whole returns what a share is of.
func (r *lvolRun) whole(ctx context.Context) (int64, error) {
	switch {
	case r.size.of == "FREE":
		return count(r.group[2]), nil
	case r.size.of == "ORIGIN":
		origin, _ := r.find(r.Lv)
		return origin.size, nil
	case r.size.of == "VG" || len(r.Pvs) == 0:
		return count(r.group[1]), nil
	}
	rows, err := lvmRows(ctx, r.m, "pvs", "pv_name,pv_size", r.Pvs...)
	sum := int64(0)
	for _, row := range rows {
		sum += count(row[1])
	}
	return sum, err
}
