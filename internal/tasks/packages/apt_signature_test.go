package packages

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fleet/internal/tasks/sys"
)

// TestKeyThatAptCannotRead: apt itself only says "Unknown error executing apt-key".
func TestKeyThatAptCannotRead(t *testing.T) {
	m := &sys.Machine{Root: t.TempDir()}
	sources, keys := m.Path("/etc/apt/sources.list.d"), m.Path("/etc/apt/keyrings")
	for _, folder := range []string{sources, keys} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write := func(path, text string, mode os.FileMode) {
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(sources, "a.list"), "deb [signed-by=/etc/apt/keyrings/a.asc] http://a.example/debian/ bookworm stable\n", 0o644)
	write(filepath.Join(keys, "a.asc"), "", 0o600)
	const stderr = "W: GPG error: http://a.example/debian bookworm InRelease: Unknown error executing apt-key\n"
	const start = "apt-get update: repository http://a.example/debian bookworm cannot be verified: apt's own user cannot read its key: /etc/apt/keyrings"
	const hint = "\nhint: make the repository's key readable by all: mode \"0644\" for the file, \"0755\" for its folder"
	if got, want := untrusted(m, stderr).Error(), start+"/a.asc has the mode 0600"+hint; got != want {
		t.Errorf("it says\n%s\nwant\n%s", got, want)
	}
	if err := os.Chmod(keys, 0o700); err != nil {
		t.Fatal(err)
	}
	if got, want := untrusted(m, stderr).Error(), start+" has the mode 0700"+hint; got != want {
		t.Errorf("it says\n%s\nwant\n%s", got, want)
	}
	if err := untrusted(m, "W: Some index files failed to download.\n"); err != nil {
		t.Errorf("no word of a signature: %v", err)
	}
}

func FuzzUntrusted(f *testing.F) {
	f.Add("W: GPG error: http://a.example/debian bookworm InRelease: NO_PUBKEY 2210AD7F1DECF905\n", "deb [signed-by=/a,/b] http://a.example/debian bookworm main\n")
	f.Fuzz(func(t *testing.T, stderr, sources string) {
		m := &sys.Machine{Root: t.TempDir()}
		for _, name := range []string{"a.list", "a.sources"} {
			path := m.Path("/etc/apt/sources.list.d/" + name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(sources), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if err := untrusted(m, stderr); err != nil && !strings.Contains(err.Error(), "\nhint: ") {
			t.Errorf("no hint: %v", err)
		}
	})
}
