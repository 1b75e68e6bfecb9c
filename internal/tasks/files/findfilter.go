package files

import (
	"bufio"
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"fleet/internal/tasks/pattern"
	"fleet/internal/tasks/sys"
)

// filter holds the conditions of find in the form that is quick to ask.
type filter struct {
	*findArgs
	patterns, excludes []matcher
	contains           *pattern.Regexp
	age                *time.Duration
	size               *int64
	mode               sys.ModeSpec
	now                time.Time
	// problem is why a file's text could not be read in the encoding that is given, or
	// which expression takes too long.
	problem error
}

// matcher says whether a pattern matches a name.
type matcher func(name string) (bool, error)

func (a *findArgs) filter() (f filter, err error) {
	f = filter{findArgs: a, now: time.Now()}
	if f.patterns, err = a.matchers(a.Patterns); err != nil {
		return f, err
	}
	if f.excludes, err = a.matchers(a.Excludes); err != nil {
		return f, err
	}
	if a.Contains != "" {
		mode := pattern.AtStart
		if a.ReadWholeFile {
			mode = pattern.Line
		}
		if f.contains, err = pattern.Compile(a.Contains, mode); err != nil {
			return f, err
		}
	}
	if a.Age != "" {
		n, err := quantity("age", a.Age, map[byte]int64{'s': 1, 'm': 60, 'h': 3600, 'd': 86400, 'w': 604800})
		if err != nil {
			return f, err
		}
		age := time.Duration(n) * time.Second
		f.age = &age
	}
	if a.Size != "" {
		n, err := quantity("size", a.Size, map[byte]int64{'b': 1, 'k': 1 << 10, 'm': 1 << 20, 'g': 1 << 30, 't': 1 << 40})
		if err != nil {
			return f, err
		}
		f.size = &n
	}
	f.mode, err = sys.ParseMode(a.Mode)
	return f, err
}

// matchers compiles patterns for names.
func (a *findArgs) matchers(patterns []string) (list []matcher, err error) {
	for _, p := range patterns {
		if a.UseRegex {
			re, err := pattern.Compile(p, pattern.AtStart)
			if err != nil {
				return nil, err
			}
			list = append(list, re.Match)
			continue
		}
		// A shell's pattern in Go's signs: another sign for "not", and no backslashes.
		glob := strings.ReplaceAll(strings.ReplaceAll(p, `\`, `\\`), "[!", "[^")
		if _, err := filepath.Match(glob, ""); err != nil {
			return nil, fmt.Errorf("pattern %q: %w", p, err)
		}
		list = append(list, func(name string) (bool, error) { return filepath.Match(glob, name) })
	}
	return list, nil
}

// quantity reads a number with a unit.
func quantity(arg, text string, units map[byte]int64) (int64, error) {
	number, unit := strings.ToLower(strings.TrimSpace(text)), int64(1)
	if last := len(number) - 1; last > 0 && units[number[last]] != 0 {
		number, unit = number[:last], units[number[last]]
	}
	n, err := strconv.ParseInt(number, 10, 32)
	if err != nil {
		return 0, fmt.Errorf("argument %q: %q is not a number with a unit like \"10m\"", arg, text)
	}
	return n * unit, nil
}

// takes reports whether a file meets all conditions, the cheap ones first.
func (f *filter) takes(ctx context.Context, m *sys.Machine, path string, info fs.FileInfo) bool {
	regular := info.Mode().IsRegular()
	switch f.FileType {
	case "file":
		if !regular {
			return false
		}
	case "directory":
		if !info.IsDir() {
			return false
		}
	case "link":
		if info.Mode()&fs.ModeSymlink == 0 {
			return false
		}
	}
	name := info.Name()
	if len(f.patterns) > 0 && !f.anyMatches(f.patterns, name) || f.anyMatches(f.excludes, name) || f.problem != nil {
		return false
	}
	if !f.takesAge(info) || !f.takesMode(info) || f.size != nil && regular && !reaches(info.Size(), *f.size) {
		return false
	}
	return f.contains == nil || f.FileType != "file" || f.says(ctx, m, path)
}

func (f *filter) anyMatches(list []matcher, name string) bool {
	for _, matches := range list {
		ok, err := matches(name)
		if err != nil {
			f.problem = err
		}
		if ok {
			return true
		}
	}
	return false
}

// reaches holds n against a bound, which is an upper one where it is negative.
func reaches(n, bound int64) bool {
	if bound < 0 {
		return n <= -bound
	}
	return n >= bound
}

func (f *filter) takesAge(info fs.FileInfo) bool {
	if f.age == nil {
		return true
	}
	st := info.Sys().(*syscall.Stat_t)
	stamp := map[string]syscall.Timespec{"atime": st.Atim, "ctime": st.Ctim, "mtime": st.Mtim}[f.AgeStamp]
	return reaches(int64(f.now.Sub(time.Unix(stamp.Unix()))), int64(*f.age))
}

func (f *filter) takesMode(info fs.FileInfo) bool {
	if !f.mode.Given() {
		return true
	}
	has := info.Sys().(*syscall.Stat_t).Mode & 0o7777
	if f.ExactMode {
		return has == f.mode.Apply(0, info.IsDir())
	}
	return has&f.mode.Apply(0, info.IsDir()) != 0
}

// says reports whether the file's text matches. What cannot be read does not.
func (f *filter) says(ctx context.Context, m *sys.Machine, path string) bool {
	if f.Encoding != "" {
		text, err := f.decoded(ctx, m, path)
		f.problem = err
		return err == nil && f.saysIn(bufio.NewReader(strings.NewReader(text)))
	}
	file, err := m.Open(path)
	if err != nil {
		return false
	}
	defer file.Close()
	return f.saysIn(bufio.NewReader(file))
}

// decoded returns a file's text as UTF-8.
func (f *filter) decoded(ctx context.Context, m *sys.Machine, path string) (string, error) {
	argv := []string{"iconv", "-f", f.Encoding, "-t", "UTF-8", m.Path(path)}
	out, err := m.Run(ctx, sys.Command{Argv: argv, Env: []string{"LC_ALL=C"}})
	switch {
	case err != nil:
		return "", fmt.Errorf("argument %q needs the program iconv: %w", "encoding", err)
	case strings.Contains(out.Stderr, "not supported"), strings.Contains(out.Stderr, "start conversion"):
		return "", fmt.Errorf("unknown encoding: %s", f.Encoding)
	case out.Code != 0:
		return "", sys.Messagef("Failed to read the file %s due to an encoding error. current encoding: %s", path, f.Encoding)
	}
	return out.Stdout, nil
}

func (f *filter) saysIn(r *bufio.Reader) bool {
	if f.ReadWholeFile {
		at, err := f.contains.FindIn(r)
		if err != nil {
			f.problem = err
		}
		return at != nil
	}
	for {
		line, err := r.ReadString('\n')
		if line != "" && f.anyMatches([]matcher{f.contains.Match}, line) {
			return true
		}
		if err != nil || f.problem != nil {
			return false
		}
	}
}
