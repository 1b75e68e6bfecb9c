package sys

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
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
}

// Written is what became of a Write.
type Written struct {
	Changed    bool   // the content, not only the permissions
	BackupFile string // empty where no backup was made
}

// Write brings a file to the content and permissions of w through the door.
func (m *Machine) Write(ctx context.Context, w Write) (Written, error) {
	t, err := m.target(&w)
	if err != nil {
		return Written{}, err
	}
	if t.exists && t.same(m, w) {
		return Written{}, m.setPerms(ctx, w.Path, t.wanted, true)
	}
	var done Written
	change := Change{What: "create " + w.Path, Secret: w.Secret, BeforeName: w.Path, AfterName: w.Path}
	if t.exists || t.link {
		change.What = "replace " + w.Path
	}
	if err := m.show(ctx, &w, t, &change); err != nil {
		return Written{}, err
	}
	change.Do = func(ctx context.Context) error {
		done.BackupFile, err = m.replace(ctx, w, t)
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
		err = cause("replace", w.Path, err)
		if errors.Is(err, syscall.EBUSY) {
			err = fmt.Errorf("%w; it is mounted on its own, as container engines do it, and cannot be replaced", err)
		}
		return backup, err
	}
	return backup, nil
}

// stage writes the temporary file with the mode and owner that the file shall have.
func (m *Machine) stage(ctx context.Context, w Write, t target, real string) (temp string, err error) {
	src, err := w.Content.Open(ctx)
	if err != nil {
		return "", err
	}
	defer src.Close()
	base := filepath.Base(real)
	if len(base) > 200 {
		base = base[:200]
	}
	f, err := os.CreateTemp(filepath.Dir(real), ".fleet-*-"+base)
	if err != nil {
		return "", denied("write", w.Path, err)
	}
	_, err = io.Copy(f, src)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return f.Name(), cause("write", w.Path, err)
	}
	return f.Name(), t.dress(f.Name(), real, w.Path)
}

// dress gives the temporary file its owner, mode and security label. An owner
// that was only kept, and not asked for, is let go where it cannot be kept.
func (t target) dress(temp, real, path string) error {
	has := permState{0o600, os.Geteuid(), os.Getegid()}
	if err := applyPerms(temp, has, t.next, false); err != nil {
		if t.wanted.uid != -1 || t.wanted.gid != -1 || !errors.Is(err, syscall.EPERM) {
			return denied("change", path, err)
		}
		if err := syscall.Chmod(temp, t.next.mode&^(setUID|setGID)); err != nil {
			return denied("change", path, err)
		}
	}
	if t.exists {
		copyLabel(real, temp)
	}
	return nil
}

// copyLabel keeps the SELinux label of a file that is replaced. Without SELinux,
// or without the right to do so, nothing happens.
func copyLabel(from, to string) {
	const name = "security.selinux"
	label := make([]byte, 1024)
	if n, err := syscall.Getxattr(from, name, label); err == nil {
		_ = syscall.Setxattr(to, name, label[:n], 0)
	}
}

func (m *Machine) validate(ctx context.Context, w Write, temp string) error {
	if !strings.Contains(w.Validate, "%s") {
		return fmt.Errorf("argument %q has no %%s for the name of the file: %q", "validate", w.Validate)
	}
	argv, err := Split(w.Validate)
	if err != nil {
		return fmt.Errorf("argument %q: %w", "validate", err)
	}
	for i := range argv {
		argv[i] = strings.ReplaceAll(argv[i], "%s", temp)
	}
	if _, err := m.Must(ctx, argv...); err != nil {
		return fmt.Errorf("the new %q was refused and is not put in place: %w", w.Path, err)
	}
	return nil
}

// Backup copies a file to a name beside it, which it returns, as Ansible names
// it: with the process's number and the time.
func (m *Machine) Backup(path string) (string, error) {
	name := fmt.Sprintf("%s.%d.%s~", path, os.Getpid(), time.Now().Format("2006-01-02@15:04:05"))
	info, err := os.Stat(m.Path(path))
	if err != nil {
		return "", cause("back up", path, err)
	}
	content, err := m.Local(path)
	if err != nil {
		return "", err
	}
	old := permsOf(info)
	w := Write{Path: name, Content: content}
	temp, err := m.stage(context.Background(), w, target{exists: true, old: old, next: old, wanted: wanted{uid: -1, gid: -1}}, m.Path(path))
	if err == nil {
		err = os.Chtimes(temp, info.ModTime(), info.ModTime())
	}
	if err == nil {
		err = os.Rename(temp, m.Path(name))
	}
	if err != nil {
		os.Remove(temp)
		return "", cause("back up", path, err)
	}
	return name, nil
}
