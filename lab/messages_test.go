//go:build lab

package lab

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata")

// TestMessages runs every archive of testdata/messages against cvm-1, where the service runs: what is wrong there is
// said in exactly these words. Its files are
//
//	before, after   shell that root runs there first and last (may be left out)
//	args            further arguments of fleet run, one a line (may be left out)
//	play.yaml       the playbook
//	output          what fleet prints, with "exit code N" as the last line
func TestMessages(t *testing.T) {
	deployed(t)
	state, err := filepath.Abs(inventory)
	if err != nil {
		t.Fatal(err)
	}
	archives(t, "messages", func(t *testing.T, path string) { message(t, path, "cvm-1", state) })
}

// archives runs a test for each archive in a folder of testdata.
func archives(t *testing.T, folder string, test func(t *testing.T, path string)) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", filepath.FromSlash(folder), "*.txtar"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no test data: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) { test(t, path) })
	}
}

// readArchive returns an archive and its files by their names.
func readArchive(t *testing.T, path string) (*txtar.Archive, map[string]string) {
	t.Helper()
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, f := range archive.Files {
		files[f.Name] = string(f.Data)
	}
	return archive, files
}

// message runs one archive against a machine.
func message(t *testing.T, path, name, inventory string) {
	archive, files := readArchive(t, path)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "play.yaml"), []byte(files["play.yaml"]), 0o644); err != nil {
		t.Fatal(err)
	}
	if files["after"] != "" {
		t.Cleanup(func() { on(t, name, files["after"]) })
	}
	if files["before"] != "" {
		on(t, name, files["before"])
	}
	args := []string{"-C", dir, fleet, "run", "play.yaml", "-i", inventory, "-l", name}
	for line := range strings.Lines(files["args"]) {
		args = append(args, strings.TrimSpace(line))
	}
	r := run(t, "env", args...)
	got := steady(r.out) + fmt.Sprintf("exit code %d\n", r.code)
	if *update {
		rewrite(t, path, archive, "output", got)
		return
	}
	if got != files["output"] {
		t.Errorf("output is\n%s\nwant\n%s", got, files["output"])
	}
}

// unsteady is what differs from run to run.
var unsteady = []struct {
	what *regexp.Regexp
	as   string
}{
	{regexp.MustCompile(`(?m)^time: .*$`), "time: N s"},
	{regexp.MustCompile(`127\.0\.0\.1:\d+`), "127.0.0.1:PORT"},
	{regexp.MustCompile(`-p \d+`), "-p PORT"},
	{regexp.MustCompile(`process \d+`), "process N"},
	{regexp.MustCompile(`\d{4}/\d\d/\d\d \d\d:\d\d:\d\d (\[\w+\]) \d+#\d+`), "DATE TIME $1 N#N"}, // nginx
	{regexp.MustCompile(`[0-9a-f]{64}`), "ID"},
	{regexp.MustCompile(`/\.fleet-[0-9A-Za-z.-]+`), "/.fleet-NAME"},
}

func steady(text string) string {
	for _, u := range unsteady {
		text = u.what.ReplaceAllString(text, u.as)
	}
	return text
}

// rewrite puts text in the place of an archive's last file.
func rewrite(t *testing.T, path string, archive *txtar.Archive, last, text string) {
	t.Helper()
	kept := archive.Files[:0]
	for _, f := range archive.Files {
		if f.Name != last {
			kept = append(kept, f)
		}
	}
	archive.Files = append(kept, txtar.File{Name: last, Data: []byte(text)})
	if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
		t.Fatal(err)
	}
}
