package archives

import (
	"archive/tar"
	"archive/zip"
	"compress/bzip2"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"fleet/internal/archive"
	"fleet/internal/tasks/sys"
)

// packing is an archive that is to be made.
type packing struct {
	m        *sys.Machine
	format   string
	patterns []string // of names to leave out
	sources  []string
	root     string // what the members' names do not begin with
	dest     string
	single   bool // one file, compressed
	members  []packedFile
}

// packedFile is one member of an archive that is to be made.
type packedFile struct {
	name string // within the archive; a folder's ends in a slash
	path string
	info fs.FileInfo
	link string
}

// walk lists what goes into the archive: what is below the sources, in the order
// of their names. A source that is a folder is not a member itself.
func (p *packing) walk(res *archiveResult) error {
	for _, source := range p.sources {
		top := p.m.Path(strings.TrimSuffix(source, "/"))
		err := filepath.WalkDir(top, func(real string, d fs.DirEntry, err error) error {
			switch {
			case errors.Is(err, fs.ErrNotExist) && real == top:
				return nil
			case err != nil:
				return err
			}
			own := "/" + strings.TrimPrefix(strings.TrimPrefix(real, p.m.Root), "/")
			name := strings.TrimPrefix(own, p.root)
			if own == p.dest || real == top && d.IsDir() || p.leftOut(name) {
				return nil
			}
			e := packedFile{name: name, path: own}
			if e.info, err = os.Lstat(real); err != nil {
				return err
			}
			switch {
			case d.IsDir():
				e.name += "/"
			case d.Type()&fs.ModeSymlink != 0:
				e.link, err = os.Readlink(real)
			case !d.Type().IsRegular():
				return nil
			}
			p.members = append(p.members, e)
			res.Archived = append(res.Archived, own)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// leftOut reports whether a pattern matches the whole name. Its * stands for
// slashes, too.
func (p *packing) leftOut(name string) bool {
	flat := strings.NewReplacer("/", "\x01", "[!", "[^")
	return slices.ContainsFunc(p.patterns, func(glob string) bool {
		ok, err := path.Match(flat.Replace(glob), strings.ReplaceAll(name, "/", "\x01"))
		return ok && err == nil
	})
}

// same reports whether the archive that is there holds just this. Of a zip
// archive only names and bytes count.
func (p *packing) same(ctx context.Context) (bool, error) {
	if !p.m.Exists(p.dest) {
		return false, nil
	}
	work, err := os.MkdirTemp("", "fleet-archive-")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(work)
	content, err := p.m.Local(p.dest)
	if err != nil {
		return false, err
	}
	old, err := openArchive(ctx, p.m, content, work)
	if err != nil {
		return false, nil // what cannot be read is packed anew
	}
	if p.single {
		return p.sameFile(old)
	}
	left := map[string]packedFile{}
	for _, e := range p.members {
		left[e.name] = e
	}
	differs := errors.New("differs")
	err = old.each(func(mb archive.Member, r io.Reader) error {
		e, ok := left[mb.Name]
		if !ok || !p.equal(e, mb, r) {
			return differs
		}
		delete(left, mb.Name)
		return nil
	})
	return err == nil && len(left) == 0, ctx.Err()
}

func (p *packing) equal(e packedFile, mb archive.Member, r io.Reader) bool {
	if mb.Kind != e.info.Mode().Type() || mb.Target != e.link {
		return false
	}
	if mb.Owned {
		h, err := header(e)
		if err != nil || h.ModTime.Unix() != mb.MTime.Unix() || uint32(h.Mode)&0o7777 != mb.Mode || h.Uid != mb.UID || h.Gid != mb.GID {
			return false
		}
	}
	return !e.info.Mode().IsRegular() || p.sameBytes(e, r)
}

func (p *packing) sameBytes(e packedFile, r io.Reader) bool {
	f, err := p.m.Open(e.path)
	if err != nil {
		return false
	}
	defer f.Close()
	is, err := crcOf(f)
	if err != nil {
		return false
	}
	was, err := crcOf(r)
	return err == nil && is == was
}

// sameFile compares a single file with what comes out of the compressed one.
func (p *packing) sameFile(old *unpackable) (bool, error) {
	f, err := os.Open(old.path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	var r io.Reader = f
	switch old.form.Name {
	case "TgzArchive":
		if r, err = gzip.NewReader(f); err != nil {
			return false, nil
		}
	case "TarBzipArchive":
		r = bzip2.NewReader(f)
	}
	return len(p.members) == 1 && p.sameBytes(p.members[0], r), nil
}

// write makes the archive under a temporary name beside its place.
func (p *packing) write(ctx context.Context) error {
	real := p.m.Path(p.dest)
	f, err := os.CreateTemp(filepath.Dir(real), ".fleet-archive-*")
	if err != nil {
		return err
	}
	temp := f.Name()
	defer func() { _ = os.Remove(temp) }()
	if err := errors.Join(p.fill(ctx, f), f.Close()); err != nil {
		return err
	}
	if program := map[string]string{"bz2": "bzip2", "xz": "xz"}[p.format]; program != "" {
		if _, err := p.m.Must(ctx, program, "-q", "--", temp); err != nil {
			return err
		}
		temp += "." + p.format
	}
	if err := os.Chmod(temp, os.FileMode(0o666&^sys.Umask())); err != nil {
		return err
	}
	return os.Rename(temp, real)
}

func (p *packing) fill(ctx context.Context, w io.Writer) error {
	var pressed *gzip.Writer
	if p.format == "gz" {
		pressed = gzip.NewWriter(w)
		w = pressed
	}
	var err error
	switch {
	case p.single:
		if len(p.members) == 1 {
			err = p.copyTo(w, p.members[0])
		}
	case p.format == "zip":
		z := zip.NewWriter(w)
		err = errors.Join(p.each(ctx, func(e packedFile) error { return p.addZip(z, e) }), z.Close())
	default:
		t := tar.NewWriter(w)
		err = errors.Join(p.each(ctx, func(e packedFile) error { return p.addTar(t, e) }), t.Close())
	}
	if pressed != nil {
		err = errors.Join(err, pressed.Close())
	}
	return err
}

func (p *packing) each(ctx context.Context, add func(packedFile) error) error {
	for _, e := range p.members {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := add(e); err != nil {
			return err
		}
	}
	return nil
}

func header(e packedFile) (*tar.Header, error) {
	h, err := tar.FileInfoHeader(e.info, e.link)
	if err == nil {
		h.Name, h.Format = e.name, tar.FormatGNU
		h.ModTime = h.ModTime.Truncate(1e9)
		h.AccessTime, h.ChangeTime = h.AccessTime.Truncate(0), h.ChangeTime.Truncate(0)
	}
	return h, err
}

func (p *packing) addTar(t *tar.Writer, e packedFile) error {
	h, err := header(e)
	if err != nil {
		return err
	}
	h.Uname, h.Gname = p.m.UserName(h.Uid), p.m.GroupName(h.Gid)
	if err := t.WriteHeader(h); err != nil || !e.info.Mode().IsRegular() {
		return err
	}
	return p.copyTo(t, e)
}

func (p *packing) addZip(z *zip.Writer, e packedFile) error {
	h, err := zip.FileInfoHeader(e.info)
	if err != nil {
		return err
	}
	h.Name = path.Clean(e.name)
	if e.info.IsDir() {
		h.Name += "/"
	} else {
		h.Method = zip.Deflate
	}
	w, err := z.CreateHeader(h)
	switch {
	case err != nil || e.info.IsDir():
		return err
	case e.link != "":
		_, err = io.WriteString(w, e.link)
		return err
	}
	return p.copyTo(w, e)
}

func (p *packing) copyTo(w io.Writer, e packedFile) error {
	f, err := p.m.Open(e.path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(w, f)
	return err
}
