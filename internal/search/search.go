// Package search finds the controller's files that a playbook names: it knows in
// which folders Ansible looks for them. It runs on the controller and reads no
// file's content.
package search

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"fleet/internal/source"
)

// Path is where relative names are looked for: the folders of the role that the
// task is in, of the roles that brought this one in (with the system's separator of
// lists between them, the nearest first), of the task's file, and of the playbook. All
// but the last may be empty.
type Path struct{ Role, Around, Task, Play string }

// Dirs returns the folders to look in for a kind of file ("files", "templates",
// "vars", "tasks" or ""), in Ansible's order.
func (p Path) Dirs(kind string) []string {
	var out []string
	bases := append([]string{p.Role}, filepath.SplitList(p.Around)...)
	for _, base := range append(bases, p.Task, p.Play) {
		if base == "" {
			continue
		}
		dirs := []string{base}
		if kind != "" {
			dirs = []string{filepath.Join(base, kind), base}
		}
		for _, d := range dirs {
			if !slices.Contains(out, d) {
				out = append(out, d)
			}
		}
	}
	return out
}

// Find returns the path of the file or folder that a name stands for. The error
// is a *source.Error without a position, whose hint says where it was looked for.
func (p Path) Find(kind, name string) (string, error) {
	if home, err := os.UserHomeDir(); err == nil && strings.HasPrefix(name, "~/") {
		name = filepath.Join(home, name[2:])
	}
	if filepath.IsAbs(name) {
		if _, err := os.Stat(name); err != nil {
			return "", notFound(name, []string{filepath.Dir(name)})
		}
		return name, nil
	}
	dirs := p.Dirs(kind)
	for _, d := range dirs {
		found := filepath.Join(d, name)
		if _, err := os.Stat(found); err == nil {
			return found, nil
		}
	}
	return "", notFound(name, dirs)
}

// notFound is the error about a file that is in none of the folders.
func notFound(name string, dirs []string) error {
	e := source.Errorf(source.Pos{}, "cannot find the file %q on the controller", name)
	e.Hint = "looked in " + strings.Join(dirs, ", ")
	for _, d := range dirs {
		if near := source.DidYouMean(filepath.Base(name), names(filepath.Join(d, filepath.Dir(name)))); near != "" {
			e.Hint = near + " " + e.Hint
			break
		}
	}
	return e
}

// names returns the sorted names in a folder; none where it cannot be read.
func names(dir string) []string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	out := make([]string, len(entries))
	for i, e := range entries {
		out[i] = e.Name()
	}
	return out
}
