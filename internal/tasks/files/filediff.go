package files

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"

	"fleet/internal/tasks/sys"
)

// maxListed bounds how many files and folders of a folder that goes a result names.
const maxListed = 10_000

// fileDiff is what changes of a file, by its attributes.
type fileDiff struct {
	Before map[string]any `json:"before"`
	After  map[string]any `json:"after"`
}

// diff returns what the task changed of its path. It is there with and without
// --diff, because playbooks look into it; what became of other files, as the lines
// of others, only with it.
func (t *fileTask) diff() *fileDiff {
	d := &fileDiff{Before: map[string]any{"path": t.path}, After: map[string]any{"path": t.path}}
	var before, after []string
	for _, change := range t.m.Changes() {
		if change.BeforeName == t.path && change.Attrs != nil {
			d.add(change.Attrs)
			continue
		}
		texts := change.Diff()
		before = append(before, others(texts.Before, change, t.path)...)
		after = append(after, others(texts.After, change, t.path)...)
	}
	if t.m.Diff && len(before)+len(after) > 0 {
		d.Before["others"], d.After["others"] = before, after
	}
	if t.m.Changed() && t.was != t.State {
		d.add([]sys.Attr{{Name: "state", From: t.was, To: t.State}})
	}
	if t.content != nil {
		d.Before["path_content"] = t.content
	}
	return d
}

func (d *fileDiff) add(attrs []sys.Attr) {
	for _, a := range attrs {
		if a.From != nil {
			d.Before[a.Name] = a.From
		}
		if a.To != nil {
			d.After[a.Name] = a.To
		}
	}
}

// others returns the lines of a change's text with the path that they are about,
// where that is not said.
func others(text string, change sys.Change, path string) []string {
	if text == "" {
		return nil
	}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if change.BeforeName != path {
		return []string{change.BeforeName + ": " + strings.Join(lines, ", ")}
	}
	return lines
}

// pathContent is what a folder holds.
type pathContent struct {
	Directories []string `json:"directories"`
	Files       []string `json:"files"`
	// Truncated says that there is more.
	Truncated bool `json:"truncated,omitempty"`
}

// list returns what the folder path holds, with all that is below.
func list(m *sys.Machine, path string) *pathContent {
	c := &pathContent{Directories: []string{}, Files: []string{}}
	root := m.Path(path)
	// What cannot be read is left out: removing it will say so.
	_ = filepath.WalkDir(root, func(real string, d fs.DirEntry, err error) error {
		if real == root || err != nil {
			return nil
		}
		if len(c.Directories)+len(c.Files) == maxListed {
			c.Truncated = true
			return fs.SkipAll
		}
		name := filepath.Join(path, real[len(root):])
		if d.IsDir() {
			c.Directories = append(c.Directories, name)
		} else {
			c.Files = append(c.Files, name)
		}
		return nil
	})
	return c
}

// warnings names, in Ansible's words, the accounts that check mode took for those
// that an earlier task would have made.
func (t *fileTask) warnings() (out []string) {
	if !t.m.Check || t.State == "absent" {
		return nil
	}
	note := func(kind, id, name string, byName func(string) error, byID func(int) error) {
		what, err := kind, error(nil)
		if n, nerr := strconv.Atoi(name); nerr == nil {
			what, err = kind+" with "+id, byID(n)
		} else if name != "" {
			err = byName(name)
		}
		if errors.Is(err, sys.ErrNoAccount) {
			out = append(out, fmt.Sprintf("failed to look up %s %s. Create %s up to this point in real play", what, name, kind))
		}
	}
	note("user", "uid", t.Owner, func(name string) error { _, err := t.m.LookupUser(name); return err },
		func(id int) error { _, err := t.m.LookupUID(id); return err })
	note("group", "gid", t.Group, func(name string) error { _, err := t.m.LookupGroup(name); return err },
		func(id int) error { _, err := t.m.LookupGID(id); return err })
	return out
}
