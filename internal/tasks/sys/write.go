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

// Write says what a file should be. Path has been expanded already and is the
// machine's own (Path is applied to it). Perms that are not given stay as the
// file has them.
type Write struct {
	Path    string
	Content Content
	Perms   Perms
	// NewMode are the permissions of a file that was not there, where Perms has no
	// mode. 0 is what the umask leaves of 0666.
	NewMode uint32
	// Follow writes where a symbolic link points to. Without it a link is replaced.
	Follow bool
	// Backup keeps the old file under another name.
	Backup bool
	// Validate is a command with %s in place of the new file's name. It has to
	// succeed before the old file is replaced.
	Validate string
	// Secret keeps the content out of every output.
	Secret bool

	compared comparison // by Prepare
}

// Written is what became of a Write.
type Written struct {
	Changed    bool   // the content, not only the permissions
	BackupFile string // empty where no backup was made
}

// Write brings a file to the content and permissions of w through the door.
func (m *Machine) Write(ctx context.Context, w Write) (Written, error) {
	done, err := m.write(ctx, &w)
	if err == nil {
		err = m.setExtras(ctx, w.Path, w.Perms.Extras)
	}
	return done, err
}

// write is Write but for the extras. It resolves w.Path where a link is followed.
func (m *Machine) write(ctx context.Context, w *Write) (Written, error) {
	t, err := m.target(w)
	if err != nil {
		return Written{}, err
	}
	if t.exists && t.same(m, *w) {
		return Written{}, m.setPerms(ctx, w.Path, t.wanted, true)
	}
	var done Written
	change := Change{What: "create " + w.Path, Secret: w.Secret, BeforeName: w.Path, AfterName: w.Path}
	if t.exists || t.link {
		change.What = "replace " + w.Path
	}
	if err := m.show(ctx, w, t, &change); err != nil {
		return Written{}, err
	}
	change.Do = func(ctx context.Context) error {
		done.BackupFile, err = m.replace(ctx, *w, t)
		return err
	}
	err = m.Change(ctx, change)
	done.Changed = err == nil
	return done, err
}

// target is what stands at the place of a Write, and what should.
type target struct {
	exists bool // a regular file
	link   bool // a symbolic link, which is replaced
	size   int64
	old    permState
	wanted wanted
	next   permState
}

// target looks at the place. It resolves w.Path where a link is followed.
func (m *Machine) target(w *Write) (t target, err error) {
	if t.wanted, err = m.wanted(w.Perms); err != nil {
		return t, err
	}
	info, err := os.Lstat(m.Path(w.Path))
	if err == nil && info.Mode()&fs.ModeSymlink != 0 {
		if !w.Follow {
			t.link = true
			t.next = t.wanted.over(newPerms(w.NewMode), false)
			return t, nil
		}
		if w.Path, err = m.follow(w.Path); err != nil {
			return t, err
		}
		info, err = os.Lstat(m.Path(w.Path))
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		t.next = t.wanted.over(newPerms(w.NewMode), false)
		return t, m.needFolder(filepath.Dir(w.Path))
	case err != nil:
		return t, cause("look at", w.Path, err)
	case info.IsDir():
		return t, fmt.Errorf("%q is a folder, not a file", w.Path)
	case !info.Mode().IsRegular():
		return t, fmt.Errorf("%q is no regular file (%s) and is left alone", w.Path, info.Mode().Type())
	}
	t.exists, t.size, t.old = true, info.Size(), permsOf(info)
	t.next = t.wanted.over(t.old, false)
	return t, nil
}

func newPerms(mode uint32) permState {
	if mode == 0 {
		mode = 0o666 &^ Umask()
	}
	return permState{mode, os.Geteuid(), os.Getegid()}
}

// follow returns where a chain of symbolic links ends. The end may be missing.
func (m *Machine) follow(path string) (string, error) {
	for range 40 {
		to, err := os.Readlink(m.Path(path))
		if err != nil {
			return path, nil
		}
		if !filepath.IsAbs(to) {
			to = filepath.Join(filepath.Dir(path), to)
		}
		path = to
	}
	return "", fmt.Errorf("too many symbolic links behind %q", path)
}

// needFolder makes a missing folder an error, but in check mode, where an earlier
// step may be the one that would have made it.
func (m *Machine) needFolder(dir string) error {
	info, err := os.Stat(m.Path(dir))
	switch {
	case errors.Is(err, fs.ErrNotExist) && m.Check:
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("folder %q does not exist; create it first (file: with state: directory)", dir)
	case err != nil:
		return cause("look at", dir, err)
	case !info.IsDir():
		return fmt.Errorf("%q is not a folder", dir)
	}
	return nil
}

// same reports whether the file has the content already.
func (t target) same(m *Machine, w Write) bool {
	if w.compared != unknown {
		return w.compared == same
	}
	if t.size != w.Content.Size {
		return false
	}
	sum, err := m.Digest(w.Path, "sha256")
	return err == nil && sum == w.Content.SHA256
}

// show fills in the change's text where a diff is wanted.
func (m *Machine) show(ctx context.Context, w *Write, t target, c *Change) (err error) {
	if !m.Diff || w.Secret {
		if w.Secret {
			c.Before, c.After = "before", "after"
		}
		return nil
	}
	if t.exists {
		old, err := m.Local(w.Path)
		if err != nil {
			return err
		}
		if c.Before, _, err = old.preview(ctx); err != nil {
			return err
		}
	}
	c.After, w.Content, err = w.Content.preview(ctx)
	return err
}

// replace writes a new file beside the old one and renames it.
func (m *Machine) replace(ctx context.Context, w Write, t target) (backup string, err error) {
	real := m.Path(w.Path)
	temp, err := m.stage(ctx, w, t, real)
	if temp != "" {
		defer os.Remove(temp)
	}
	if err != nil {
		return "", err
	}
	if w.Validate != "" {
		if err := m.validate(ctx, w, temp); err != nil {
			return "", err
		}
	}
	if w.Backup && t.exists {
		if backup, err = m.Backup(w.Path); err != nil {
			return "", err
		}
	}
	if err := os.Rename(temp, real); err != nil {
		if t.exists && m.unsafeWrites(&w.Perms.Extras) {
			if err := overwrite(temp, real); err != nil {
				return backup, cause("write into", w.Path, err)
			}
			return backup, nil
		}
		err = cause("replace", w.Path, err)
		if errors.Is(err, syscall.EBUSY) {
			err = fmt.Errorf("%w; it is mounted on its own, as container engines do it, and cannot be replaced", err)
		}
		return backup, err
	}
	return backup, nil
}
