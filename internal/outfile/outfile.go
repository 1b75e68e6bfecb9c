// Package outfile writes files of the controller as a whole or not at all: a full
// disk, or an end in between, leaves what was there before. It runs on the
// controller. It makes no folders.
package outfile

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// File is a file that is being written. It is at its name once Keep has returned.
type File struct {
	file *os.File
	name string // where it goes; empty where it is written in place, or is done with
}

// Create begins a file. One that is there keeps its mode and owner, and its place
// where the name is a symbolic link; a new one gets this mode, less the umask. What
// is no regular file (a device, a pipe, /dev/stdout) is never replaced: it is written
// to at once.
func Create(name string, mode fs.FileMode) (*File, error) {
	target, err := filepath.EvalSymlinks(name)
	if err == nil && !descriptor(name) {
		name = target
	}
	before, err := os.Stat(name)
	switch _, lerr := os.Lstat(name); {
	case errors.Is(err, fs.ErrNotExist) && lerr != nil:
		return temporary(name, mode)
	case errors.Is(err, fs.ErrNotExist): // a link to nothing
		return inPlace(name, os.O_CREATE, mode)
	case err != nil:
		return nil, err
	case !before.Mode().IsRegular() || descriptor(name):
		return inPlace(name, 0, mode)
	}
	f, err := temporary(name, 0o600)
	if err != nil {
		return nil, err
	}
	if err := f.like(before); err != nil {
		f.Discard()
		return nil, err
	}
	return f, nil
}

// descriptor reports whether a name stands for one of the process's open files,
// which others may be writing to as well.
func descriptor(name string) bool {
	return name == "/dev/stdout" || name == "/dev/stderr" || strings.HasPrefix(name, "/dev/fd/") || strings.HasPrefix(name, "/proc/")
}

func inPlace(name string, flag int, mode fs.FileMode) (*File, error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND|flag, mode)
	if err != nil {
		return nil, err
	}
	return &File{file: f}, nil
}

func temporary(name string, mode fs.FileMode) (*File, error) {
	f, err := os.OpenFile(filepath.Join(filepath.Dir(name), ".fleet-"+rand.Text()), os.O_RDWR|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return nil, err
	}
	return &File{file: f, name: name}, nil
}

// like gives the file the mode and owner of the one that it replaces.
func (f *File) like(before fs.FileInfo) error {
	was := before.Sys().(*syscall.Stat_t)
	now, err := f.file.Stat()
	if err != nil {
		return err
	}
	if is := now.Sys().(*syscall.Stat_t); is.Uid != was.Uid || is.Gid != was.Gid {
		if err := f.file.Chown(int(was.Uid), int(was.Gid)); err != nil {
			return err
		}
	}
	return f.file.Chmod(before.Mode().Perm())
}

// Write implements io.Writer.
func (f *File) Write(p []byte) (int, error) { return f.file.Write(p) }

// Sync waits until what was written is on the disk.
func (f *File) Sync() error {
	if f.name == "" {
		return nil // not all devices can
	}
	return f.file.Sync()
}

// Keep puts the file in its place. Where it fails, nothing has changed.
func (f *File) Keep() error {
	err := f.file.Close()
	if f.name == "" {
		return err
	}
	if err == nil {
		err = os.Rename(f.file.Name(), f.name)
	}
	if err != nil {
		_ = os.Remove(f.file.Name()) // err says more
	}
	f.name = ""
	return err
}

// Discard forgets what was not kept. After Keep it does nothing.
func (f *File) Discard() {
	_ = f.file.Close()
	if f.name != "" {
		_ = os.Remove(f.file.Name()) // nobody looks for it
		f.name = ""
	}
}

// Write writes data to a file, as Create and Keep do.
func Write(name string, data []byte, mode fs.FileMode) error {
	f, err := Create(name, mode)
	if err != nil {
		return err
	}
	defer f.Discard()
	if _, err := f.Write(data); err != nil {
		return err
	}
	return f.Keep()
}
