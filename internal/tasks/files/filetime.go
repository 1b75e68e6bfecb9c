package files

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"syscall"
	"time"

	"fleet/internal/tasks/sys"
)

// setTimes sets the times of the path as asked for, or as otherwise says.
func (t *fileTask) setTimes(ctx context.Context, otherwise string) error {
	info, err := os.Stat(t.m.Path(t.path))
	if errors.Is(err, fs.ErrNotExist) && (t.m.Check || t.was == "link" || t.State == "link") {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look at %q: %w", t.Path, sys.Inner(err))
	}
	st := info.Sys().(*syscall.Stat_t)
	oldA, oldM := time.Unix(st.Atim.Unix()), info.ModTime()
	now := time.Now()
	mtime, err := wantedTime(t.ModificationTime, t.ModificationTimeFormat, otherwise, oldM, now)
	if err != nil {
		return fmt.Errorf("argument %q: %w", "modification_time", err)
	}
	atime, err := wantedTime(t.AccessTime, t.AccessTimeFormat, otherwise, oldA, now)
	if err != nil {
		return fmt.Errorf("argument %q: %w", "access_time", err)
	}
	if mtime.Equal(oldM) && atime.Equal(oldA) {
		return nil
	}
	return t.m.Change(ctx, sys.Change{What: "set times of " + t.path, BeforeName: t.path, AfterName: t.path,
		Attrs: timeAttrs(oldM, mtime, oldA, atime),
		Do: func(context.Context) error {
			if err := putTimes(t.m.Path(t.path), atime, mtime, now); err != nil {
				return fmt.Errorf("set times of %q: %w", t.Path, sys.Inner(err))
			}
			return nil
		}})
}

// putTimes sets the times. The kernel's own now, for both, may be set by whoever may
// write the file; other times only by its owner.
func putTimes(real string, atime, mtime, now time.Time) error {
	if !atime.Equal(now) || !mtime.Equal(now) {
		return os.Chtimes(real, atime, mtime)
	}
	const utimeNow = 1<<30 - 1
	return syscall.UtimesNano(real, []syscall.Timespec{{Nsec: utimeNow}, {Nsec: utimeNow}})
}

// timeAttrs returns the times that differ.
func timeAttrs(oldM, mtime, oldA, atime time.Time) (attrs []sys.Attr) {
	if !mtime.Equal(oldM) {
		attrs = append(attrs, sys.Attr{Name: "mtime", From: stamp{oldM}, To: stamp{mtime}})
	}
	if !atime.Equal(oldA) {
		attrs = append(attrs, sys.Attr{Name: "atime", From: stamp{oldA}, To: stamp{atime}})
	}
	return attrs
}

// stamp is a file's time: to be read as text, and in a result the seconds since
// 1970, as stat has them.
type stamp struct{ time.Time }

func (s stamp) String() string { return s.Format("2006-01-02 15:04:05.000000000") }

// MarshalJSON returns the seconds.
func (s stamp) MarshalJSON() ([]byte, error) { return json.Marshal(float64(s.UnixNano()) / 1e9) }

func wantedTime(text, format, otherwise string, old, now time.Time) (time.Time, error) {
	if text == "" {
		text = otherwise
	}
	switch text {
	case "preserve":
		return old, nil
	case "now":
		return now, nil
	}
	return parseTime(text, format)
}

// parseTime reads a local time that is written in the numeric signs of strftime.
func parseTime(text, format string) (time.Time, error) {
	year, month, day, hour, minute, second := 1900, 1, 1, 0, 0, 0
	rest := text
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			if rest == "" || rest[0] != format[i] {
				return time.Time{}, fmt.Errorf("time %q is not of the form %q", text, format)
			}
			rest = rest[1:]
			continue
		}
		i++
		width, to := 2, (*int)(nil)
		switch format[i] {
		case 'Y':
			width, to = 4, &year
		case 'm':
			to = &month
		case 'd':
			to = &day
		case 'H':
			to = &hour
		case 'M':
			to = &minute
		case 'S':
			to = &second
		default:
			return time.Time{}, fmt.Errorf("time format %q: only %%Y %%m %%d %%H %%M %%S are known, not %%%c", format, format[i])
		}
		if format[i] == 'S' && len(rest) == 1 {
			width = 1 // as strptime: a time that YAML took for a number lost its last zero
		}
		if len(rest) < width {
			return time.Time{}, fmt.Errorf("time %q is not of the form %q", text, format)
		}
		n, err := strconv.ParseUint(rest[:width], 10, 16)
		if err != nil {
			return time.Time{}, fmt.Errorf("time %q is not of the form %q", text, format)
		}
		*to, rest = int(n), rest[width:]
	}
	got := time.Date(year, time.Month(month), day, hour, minute, second, 0, time.Local)
	if rest != "" || got.Day() != day || int(got.Month()) != month || hour > 23 || minute > 59 || second > 60 {
		return time.Time{}, fmt.Errorf("time %q is not of the form %q", text, format)
	}
	return got, nil
}
