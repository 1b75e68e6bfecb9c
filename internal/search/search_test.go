package search

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fleet/internal/source"
)

func TestFind(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, f := range []string{"roles/web/files/a.conf", "roles/web/tasks/b.conf", "b.conf", "files/c.conf"} {
		if err := os.MkdirAll(filepath.Dir(f), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(f, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	p := Path{Role: "roles/web", Task: "roles/web/tasks", Play: "."}
	for name, want := range map[string]string{
		"a.conf": "roles/web/files/a.conf", "b.conf": "roles/web/tasks/b.conf", "c.conf": "files/c.conf",
	} {
		if got, err := p.Find("files", name); err != nil || got != want {
			t.Errorf("%s: got %s, %v", name, got, err)
		}
	}
	_, err := p.Find("files", "a.cnf")
	want := `did you mean "a.conf"? looked in roles/web/files, roles/web, roles/web/tasks/files, roles/web/tasks, files, .`
	if err == nil || source.HintOf(err) != want {
		t.Errorf("got %v, hint %s", err, source.HintOf(err))
	}
	if _, err := p.Find("files", "/nowhere/x"); err == nil || !strings.Contains(source.HintOf(err), "looked in /nowhere") {
		t.Errorf("got %v", err)
	}
}
