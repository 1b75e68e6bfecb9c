package playbook

import (
	"flag"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"fleet/internal/source"
)

var update = flag.Bool("update", false, "write what was got into the golden files")

// someModules are the modules of the tests.
type someModules []string

func (m someModules) Names() []string { return m }

func (m someModules) Known(name string) bool {
	for _, k := range m {
		if name == k || name == "ansible.builtin."+k {
			return true
		}
	}
	return false
}

var testModules = someModules{"apt", "command", "copy", "debug", "file", "ping", "service", "set_fact", "shell", "template"}

// staticName renders only {{ name }}.
func staticName(n source.Node, _ Known) ([]string, error) {
	text := strings.ReplaceAll(n.Text(), "{{ name }}", "known")
	if _, rest, ok := strings.Cut(text, "{{ "); ok {
		name, _, _ := strings.Cut(rest, " }}")
		return nil, source.Errorf(n.TextPos(), "%q is not known", name)
	}
	return []string{text}, nil
}

// TestLoad reads each case of each archive in testdata/load (files NAME/p.yml
// and others beside it) and compares the tree and the mistakes with NAME/want.
func TestLoad(t *testing.T) {
	archives, err := filepath.Glob("testdata/load/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("no archives", err)
	}
	for _, path := range archives {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range casesOf(t, archive) {
			t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar")+"/"+c.name, func(t *testing.T) {
				t.Chdir(c.dir)
				l := &Loader{Modules: testModules, Static: staticName}
				pb, err := l.Load("p.yml")
				c.check(t, show(pb, err))
			})
		}
		if *update {
			if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// show prints the mistakes, or where there are none the tree.
func show(pb *Playbook, err error) string {
	if err == nil {
		return dump(pb)
	}
	var b strings.Builder
	for _, e := range Errors(err) {
		b.WriteString(e.Error() + "\n")
		if e.Hint != "" {
			b.WriteString("hint: " + e.Hint + "\n")
		}
	}
	return b.String()
}

// testCase is one folder of an archive.
type testCase struct {
	name, dir string
	want      *txtar.File
}

func (c *testCase) check(t *testing.T, got string) {
	t.Helper()
	if *update {
		c.want.Data = []byte(got)
		return
	}
	if want := string(c.want.Data); got != want {
		t.Errorf("got:\n%swant:\n%s", got, want)
	}
}

// casesOf writes the archive's files and returns its cases; a case without a
// want file gets one.
func casesOf(t *testing.T, archive *txtar.Archive) []*testCase {
	t.Helper()
	root := t.TempDir()
	byName := map[string]*testCase{}
	var ordered []txtar.File
	for _, f := range archive.Files {
		name, rest, _ := strings.Cut(f.Name, "/")
		if byName[name] == nil {
			byName[name] = &testCase{name: name, dir: filepath.Join(root, name)}
		}
		if rest == "want" {
			byName[name].want = &txtar.File{Name: f.Name, Data: f.Data}
			continue
		}
		ordered = append(ordered, f)
		file := filepath.Join(root, f.Name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return arrange(archive, ordered, byName)
}

// arrange puts each case's want file behind its other files.
func arrange(archive *txtar.Archive, files []txtar.File, byName map[string]*testCase) []*testCase {
	first := map[string]int{}
	for i, f := range files {
		name, _, _ := strings.Cut(f.Name, "/")
		if _, seen := first[name]; !seen {
			first[name] = i
		}
	}
	cases := make([]*testCase, 0, len(byName))
	for _, c := range byName {
		cases = append(cases, c)
	}
	sort.Slice(cases, func(i, j int) bool { return first[cases[i].name] < first[cases[j].name] })
	archive.Files = nil
	for _, c := range cases {
		for _, f := range files {
			if strings.HasPrefix(f.Name, c.name+"/") {
				archive.Files = append(archive.Files, f)
			}
		}
		if c.want == nil {
			c.want = &txtar.File{Name: c.name + "/want"}
		}
		archive.Files = append(archive.Files, *c.want)
		c.want = &archive.Files[len(archive.Files)-1]
	}
	return fixWants(archive, cases)
}

// fixWants points the cases at the files of the finished list.
func fixWants(archive *txtar.Archive, cases []*testCase) []*testCase {
	for _, c := range cases {
		for i := range archive.Files {
			if archive.Files[i].Name == c.name+"/want" {
				c.want = &archive.Files[i]
			}
		}
	}
	return cases
}
