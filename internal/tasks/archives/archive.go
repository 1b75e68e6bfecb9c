package archives

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"

	"fleet/internal/archive"
	"fleet/internal/tasks/sys"
)

// unpackable is an archive in a local file.
type unpackable struct {
	path string
	form archive.Form
}

// openArchive copies the content into the folder work and finds out what it is.
func openArchive(ctx context.Context, m *sys.Machine, content sys.Content, work string) (*unpackable, error) {
	r, err := content.Open(ctx)
	if err != nil {
		return nil, sys.Inner(err)
	}
	defer r.Close()
	arc := &unpackable{path: filepath.Join(work, "archive.tar")}
	f, err := os.OpenFile(arc.path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	head := &bytes.Buffer{}
	_, err = io.CopyN(io.MultiWriter(f, head), r, 512)
	if err == nil {
		_, err = io.Copy(f, r)
	}
	if err == io.EOF {
		err = nil
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	arc.form = archive.FormOf(head.Bytes())
	return arc, arc.unpress(ctx, m)
}

// unpress has a program of the target decompress the file.
func (a *unpackable) unpress(ctx context.Context, m *sys.Machine) error {
	if a.form.Program == "" {
		return nil
	}
	pressed := a.path + a.form.Suffix
	if err := os.Rename(a.path, pressed); err != nil {
		return err
	}
	if _, err := m.Must(ctx, a.form.Program, "-d", "-q", pressed); err != nil {
		return fmt.Errorf("it has to be decompressed by the program %q on the target: %w", a.form.Program, err)
	}
	return nil
}

// each calls visit with every member and its bytes, until there is an error.
func (a *unpackable) each(visit func(archive.Member, io.Reader) error) error {
	return broken(a.form.Each(a.path, visit))
}

// crcOf returns the checksum of a reader's bytes as zip has it.
func crcOf(r io.Reader) (uint32, error) {
	h := crc32.NewIEEE()
	_, err := io.Copy(h, r)
	return h.Sum32(), err
}
