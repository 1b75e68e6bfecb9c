package sys

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// MakeDir makes a folder and its missing parents through the door. All that are
// new get the permissions p; a folder that is there is left as it is. created
// tells whether path itself is new.
func (m *Machine) MakeDir(ctx context.Context, path string, p Perms) (created bool, err error) {
	w, err := m.wanted(p)
	if err != nil {
		return false, err
	}
	return m.makeDir(ctx, filepath.Clean(path), w)
}

func (m *Machine) makeDir(ctx context.Context, path string, w wanted) (bool, error) {
	info, err := os.Stat(m.Path(path))
	switch {
	case err == nil && info.IsDir():
		return false, nil
	case err == nil:
		return false, fmt.Errorf("%q is there and is not a folder", path)
	case !errors.Is(err, fs.ErrNotExist):
		return false, cause("look at", path, err)
	}
	if to, err := os.Readlink(m.Path(path)); err == nil {
		return false, fmt.Errorf("%q is a symbolic link to %q, which does not exist", path, to)
	}
	if up := filepath.Dir(path); up != path {
		if _, err := m.makeDir(ctx, up, w); err != nil {
			return false, err
		}
	}
	if m.made[path] {
		return false, nil
	}
	next := w.over(permState{0o777 &^ Umask(), os.Geteuid(), os.Getegid()}, true)
	err = m.Change(ctx, Change{
		What: "create folder " + path, Attrs: []Attr{{"state", "absent", "directory"}}, BeforeName: path, AfterName: path,
		Do: func(context.Context) error { return denied("create folder", path, mkdir(m.Path(path), w, next)) },
	})
	if err == nil && m.Check {
		if m.made == nil {
			m.made = map[string]bool{}
		}
		m.made[path] = true
	}
	return err == nil, err
}

// mkdir makes a folder that nobody else can enter before its mode is right.
func mkdir(real string, w wanted, next permState) error {
	err := os.Mkdir(real, 0o700)
	if errors.Is(err, fs.ErrExist) {
		return nil // somebody else was quicker
	}
	if err != nil {
		return err
	}
	info, err := os.Lstat(real)
	if err != nil {
		return err
	}
	has := permsOf(info)
	if w.gid == -1 {
		next.gid = has.gid // a set-group-id parent hands its group down
	}
	if !w.mode.Given() {
		next.mode |= has.mode & setGID
	}
	if err = applyPerms(real, has, next, false); err != nil {
		_ = os.Remove(real)
	}
	return err
}

// Remove removes a file, a symbolic link or a folder with all that is in it,
// through the door. What is missing already is no change.
func (m *Machine) Remove(ctx context.Context, path string) error {
	path = filepath.Clean(path)
	if path == "/" || path == "." || path == ".." {
		return fmt.Errorf("refusing to remove %q", path)
	}
	info, err := os.Lstat(m.Path(path))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.ENAMETOOLONG) {
		return nil
	}
	if err != nil {
		return cause("look at", path, err)
	}
	return m.Change(ctx, Change{
		What: "remove " + path, Attrs: []Attr{{"state", StateOf(info), "absent"}}, BeforeName: path, AfterName: path,
		Do: func(context.Context) error {
			if err := os.RemoveAll(m.Path(path)); err != nil {
				return denied("remove", path, err)
			}
			return nil
		},
	})
}
