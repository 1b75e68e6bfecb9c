package helper

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/klauspost/compress/zstd"

	"fleet/internal/source"
)

// maxPacked is how large a helper may be on its way to a target, and maxLean the
// lean one.
const (
	maxPacked = 4 << 20
	maxLean   = 5 << 19
)

// The embedded helpers are what their manifest says, and small. Without "make
// build" there are none to check.
func TestEmbedded(t *testing.T) {
	t.Cleanup(func() {
		if t.Failed() {
			t.Log("internal/helper/dist may be what an older fleet's build left: \"make build\" makes it anew, \"make clean\" empties it")
		}
	})
	all, err := embeddedIn(dist)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range all {
		check(t, h)
		most := int64(maxPacked)
		if h.Lean {
			most = maxLean
		}
		for _, has := range []Packer{Gzip, Zstd} {
			packed, err := h.Open(has)
			if err != nil || packed.Packer != has || packed.Size > most {
				t.Errorf("%s/%s: %d bytes packed by %s, and not at most %d by %s; %v", h.OS, h.Arch, packed.Size, packed.Packer, most, has, err)
			}
			t.Logf("%s/%s: %d bytes, %d packed by %s", h.OS, h.Arch, h.Size, packed.Size, has)
		}
	}
}

// A fleet that was linked without the helpers, or with others, does not push what
// lies in dist.
func TestStamp(t *testing.T) {
	manifest := `[{"os":"linux","arch":"amd64","file":"a"}]`
	files := fstest.MapFS{"dist/manifest.json": &fstest.MapFile{Data: []byte(manifest)}}
	sum := sha256.Sum256([]byte(manifest))
	right := hex.EncodeToString(sum[:])
	if all, err := stamped(files, right); len(all) != 1 || err != nil {
		t.Errorf("with its stamp: %d helpers, %v", len(all), err)
	}
	if all, err := stamped(files, ""); len(all) != 0 || err != nil {
		t.Errorf("in a plain build: %d helpers, %v", len(all), err)
	}
	for name, files := range map[string]fstest.MapFS{"another": {"dist/manifest.json": &fstest.MapFile{Data: []byte("[]")}}, "none": {}} {
		if _, err := stamped(files, right); err == nil || !strings.Contains(source.HintOf(err), "make build") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// check unpacks a helper.
func check(t *testing.T, h Helper) {
	t.Helper()
	for by := range h.packed {
		packed, err := h.Open(by)
		if err != nil {
			t.Fatal(err)
		}
		r, err := unpacked(packed)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.New()
		n, err := io.Copy(sum, r)
		if got := hex.EncodeToString(sum.Sum(nil)); err != nil || n != h.Size || got != h.Digest {
			t.Errorf("%s/%s by %s: %d bytes with digest %s, want %d with %s; %v", h.OS, h.Arch, by, n, got, h.Size, h.Digest, err)
		}
	}
}

func unpacked(p Packed) (io.Reader, error) {
	if p.Packer == Zstd {
		return zstd.NewReader(p)
	}
	return gzip.NewReader(p)
}

func TestOwnExecutable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "fleet")
	if err := os.WriteFile(file, []byte(strings.Repeat("program ", 1000)), 0o755); err != nil {
		t.Fatal(err)
	}
	s := &Store{Own: file, OnlyOwn: true}
	h, err := s.For(runtime.GOOS, runtime.GOARCH, false)
	if err != nil {
		t.Fatal(err)
	}
	check(t, h)
	if _, err := s.For("linux", "riscv64", false); err == nil || err.Error() != "this fleet was built without a helper for linux/riscv64" ||
		!strings.Contains(source.HintOf(err), "make build") {
		t.Errorf("another machine: %v", err)
	}
	if _, err := (&Store{Own: file + "x", OnlyOwn: true}).All(); err == nil {
		t.Error("an executable that is not there was found")
	}
	changed := &Store{Own: file, OnlyOwn: true}
	if h, err = changed.For(runtime.GOOS, runtime.GOARCH, false); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("another"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Open(Zstd); err == nil || err.Error() != file+" changed while fleet ran" {
		t.Errorf("a changed executable: %v", err)
	}
}

func TestManifest(t *testing.T) {
	for text, want := range map[string]int{"": 0, "[]": 0, `[{"os":"linux","arch":"amd64","file":"a"},{"os":"linux","arch":"arm64","file":"b"}]`: 2, "{": -1} {
		files := fstest.MapFS{}
		if text != "" {
			files["dist/manifest.json"] = &fstest.MapFile{Data: []byte(text)}
		}
		all, err := embeddedIn(files)
		if (err != nil) != (want < 0) || err == nil && len(all) != want {
			t.Errorf("%q: %d helpers, %v", text, len(all), err)
		}
	}
}
