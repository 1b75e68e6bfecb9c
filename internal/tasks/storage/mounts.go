package storage

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"fleet/internal/tasks/sys"
)

// mountPoint is a line of /proc/self/mountinfo (proc(5)).
type mountPoint struct {
	device string // major:minor
	root   string // what of the file system is mounted
	point  string
	fstype string
	source string
}

type mounts []mountPoint

func mountsOf(m *sys.Machine) (mounts, error) {
	text, there, err := m.ReadText("/proc/self/mountinfo")
	if err != nil || !there {
		return nil, errors.Join(err, missing(there, "/proc/self/mountinfo"))
	}
	var all mounts
	for _, line := range sys.Lines(text) {
		left, right, _ := strings.Cut(line, " - ")
		l, r := strings.Fields(left), strings.Fields(right)
		if len(l) < 5 || len(r) < 2 {
			continue
		}
		all = append(all, mountPoint{device: l[2], root: unescape(l[3]), point: unescape(l[4]), fstype: r[0], source: unescape(r[1])})
	}
	return all, nil
}

func missing(there bool, path string) error {
	if there {
		return nil
	}
	return fmt.Errorf("%q does not exist", path)
}

// at returns what is mounted at a point; the last one lies on top.
func (all mounts) at(point string) (mountPoint, bool) {
	for _, m := range slices.Backward(all) {
		if m.point == point {
			return m, true
		}
	}
	return mountPoint{}, false
}

// below returns the mount that a path lies in.
func (all mounts) below(path string) mountPoint {
	best := mountPoint{}
	for _, m := range all {
		in := m.point == "/" || path == m.point || strings.HasPrefix(path, m.point+"/")
		if in && len(m.point) >= len(best.point) {
			best = m
		}
	}
	return best
}

// isFrom reports whether what is mounted at now is what the entry names: the
// same device by any of its names, or the same folder where it is bound.
func (all mounts) isFrom(m *sys.Machine, now mountPoint, e fstabEntry) bool {
	options := strings.Split(e.opts, ",")
	if slices.Contains(options, "bind") || slices.Contains(options, "rbind") {
		up := all.below(e.src)
		rest := strings.TrimPrefix(strings.TrimPrefix(e.src, up.point), "/")
		return now.device == up.device && now.root == filepath.Join(up.root, rest)
	}
	return now.source == e.src || device(m, now.source) == device(m, e.src)
}

// device returns the device's own name for one that a tag or a link gives.
func device(m *sys.Machine, name string) string {
	tag, value, tagged := strings.Cut(name, "=")
	if tagged {
		folder := map[string]string{"UUID": "by-uuid", "LABEL": "by-label", "PARTUUID": "by-partuuid", "PARTLABEL": "by-partlabel"}[tag]
		name = "/dev/disk/" + folder + "/" + strings.Trim(value, `"`)
	}
	if real, err := filepath.EvalSymlinks(m.Path(name)); err == nil {
		return real
	}
	return m.Path(name)
}

// removePoint removes an empty mount point.
func removePoint(ctx context.Context, m *sys.Machine, point string) error {
	info, err := os.Lstat(m.Path(point))
	if err != nil || !info.IsDir() {
		return nil
	}
	return m.Change(ctx, sys.Change{What: "remove folder " + point, Do: func(context.Context) error {
		if err := os.Remove(m.Path(point)); err != nil {
			return fmt.Errorf("remove the mount point %q: %w", point, err)
		}
		return nil
	}})
}
