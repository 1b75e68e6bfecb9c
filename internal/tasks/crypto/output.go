// Package crypto holds the modules that make keys, requests and certificates.
// It runs on the target, needs neither Python nor OpenSSL there (but for
// openssl_dhparam), and refuses algorithms that Go's standard library has not:
// DSA, Ed448, X448 and the curves of Brainpool.
package crypto

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"fleet/internal/tasks/sys"
)

// fileArgs are the arguments of every module that makes a file.
type fileArgs struct {
	// The file.
	Path string `arg:"path,required" type:"path"`
	// Whether the file shall be there.
	State string `arg:"state" choices:"absent,present" default:"present"`
	// Makes it anew although it is as asked.
	Force bool `arg:"force"`
	// Keeps the old file under another name before it is replaced or removed.
	Backup bool `arg:"backup"`
	sys.Perms
}

// backendArgs is what playbooks set for Ansible and means nothing here.
type backendArgs struct {
	// Taken and not used: there is one implementation.
	Backend string `arg:"select_crypto_backend" choices:"auto,cryptography" default:"auto"`
}

// fileResult is what every module that makes a file returns.
type fileResult struct {
	// The file.
	Filename string `json:"filename"`
	// The name of the backup, where one was made.
	BackupFile string `json:"backup_file,omitempty"`
}

// file is the file of one call.
type file struct {
	*fileArgs
	m      *sys.Machine
	result fileResult
	data   []byte // nil: it is not there
	secret bool
}

// open reads the file of a call.
func open(m *sys.Machine, a *fileArgs) (*file, error) {
	path, err := m.Expand(a.Path)
	if err != nil {
		return nil, err
	}
	a.Path = path
	f := &file{fileArgs: a, m: m, result: fileResult{Filename: path}}
	f.data, err = read(m, path)
	if errors.Is(err, fs.ErrNotExist) {
		return f, nil
	}
	return f, err
}

// maxFile bounds the files that are read, in bytes.
const maxFile = 4 << 20

// read returns a file of the machine.
func read(m *sys.Machine, path string) ([]byte, error) {
	path, err := m.Expand(path)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(m.Path(path))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, missing(path)
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, fmt.Errorf("%q is a folder, not a file", path)
	case info.Size() > maxFile:
		return nil, fmt.Errorf("%q has %d bytes: that is no key, request or certificate", path, info.Size())
	}
	return m.ReadFile(path)
}

// missing is the error of a file that is not there.
type missing string

func (m missing) Error() string      { return fmt.Sprintf("file %q does not exist", string(m)) }
func (missing) Is(target error) bool { return target == fs.ErrNotExist }

// remove brings the file to state absent.
func (f *file) remove(ctx context.Context) error {
	if f.data == nil {
		return nil
	}
	return f.m.Change(ctx, sys.Change{What: "remove " + f.Path, Do: func(context.Context) (err error) {
		if f.Backup {
			if f.result.BackupFile, err = f.m.Backup(f.Path); err != nil {
				return err
			}
		}
		return os.Remove(f.m.Path(f.Path))
	}})
}

// keep gives the file its permissions; its content is as asked.
func (f *file) keep(ctx context.Context) error {
	return f.m.SetPerms(ctx, f.Path, f.Perms, true)
}

// replace writes what generate returns. In check mode nothing is generated,
// because that may be slow, and what it needs may be missing still.
func (f *file) replace(ctx context.Context, generate func(context.Context) ([]byte, error)) error {
	if f.m.Check {
		verb := "create "
		if f.data != nil {
			verb = "replace "
		}
		return f.m.Change(ctx, sys.Change{What: verb + f.Path})
	}
	data, err := generate(ctx)
	if err != nil {
		return err
	}
	mode := uint32(0)
	if f.secret {
		mode = 0o600
	}
	done, err := f.m.Write(ctx, sys.Write{Path: f.Path, Content: sys.Bytes(data), Perms: f.Perms, NewMode: mode, Follow: true, Backup: f.Backup, Secret: f.secret})
	if err == nil {
		f.data, f.result.BackupFile = data, done.BackupFile
	}
	return err
}
