package vault

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	format "fleet/internal/jinja/vault"
	"fleet/internal/source"
)

// ReadPlain returns what is to be encrypted: a file, or what in holds for "-".
func ReadPlain(name string, in io.Reader) ([]byte, error) {
	data, err := read(name, in)
	if err == nil && format.IsVault(string(data)) {
		err = &source.Error{Msg: title(name) + " is encrypted already", Hint: "fleet vault rekey gives it another password"}
	}
	return data, err
}

// ReadVault returns a vault: a file, or what in holds for "-".
func ReadVault(name string, in io.Reader) (string, error) {
	data, err := read(name, in)
	if err == nil && !format.IsVault(string(data)) {
		err = &source.Error{Msg: title(name) + " is not encrypted", Hint: `a vault starts with "$ANSIBLE_VAULT;"`}
	}
	return string(data), err
}

func read(name string, in io.Reader) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(in)
	}
	data, err := os.ReadFile(name)
	return data, plainError("cannot read", name, err)
}

func title(name string) string {
	if name == "-" {
		return "standard input"
	}
	return name
}

// plainError says what could not be done, without naming a file twice.
func plainError(what, name string, err error) error {
	if err == nil {
		return nil
	}
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		err = path.Err
	case errors.As(err, &link):
		err = link.Err
	}
	return &source.Error{Msg: fmt.Sprintf("%s %s: %v", what, name, err), Err: err}
}

// Write puts data into a file as a whole or not at all. A file that is there keeps
// its mode and owner, and its place where the name is a symbolic link; a new one is
// its owner's alone.
func Write(name string, data []byte) error {
	target, err := filepath.EvalSymlinks(name)
	if errors.Is(err, fs.ErrNotExist) {
		target, err = name, nil
	}
	if err == nil {
		err = replace(target, data)
	}
	return plainError("cannot write", name, err)
}

func replace(name string, data []byte) error {
	temp, err := os.CreateTemp(filepath.Dir(name), ".fleet-vault-*") // 0600
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name()) // where it was not renamed
	_, err = temp.Write(data)
	if err == nil {
		err = likeBefore(temp, name)
	}
	if err == nil {
		err = temp.Sync()
	}
	if cerr := temp.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	return os.Rename(temp.Name(), name)
}

// likeBefore gives a file the mode and owner of the one that it replaces.
func likeBefore(f *os.File, name string) error {
	info, err := os.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if now, err := f.Stat(); err == nil && !sameOwner(now, info) {
		was := info.Sys().(*syscall.Stat_t)
		if err := f.Chown(int(was.Uid), int(was.Gid)); err != nil {
			return err
		}
	}
	return f.Chmod(info.Mode().Perm())
}

func sameOwner(a, b fs.FileInfo) bool {
	x, xok := a.Sys().(*syscall.Stat_t)
	y, yok := b.Sys().(*syscall.Stat_t)
	return !xok || !yok || x.Uid == y.Uid && x.Gid == y.Gid
}
