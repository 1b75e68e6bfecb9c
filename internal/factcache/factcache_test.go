package factcache

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"fleet/internal/jinja"
)

func TestFolder(t *testing.T) {
	f := &Folder{Dir: filepath.Join(t.TempDir(), "cache"), Prefix: "p_", Timeout: time.Hour}
	load := func(want string) {
		t.Helper()
		m, err := f.Load("web1")
		got := "none"
		if m != nil {
			got = jinja.Repr(m)
		}
		if err != nil || got != want {
			t.Errorf("%s, %v; want %s", got, err, want)
		}
	}
	add := func(kv ...any) {
		t.Helper()
		if err := f.Add("web1", jinja.NewMap(kv...)); err != nil {
			t.Fatal(err)
		}
	}
	load("none")
	add("a", 1, "b", "{{ x }}")
	add("a", 2)
	load("{'a': 2, 'b': '{{ x }}'}")
	file := filepath.Join(f.Dir, "p_web1")
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	old := time.Now().Add(-2 * time.Hour)
	if err := os.Chtimes(file, old, old); err != nil {
		t.Fatal(err)
	}
	load("none")
	add("c", 3)
	load("{'c': 3}")
	if err := f.Drop("web1"); err != nil {
		t.Error(err)
	}
	load("none")
	if err := os.WriteFile(file, []byte("[1]"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Load("web1"); err == nil {
		t.Error("a list was taken for facts")
	}
}
