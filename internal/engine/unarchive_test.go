package engine

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// An archive is offered with its listing where that spares sending the archive.
func TestListingIsOffered(t *testing.T) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	data := make([]byte, 20_000)
	rand.Read(data)
	if err := w.WriteHeader(&tar.Header{Name: "f", Mode: 0o644, Size: int64(len(data))}); err != nil {
		t.Fatal(err)
	}
	w.Write(data)
	w.Close()
	var z bytes.Buffer
	g := gzip.NewWriter(&z)
	g.Write(b.Bytes())
	g.Close()
	for name, test := range map[string]struct {
		data []byte
		want string // or nothing is offered
	}{
		"tar":       {b.Bytes(), `{"form":"TarArchive","members":[{"name":"f",`},
		"tar.gz":    {z.Bytes(), `{"form":"TgzArchive","members":[{"name":"f",`},
		"cut":       {z.Bytes()[:10_000], ""},
		"xz":        {append([]byte("\xfd7zXZ\x00"), data...), ""},
		"something": {data, ""},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "archive")
			if err := os.WriteFile(path, test.data, 0o644); err != nil {
				t.Fatal(err)
			}
			var e Engine
			if got := string(e.listing(path)); test.want == "" && got != "" || !strings.HasPrefix(got, test.want) {
				t.Errorf("%s", got)
			}
		})
	}
}
