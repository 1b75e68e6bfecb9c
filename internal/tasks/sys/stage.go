package sys

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

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
	if err != nil && t.exists && m.unsafeWrites(&w.Perms.Extras) { // a folder where nothing can be made
		f, err = os.CreateTemp("", ".fleet-*-"+base)
	}
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
	if t.exists {
		copyAttributes(real, temp)
		if info, err := os.Lstat(temp); err == nil {
			has = permsOf(info) // a list of access rights changes the mode
		}
	}
	if err := applyPerms(temp, has, t.next, false); err != nil {
		if t.wanted.uid != -1 || t.wanted.gid != -1 || !errors.Is(err, syscall.EPERM) {
			return denied("change", path, err)
		}
		if err := syscall.Chmod(temp, t.next.mode&^(setUID|setGID)); err != nil {
			return denied("change", path, err)
		}
	}
	return nil
}

// ofContent are the extended attributes that vouch for a file's content: another
// content does not get them.
var ofContent = []string{"security.capability", "security.ima", "security.evm"}

// copyAttributes gives a new file the extended attributes of the one that it
// replaces: its access rights (acl(5)), SELinux label and users' own notes. What
// the file system does not know, or the user may not do, does not happen.
func copyAttributes(from, to string) {
	names := make([]byte, 64<<10)
	n, err := syscall.Listxattr(from, names)
	if err != nil {
		return
	}
	value := make([]byte, 64<<10)
	for _, name := range strings.Split(strings.TrimSuffix(string(names[:n]), "\x00"), "\x00") {
		if name == "" || slices.Contains(ofContent, name) {
			continue
		}
		if n, err := syscall.Getxattr(from, name, value); err == nil {
			_ = syscall.Setxattr(to, name, value[:n], 0)
		}
	}
}

func (m *Machine) validate(ctx context.Context, w Write, temp string) error {
	if !strings.Contains(w.Validate, "%s") {
		return fmt.Errorf("validate must contain %%s: %s (it stands for the name of the new file)", w.Validate)
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
