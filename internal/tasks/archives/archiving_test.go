package archives

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"fleet/internal/archive"
	"fleet/internal/tasks/sys"
	"fleet/internal/tasks/sys/systest"
)

// What is packed can be listed, and is packed anew only where it differs.
func TestArchiveHoldsWhatItShould(t *testing.T) {
	for format, dest := range map[string]string{"gz": "/out.tgz", "tar": "/out.tar", "zip": "/out.zip"} {
		t.Run(format, func(t *testing.T) {
			m := &sys.Machine{Root: t.TempDir()}
			put(t, m, "/srv/foo/sub/b", "bee")
			put(t, m, "/srv/foo/a", "ay")
			args := `{"path": "/srv/foo", "dest": "` + dest + `", "format": "` + format + `"}`
			if res := systest.Call(t, &Archive, m, args); res["failed"] != nil {
				t.Fatal(res["msg"])
			}
			head, _ := os.ReadFile(m.Path(dest))
			var got []string
			err := archive.FormOf(head).Each(m.Path(dest), func(mb archive.Member, r io.Reader) error {
				data, err := io.ReadAll(r)
				got = append(got, mb.Name+"="+string(data))
				return err
			})
			if want := []string{"foo/a=ay", "foo/sub/=", "foo/sub/b=bee"}; err != nil || !slices.Equal(got, want) {
				t.Errorf("got %v, want %v; %v", got, want, err)
			}
			again := &sys.Machine{Root: m.Root}
			if res := systest.Call(t, &Archive, again, args); res["changed"] != false {
				t.Error("packed again without a reason")
			}
			put(t, m, "/srv/foo/a", "oh")
			other := &sys.Machine{Root: m.Root}
			if res := systest.Call(t, &Archive, other, args); res["changed"] != true {
				t.Error("a change was not seen")
			}
		})
	}
}

func put(t *testing.T, m *sys.Machine, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(m.Path(path)), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(m.Path(path), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
