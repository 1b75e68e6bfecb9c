package files

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"fleet/internal/tasks/sys"
)

// member is one file in an archive.
type member struct {
	name         string // slash-separated, local
	kind         fs.FileMode
	hard         bool // target is another member
	target       string
	mode         uint32
	size         int64
	mtime        time.Time
	uid, gid     int
	owner, group string
	owned        bool
	crc          *uint32 // of the bytes, in a zip archive
}

// archive is an archive in a local file.
type archive struct {
	path string
	form form
}

// form is a kind of archive, by its first bytes.
type form struct {
	handler string
	magic   string
	program string // that unpacks what Go cannot
	suffix  string
}

var forms = []form{
	{"TgzArchive", "\x1f\x8b", "", ""},
	{"TarBzipArchive", "BZh", "", ""},
	{"TarXzArchive", "\xfd7zXZ\x00", "xz", ".xz"},
	{"TarZstdArchive", "\x28\xb5\x2f\xfd", "zstd", ".zst"},
	{"ZipArchive", "PK\x03\x04", "", ""},
	{"ZipArchive", "PK\x05\x06", "", ""},
}

func (a *archive) handler() string { return a.form.handler }

// openArchive copies the content into the folder work and finds out what it is.
func openArchive(ctx context.Context, m *sys.Machine, content sys.Content, work string) (*archive, error) {
	r, err := content.Open(ctx)
	if err != nil {
		return nil, inner(err)
	}
	defer r.Close()
	arc := &archive{path: filepath.Join(work, "archive.tar"), form: form{handler: "TarArchive"}}
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
	for _, known := range forms {
		if strings.HasPrefix(head.String(), known.magic) {
			arc.form = known
		}
	}
	return arc, arc.unpress(ctx, m)
}

// unpress has a program of the target decompress the file.
func (a *archive) unpress(ctx context.Context, m *sys.Machine) error {
	if a.form.program == "" {
		return nil
	}
	pressed := a.path + a.form.suffix
	if err := os.Rename(a.path, pressed); err != nil {
		return err
	}
	if _, err := m.Must(ctx, a.form.program, "-d", "-q", pressed); err != nil {
		return fmt.Errorf("it has to be decompressed by the program %q on the target: %w", a.form.program, err)
	}
	return nil
}

// each calls visit with every member and its bytes, until there is an error.
func (a *archive) each(visit func(member, io.Reader) error) error { return broken(a.read(visit)) }

func (a *archive) read(visit func(member, io.Reader) error) error {
	if a.form.handler == "ZipArchive" {
		return a.eachZip(visit)
	}
	f, err := os.Open(a.path)
	if err != nil {
		return err
	}
	defer f.Close()
	var r io.Reader = f
	switch a.form.handler {
	case "TgzArchive":
		if r, err = gzip.NewReader(f); err != nil {
			return err
		}
	case "TarBzipArchive":
		r = bzip2.NewReader(f)
	}
	return eachTar(tar.NewReader(r), a.form.handler == "TarArchive", visit)
}

// eachTar reads a tar archive; plain says that it is not compressed.
func eachTar(r *tar.Reader, plain bool, visit func(member, io.Reader) error) error {
	for first := true; ; first = false {
		h, err := r.Next()
		if err == io.EOF {
			return nil
		}
		if first && (errors.Is(err, tar.ErrHeader) || plain && errors.Is(err, io.ErrUnexpectedEOF)) {
			return errors.New("this is neither a tar nor a zip archive")
		}
		if err != nil {
			return err
		}
		mb := member{name: h.Name, target: h.Linkname, mode: uint32(h.Mode) & 0o7777, size: h.Size, mtime: h.ModTime,
			uid: h.Uid, gid: h.Gid, owner: h.Uname, group: h.Gname, owned: true}
		switch h.Typeflag {
		case tar.TypeReg, '\x00', tar.TypeGNUSparse:
		case tar.TypeDir:
			mb.kind = fs.ModeDir
		case tar.TypeSymlink:
			mb.kind = fs.ModeSymlink
		case tar.TypeLink:
			mb.hard = true
		case tar.TypeXGlobalHeader:
			continue
		default:
			return fmt.Errorf("%q is neither a file nor a folder nor a link (type %q), and is not unpacked", h.Name, h.Typeflag)
		}
		if err := visit(mb, r); err != nil {
			return err
		}
	}
}

func (a *archive) eachZip(visit func(member, io.Reader) error) error {
	z, err := zip.OpenReader(a.path)
	if err != nil {
		return err
	}
	defer z.Close()
	for _, f := range z.File {
		mb := member{name: f.Name, mode: uint32(f.Mode().Perm()), kind: f.Mode().Type(), size: int64(f.UncompressedSize64),
			mtime: f.Modified, crc: &f.CRC32}
		if mb.kind == 0 && mb.mode == 0 {
			mb.mode = 0o666 &^ sys.Umask() // packed where files have no permissions
		}
		if err := visitZip(f, mb, visit); err != nil {
			return err
		}
	}
	return nil
}

func visitZip(f *zip.File, mb member, visit func(member, io.Reader) error) error {
	r, err := f.Open()
	if err != nil {
		return fmt.Errorf("%q: %w", f.Name, err)
	}
	defer r.Close()
	if mb.kind == fs.ModeSymlink {
		target, err := io.ReadAll(io.LimitReader(r, 4096))
		if err != nil {
			return fmt.Errorf("%q: %w", f.Name, err)
		}
		mb.target = string(target)
	} else if mb.kind != 0 && mb.kind != fs.ModeDir {
		return fmt.Errorf("%q is neither a file nor a folder nor a link, and is not unpacked", f.Name)
	}
	return visit(mb, r)
}

// crcOf returns the checksum of a reader's bytes as zip has it.
func crcOf(r io.Reader) (uint32, error) {
	h := crc32.NewIEEE()
	_, err := io.Copy(h, r)
	return h.Sum32(), err
}
