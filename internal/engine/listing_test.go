package engine

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestOfferOfLinks offers a folder whose links lead nowhere, upwards and sideways.
func TestOfferOfLinks(t *testing.T) {
	root := t.TempDir()
	for _, err := range []error{
		os.MkdirAll(filepath.Join(root, "d/sub"), 0o755),
		os.MkdirAll(filepath.Join(root, "out"), 0o755),
		os.WriteFile(filepath.Join(root, "out/f"), nil, 0o644),
		os.Symlink("../", filepath.Join(root, "d/sub/circle")),
		os.Symlink("gone", filepath.Join(root, "d/broken")),
		os.Symlink("self", filepath.Join(root, "d/self")),
		os.Symlink("../out", filepath.Join(root, "d/aside")),
		os.Symlink("../d", filepath.Join(root, "out/back")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for follow, want := range map[bool]string{
		true:  "d/ d/aside/ d/aside/back->../d d/aside/f d/broken->gone d/self->self d/sub/ d/sub/circle->../",
		false: "d/ d/aside->../out d/broken->gone d/self->self d/sub/ d/sub/circle->../",
	} {
		e := Engine{sealed: digests{open: openFile}}
		p, err := e.offer(filepath.Join(root, "d"), false, follow, &e.sealed)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range p.files {
			if f.Link != "" {
				f.Name = fmt.Sprintf("%s->%s", f.Name, f.Link)
			}
			got = append(got, f.Name)
		}
		if slices.Sort(got); strings.Join(got, " ") != want {
			t.Errorf("follow %v:\n got %s\nwant %s", follow, strings.Join(got, " "), want)
		}
	}
}
