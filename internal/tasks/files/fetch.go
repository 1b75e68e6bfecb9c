package files

import (
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// Fetch brings a file of the target to the controller. There it lies below dest,
// in a folder for each host, unless flat is given. A file that the controller has
// already is not sent again, and in check mode nothing is.
//
// Example:
//
//	tasks:
//	  - name: Collect the certificates
//	    fetch:
//	      src: /etc/ssl/app.crt
//	      dest: collected/
var Fetch = sys.Define(spec.Module{
	Name:     "fetch",
	Names:    []string{"ansible.builtin.fetch", "ansible.legacy.fetch"},
	OwnNeeds: true,
}, fetch)

type fetchArgs struct {
	// The file on the target.
	Src string `arg:"src,required,plain" type:"path"`
	// The folder on the controller, or with flat the file.
	Dest string `arg:"dest,plain"`
	// Fails where the file does not exist.
	FailOnMissing bool `arg:"fail_on_missing" default:"yes"`
	// Puts the file at dest itself, without folders for the host and the path.
	Flat bool `arg:"flat"`
	// Compares the digests of what was sent and of what arrived. It always happens.
	ValidateChecksum bool `arg:"validate_checksum" default:"yes"`
	// The SHA-256 digest of the file that the controller has; it is filled in by fleet.
	HaveSHA256 string `arg:"have_sha256"`
}

type fetchResult struct {
	// Whether the controller's file differs.
	Changed bool `json:"changed"`
	// The path of the file on the target.
	File string `json:"file"`
	// The SHA-1 digest of the file.
	Checksum string `json:"checksum,omitempty"`
	// The MD5 digest of the file.
	MD5 string `json:"md5sum,omitempty"`
	// The SHA-256 digest of the file.
	SHA256 string `json:"sha256,omitempty"`
	// The size in bytes.
	Size int64 `json:"size"`
	// Why nothing was fetched.
	Msg string `json:"msg,omitempty"`
}

func fetch(ctx context.Context, m *sys.Machine, a *fetchArgs) (any, error) {
	res := &fetchResult{File: a.Src}
	f, path, err := openFile(m, a.Src)
	if errors.Is(err, fs.ErrNotExist) && !a.FailOnMissing {
		res.Msg = "the remote file does not exist, not transferring, ignored"
		return res, nil
	}
	if err != nil {
		if err = fetchFailure(m, a.Src, err); a.FailOnMissing {
			return res, err
		}
		res.Msg = err.Error() + ", not transferring, ignored"
		return res, nil
	}
	defer f.Close()
	res.File, res.Changed = path, true
	if a.HaveSHA256 != "" || m.Check {
		if err := res.read(f, io.Discard); err != nil {
			return res, fmt.Errorf("read %q: %w", a.Src, sys.Inner(err))
		}
		res.Changed = res.SHA256 != a.HaveSHA256
	}
	if !res.Changed || m.Check {
		return res, nil
	}
	if m.Controller == nil {
		return res, errors.New("no controller is there to take the file")
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return res, fmt.Errorf("read %q: %w", a.Src, sys.Inner(err))
	}
	return res, res.send(ctx, m, f)
}

// fetchFailure says why a file cannot be fetched, in Ansible's words where it has some.
func fetchFailure(m *sys.Machine, src string, err error) error {
	path, perr := m.Expand(src)
	if perr != nil {
		return perr
	}
	info, serr := os.Stat(m.Path(path))
	switch {
	case errors.Is(serr, fs.ErrNotExist):
		return fmt.Errorf("the remote file does not exist: %s", src)
	case errors.Is(serr, fs.ErrPermission), errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("file is not readable: %s", src)
	case serr == nil && info.IsDir():
		return fmt.Errorf("remote file is a directory, fetch cannot work on directories: %s", src)
	}
	return err
}

// send gives the file to the controller. The digests become those of what was
// sent: the file may have changed since it was looked at.
func (r *fetchResult) send(ctx context.Context, m *sys.Machine, f io.Reader) error {
	in, out := io.Pipe()
	read := make(chan error, 1)
	go func() {
		err := r.read(f, out)
		out.CloseWithError(err)
		read <- err
	}()
	err := m.Controller.Send(ctx, in)
	in.Close()
	if rerr := <-read; err == nil {
		err = rerr
	}
	if err != nil {
		return fmt.Errorf("send %q: %w", r.File, err)
	}
	return nil
}

// read fills in size and digests of what it copies to w.
func (r *fetchResult) read(f io.Reader, w io.Writer) (err error) {
	sums := []hash.Hash{sha1.New(), md5.New(), sha256.New()}
	r.Size, err = io.Copy(io.MultiWriter(sums[0], sums[1], sums[2], w), f)
	for i, to := range []*string{&r.Checksum, &r.MD5, &r.SHA256} {
		*to = hex.EncodeToString(sums[i].Sum(nil))
	}
	return err
}
