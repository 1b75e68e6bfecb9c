package archive

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

var mtime = time.Unix(1_700_000_000, 0)

func tarball(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range []*tar.Header{
		{Name: "d/", Typeflag: tar.TypeDir, Mode: 0o755, ModTime: mtime},
		{Name: "d/f", Typeflag: tar.TypeReg, Mode: 0o4750, Size: 5, ModTime: mtime, Uid: 7, Gid: 8, Uname: "web", Gname: "www"},
		{Name: "l", Typeflag: tar.TypeSymlink, Linkname: "d/f", Mode: 0o777, ModTime: mtime},
		{Name: "h", Typeflag: tar.TypeLink, Linkname: "d/f", Mode: 0o644, ModTime: mtime},
	} {
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if h.Size > 0 {
			w.Write([]byte("hello"))
		}
	}
	w.Close()
	return b.Bytes()
}

func zipped(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.CreateHeader(&zip.FileHeader{Name: "f", Modified: mtime, Method: zip.Deflate})
	if err != nil {
		t.Fatal(err)
	}
	f.Write([]byte("hello"))
	w.Close()
	return b.Bytes()
}

func gzipped(data []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(data)
	w.Close()
	return b.Bytes()
}

func put(t testing.TB, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "archive")
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// A listing has all that is needed to compare, and survives JSON.
func TestList(t *testing.T) {
	crc := uint32(0x3610a686)
	members := []Member{
		{Name: "d/", Kind: fs.ModeDir, Mode: 0o755, MTime: mtime, Owned: true},
		{Name: "d/f", Mode: 0o4750, Size: 5, MTime: mtime, UID: 7, GID: 8, Owner: "web", Group: "www", Owned: true},
		{Name: "l", Kind: fs.ModeSymlink, Target: "d/f", Mode: 0o777, MTime: mtime, Owned: true},
		{Name: "h", Hard: true, Target: "d/f", Mode: 0o644, MTime: mtime, Owned: true},
	}
	for name, test := range map[string]struct {
		data []byte
		want Listing
		err  string
	}{
		"tar":       {tarball(t), Listing{"TarArchive", members}, ""},
		"tar.gz":    {gzipped(tarball(t)), Listing{"TgzArchive", members}, ""},
		"zip":       {zipped(t), Listing{"ZipArchive", []Member{{Name: "f", Size: 5, MTime: mtime, CRC: &crc}}}, ""},
		"xz":        {[]byte("\xfd7zXZ\x00 and more"), Listing{}, "xz has to decompress it"},
		"zstd":      {[]byte("\x28\xb5\x2f\xfd and more"), Listing{}, "zstd has to decompress it"},
		"something": {[]byte(strings.Repeat("no archive ", 100)), Listing{}, "neither a tar nor a zip archive"},
		"short":     {[]byte("no"), Listing{}, "neither a tar nor a zip archive"},
		"empty":     {nil, Listing{}, "EOF"},
		"cut":       {gzipped(tarball(t))[:100], Listing{}, "unexpected EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := List(put(t, test.data))
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("%+v, %v", l, err)
				}
				return
			}
			data, merr := json.Marshal(l)
			var got Listing
			if err != nil || merr != nil || json.Unmarshal(data, &got) != nil {
				t.Fatal(err, merr)
			}
			for i := range got.Members {
				if !got.Members[i].MTime.Equal(mtime) {
					t.Errorf("%s is of %s", got.Members[i].Name, got.Members[i].MTime)
				}
				got.Members[i].MTime = mtime
			}
			for i := range test.want.Members {
				if test.want.Form == "ZipArchive" {
					test.want.Members[i].Mode = got.Members[i].Mode
				}
			}
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("got  %+v\nwant %+v", got, test.want)
			}
		})
	}
}

func FuzzList(f *testing.F) {
	f.Add(tarball(f))
	f.Add(gzipped(tarball(f)))
	f.Add(zipped(f))
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := List(put(t, data))
		if err != nil {
			return
		}
		if _, err := json.Marshal(l); err != nil {
			t.Logf("a listing that cannot be sent: %v", err) // the archive is sent, then
		}
	})
}
