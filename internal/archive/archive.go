// Package archive reads what is in tar and zip archives. Both sides know it: the
// target unpacks, and the controller lists, so that an archive that is unpacked
// already is not sent. It writes nothing, and starts no program.
package archive

import (
	"archive/tar"
	"archive/zip"
	"compress/bzip2"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"
)

// Member is one file in an archive.
type Member struct {
	Name   string      `json:"name"`
	Kind   fs.FileMode `json:"kind,omitempty"`   // its type bits
	Hard   bool        `json:"hard,omitempty"`   // Target is another member
	Target string      `json:"target,omitempty"` // of a link
	Mode   uint32      `json:"mode,omitempty"`
	Size   int64       `json:"size,omitempty"`
	MTime  time.Time   `json:"mtime"`
	UID    int         `json:"uid,omitempty"`
	GID    int         `json:"gid,omitempty"`
	Owner  string      `json:"owner,omitempty"`
	Group  string      `json:"group,omitempty"`
	Owned  bool        `json:"owned,omitempty"` // the archive says who owns it
	CRC    *uint32     `json:"crc,omitempty"`   // of the bytes, in a zip archive
}

// Form is a kind of archive, by its first bytes. The zero value is a plain tar
// archive.
type Form struct {
	Name    string // as Ansible calls what handles it
	Program string // that decompresses what Go cannot; a tar archive comes out
	Suffix  string // of a file's name, for Program
	magic   string
}

var forms = []Form{
	{"TgzArchive", "", "", "\x1f\x8b"},
	{"TarBzipArchive", "", "", "BZh"},
	{"TarXzArchive", "xz", ".xz", "\xfd7zXZ\x00"},
	{"TarZstdArchive", "zstd", ".zst", "\x28\xb5\x2f\xfd"},
	{"ZipArchive", "", "", "PK\x03\x04"},
	{"ZipArchive", "", "", "PK\x05\x06"},
}

// FormOf returns the form of an archive that begins with head.
func FormOf(head []byte) Form {
	for _, f := range forms {
		if strings.HasPrefix(string(head), f.magic) {
			return f
		}
	}
	return Form{Name: "TarArchive"}
}

// Each calls visit with every member of the archive in a file and its bytes, until
// there is an error. What Program is needed for has to be decompressed.
func (f Form) Each(path string, visit func(Member, io.Reader) error) error {
	if f.Name == "ZipArchive" {
		return eachZip(path, visit)
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	var r io.Reader = file
	switch f.Name {
	case "TgzArchive":
		if r, err = gzip.NewReader(file); err != nil {
			return err
		}
	case "TarBzipArchive":
		r = bzip2.NewReader(file)
	}
	return eachTar(tar.NewReader(r), r == file, visit)
}

func eachTar(r *tar.Reader, plain bool, visit func(Member, io.Reader) error) error {
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
		mb := Member{Name: h.Name, Target: h.Linkname, Mode: uint32(h.Mode) & 0o7777, Size: h.Size, MTime: h.ModTime,
			UID: h.Uid, GID: h.Gid, Owner: h.Uname, Group: h.Gname, Owned: true}
		switch h.Typeflag {
		case tar.TypeReg, '\x00', tar.TypeGNUSparse:
		case tar.TypeDir:
			mb.Kind = fs.ModeDir
		case tar.TypeSymlink:
			mb.Kind = fs.ModeSymlink
		case tar.TypeLink:
			mb.Hard = true
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

func eachZip(path string, visit func(Member, io.Reader) error) error {
	z, err := zip.OpenReader(path)
	if err != nil {
		return err
	}
	defer z.Close()
	for _, f := range z.File {
		mb := Member{Name: f.Name, Mode: uint32(f.Mode().Perm()), Kind: f.Mode().Type(), Size: int64(f.UncompressedSize64),
			MTime: f.Modified, CRC: &f.CRC32}
		if err := visitZip(f, mb, visit); err != nil {
			return err
		}
	}
	return nil
}

func visitZip(f *zip.File, mb Member, visit func(Member, io.Reader) error) error {
	r, err := f.Open()
	if err != nil {
		return fmt.Errorf("%q: %w", f.Name, err)
	}
	defer r.Close()
	if mb.Kind == fs.ModeSymlink {
		target, err := io.ReadAll(io.LimitReader(r, 4096))
		if err != nil {
			return fmt.Errorf("%q: %w", f.Name, err)
		}
		mb.Target = string(target)
	} else if mb.Kind != 0 && mb.Kind != fs.ModeDir {
		return fmt.Errorf("%q is neither a file nor a folder nor a link, and is not unpacked", f.Name)
	}
	return visit(mb, r)
}
