package packages

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fleet/internal/tasks/sys"

	"github.com/rogpeppe/go-internal/txtar"
)

var updateGolden = flag.Bool("update", false, "rewrite the golden files in testdata")

// TestRPMWords reads what the real dnf has said of many a failure, in the
// archives of testdata/rpmwords: stdout, stderr, and what fleet makes of them.
func TestRPMWords(t *testing.T) {
	paths, err := filepath.Glob("testdata/rpmwords/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no test data: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			files := map[string]string{}
			for _, f := range archive.Files {
				files[f.Name] = string(f.Data)
			}
			said := readRPMWords(sys.Output{Stdout: files["stdout"], Stderr: files["stderr"]})
			got := strings.Join(said.sentences, "\n") + "\n"
			if said.hint != "" {
				got += "hint: " + said.hint + "\n"
			}
			if *updateGolden {
				rewrite(t, path, archive, got)
			} else if got != files["said"] {
				t.Errorf("it says\n%s\nwant\n%s", got, files["said"])
			}
		})
	}
}

func rewrite(t *testing.T, path string, archive *txtar.Archive, said string) {
	t.Helper()
	kept := archive.Files[:0]
	for _, f := range archive.Files {
		if f.Name != "said" {
			kept = append(kept, f)
		}
	}
	archive.Files = append(kept, txtar.File{Name: "said", Data: []byte(said)})
	if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestTransaction(t *testing.T) {
	const stdout = `Running transaction
  Upgrading        : apple-1.1-1.el9.noarch                                 1/2
  Verifying        : apple-1.0-1.el9.noarch                                 2/2

Upgraded:
  apple-1.1-1.el9.noarch
Installed:
  cream-2:3.14-1.el9.noarch   pie-2:3.14-1.el9.noarch

Complete!
`
	const want = "Upgraded: apple-1.1-1.el9.noarch\nInstalled: cream-2:3.14-1.el9.noarch\nInstalled: pie-2:3.14-1.el9.noarch"
	if got := strings.Join(transaction(stdout), "\n"); got != want {
		t.Errorf("it reads\n%s\nwant\n%s", got, want)
	}
	if got := transaction("Installed:\n  nginx.x86_64 1:1.20.1-10.el7\n\nComplete!\n"); got != nil {
		t.Errorf("yum's words are read as %q", got)
	}
}

func FuzzRPMWords(f *testing.F) {
	f.Add("Error: \n Problem: a requires b\n  - conflicting requests\n", "Public key for x is not installed. Failing package is: y\n GPG Keys are configured as: z\n")
	f.Fuzz(func(t *testing.T, stdout, stderr string) {
		readRPMWords(sys.Output{Stdout: stdout, Stderr: stderr})
		transaction(stdout)
	})
}
