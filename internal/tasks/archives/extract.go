package archives

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"syscall"

	"fleet/internal/archive"
	"fleet/internal/tasks/sys"
)

// extract unpacks the members that differ. All is done through root, which no
// name and no symbolic link leads out of.
func (u *unpacking) extract(ctx context.Context, root *os.Root) error {
	var folders []archive.Member
	arc, err := u.fetched(ctx)
	if err != nil {
		return err
	}
	err = arc.each(func(mb archive.Member, r io.Reader) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		ok, err := u.place(&mb)
		if err != nil || !ok || !u.differ[mb.Name] {
			return err
		}
		if mb.Kind == fs.ModeDir {
			folders = append(folders, mb)
		}
		if err := u.put(root, mb, r); err != nil {
			return fmt.Errorf("unpack %q: %w", mb.Name, sys.Inner(err))
		}
		return nil
	})
	// A folder gets its own mode behind what is in it: it may be read-only.
	slices.Reverse(folders)
	for _, mb := range folders {
		err = errors.Join(err, u.dressMember(root, mb.Name, mb))
	}
	return err
}

func (u *unpacking) put(root *os.Root, mb archive.Member, r io.Reader) error {
	if err := root.MkdirAll(path.Dir(mb.Name), 0o755); err != nil {
		return err
	}
	if mb.Kind == fs.ModeDir {
		return putFolder(root, mb.Name)
	}
	if info, err := root.Lstat(mb.Name); err == nil && info.IsDir() {
		return errors.New("a folder is in its place")
	}
	temp := path.Join(path.Dir(mb.Name), fmt.Sprintf(".fleet-%d-%d", os.Getpid(), len(mb.Name)))
	_ = root.Remove(temp)
	if err := u.make(root, temp, mb, r); err != nil {
		_ = root.Remove(temp)
		return err
	}
	return root.Rename(temp, mb.Name)
}

func putFolder(root *os.Root, name string) error {
	err := root.Mkdir(name, 0o700)
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, err := root.Stat(name)
	if err == nil && !info.IsDir() {
		err = errors.New("a file is in its place")
	}
	return err
}

// make makes the member under a temporary name.
func (u *unpacking) make(root *os.Root, temp string, mb archive.Member, r io.Reader) error {
	switch {
	case mb.Hard:
		return root.Link(mb.Target, temp)
	case mb.Kind == fs.ModeSymlink:
		if err := root.Symlink(mb.Target, temp); err != nil {
			return err
		}
		if uid, gid := u.ids(mb); uid != -1 {
			return root.Lchown(temp, uid, gid)
		}
		return nil
	}
	f, err := root.OpenFile(temp, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return u.dressMember(root, temp, mb)
}

// dressMember gives a file or folder the owner, mode and time of the archive.
func (u *unpacking) dressMember(root *os.Root, name string, mb archive.Member) error {
	if uid, gid := u.ids(mb); uid != -1 {
		if err := root.Lchown(name, uid, gid); err != nil {
			return err
		}
	}
	if err := root.Chmod(name, fileMode(u.mode(mb))); err != nil {
		return err
	}
	if mb.MTime.IsZero() {
		return nil
	}
	return root.Chtimes(name, mb.MTime, mb.MTime)
}

// fileMode turns the bits of chmod into Go's.
func fileMode(bits uint32) fs.FileMode {
	mode := fs.FileMode(bits & 0o777)
	for bit, flag := range map[uint32]fs.FileMode{syscall.S_ISUID: fs.ModeSetuid, syscall.S_ISGID: fs.ModeSetgid, syscall.S_ISVTX: fs.ModeSticky} {
		if bits&bit != 0 {
			mode |= flag
		}
	}
	return mode
}
