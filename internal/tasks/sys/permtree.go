package sys

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// shownFiles bounds how many files of a tree a change names.
const shownFiles = 200

// SetPermsBelow gives the permissions p to everything below the folder path, as
// one change. With follow it also changes what symbolic links point to, and what
// is below that.
func (m *Machine) SetPermsBelow(ctx context.Context, path string, p Perms, follow bool) error {
	w, err := m.wanted(p)
	if err != nil {
		return err
	}
	walk := permWalk{m: m, wanted: w, follow: follow, seen: map[inode]bool{}}
	if err := walk.folder(path); err != nil {
		return err
	}
	if err := m.applyWalk(ctx, path, &walk); err != nil {
		return err
	}
	return m.setExtrasBelow(ctx, path, p.Extras)
}

func (m *Machine) applyWalk(ctx context.Context, path string, walk *permWalk) error {
	if len(walk.steps) == 0 {
		return nil
	}
	before, after := walk.text()
	return m.Change(ctx, Change{
		What:   fmt.Sprintf("set permissions of %d files below %s", len(walk.steps), path),
		Before: before, After: after, BeforeName: path, AfterName: path,
		Do: func(ctx context.Context) error {
			for _, s := range walk.steps {
				if err := ctx.Err(); err != nil {
					return err
				}
				err := applyPerms(m.Path(s.path), s.old, s.next, s.link)
				if err != nil && !errors.Is(err, fs.ErrNotExist) {
					return denied("change", s.path, err)
				}
			}
			return nil
		},
	})
}

type inode struct{ dev, ino uint64 }

type permStep struct {
	path      string
	old, next permState
	link      bool
}

// permWalk collects what has to be changed.
type permWalk struct {
	m      *Machine
	wanted wanted
	follow bool
	seen   map[inode]bool
	steps  []permStep
}

func (w *permWalk) folder(path string) error {
	list, err := os.ReadDir(w.m.Path(path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return cause("read folder", path, err)
	}
	for _, d := range list {
		if err := w.entry(filepath.Join(path, d.Name())); err != nil {
			return err
		}
	}
	return nil
}

func (w *permWalk) entry(path string) error {
	info, err := os.Lstat(w.m.Path(path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // it vanished while we looked
	}
	if err != nil {
		return cause("look at", path, err)
	}
	st := info.Sys().(*syscall.Stat_t)
	id := inode{uint64(st.Dev), st.Ino}
	if w.seen[id] {
		return nil
	}
	w.seen[id] = true
	link := info.Mode()&fs.ModeSymlink != 0
	old := permsOf(info)
	next := w.wanted.over(old, info.IsDir())
	if link {
		next.mode = old.mode
	}
	if old != next {
		w.steps = append(w.steps, permStep{path, old, next, link})
	}
	switch {
	case info.IsDir():
		return w.folder(path)
	case link && w.follow:
		to, err := w.m.follow(path)
		if err != nil || to == path {
			return err
		}
		return w.entry(to)
	}
	return nil
}

// text lists the files with what changes, up to a bound.
func (w *permWalk) text() (before, after string) {
	var b, a strings.Builder
	for i, s := range w.steps {
		if i == shownFiles {
			fmt.Fprintf(&a, "(and %d more files)\n", len(w.steps)-i)
			break
		}
		change := Change{Attrs: w.m.permAttrs(s.old, s.next, w.wanted)}
		was, is := change.texts()
		fmt.Fprintf(&b, "%s: %s\n", s.path, oneLine(was))
		fmt.Fprintf(&a, "%s: %s\n", s.path, oneLine(is))
	}
	return b.String(), a.String()
}

func oneLine(s string) string {
	return strings.ReplaceAll(strings.TrimSuffix(s, "\n"), "\n", ", ")
}
