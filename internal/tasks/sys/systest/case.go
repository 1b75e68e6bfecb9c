package systest

import (
	"context"
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"fleet/internal/tasks/fetch"
	"fleet/internal/tasks/sys"
	"fleet/internal/wire"
)

// phases are the runs of a case, in their order.
var phases = []string{"check", "alone", "apply", "again"}

// RunCases runs each *.txtar file of folder as a case of the module, which is
// run in check mode (the machine's files must stay as they are), in check mode that
// is the task's own (alone), applied, and applied again (nothing may change). The files of the archive are
//
//	args               the module's arguments as JSON
//	root/PATH          a file of the machine; "link: TARGET" in it makes a symbolic link,
//	                   "folder" a folder
//	sent/PATH          a file that the controller offers; "link: " and "folder" as above
//	check apply again  and alone: the transcript of the commands that the run is expected to run
//	check.json ...     what the run's result must hold at least, each value exactly;
//	                   without "changed" in it, all but again must change, and again must not
//	after/PATH         a file that the commands of apply write: it is put there with the last of them
//	want/PATH          a file as it must be in the end; "(absent)" where it must be gone
//
// A case with only "check" runs only that. The placeholder $ROOT in args,
// transcripts and results stands for the machine's root.
func RunCases(t *testing.T, mod *sys.Module, folder string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases in %s: %v", folder, err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		t.Run(name, func(t *testing.T) { runCase(t, mod, file) })
	}
}

type testCase struct {
	t     *testing.T
	mod   *sys.Module
	root  string
	files map[string]string
}

func runCase(t *testing.T, mod *sys.Module, file string) {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	c := testCase{t: t, mod: mod, root: t.TempDir(), files: map[string]string{}}
	for _, f := range archive.Files {
		c.files[f.Name] = strings.ReplaceAll(string(f.Data), "$ROOT", c.root)
	}
	c.write("root/")
	for _, phase := range phases {
		if c.has(phase) {
			c.phase(phase)
		}
	}
	for name, want := range c.files {
		if path, ok := strings.CutPrefix(name, "want/"); ok {
			c.compare(path, want)
		}
	}
}

func (c *testCase) has(phase string) bool {
	_, script := c.files[phase]
	_, result := c.files[phase+".json"]
	return script || result
}

// write puts the archive's files below prefix into the machine's root.
func (c *testCase) write(prefix string) {
	c.t.Helper()
	for name, data := range c.files {
		path, ok := strings.CutPrefix(name, prefix)
		if !ok {
			continue
		}
		path = filepath.Join(c.root, path)
		err := os.MkdirAll(filepath.Dir(path), 0o755)
		if target, ok := strings.CutPrefix(data, "link: "); ok && err == nil {
			_ = os.Remove(path)
			err = os.Symlink(strings.TrimSpace(target), path)
		} else if strings.TrimSpace(data) == "folder" && err == nil {
			err = os.MkdirAll(path, 0o755)
		} else if err == nil {
			err = os.WriteFile(path, []byte(data), 0o644)
		}
		if err != nil {
			c.t.Fatal(err)
		}
	}
}

// offer gives the machine the archive's files below sent/, in their order.
func (c *testCase) offer(m *sys.Machine) {
	var files []wire.File
	bytes := map[string][]byte{}
	for _, name := range slices.Sorted(maps.Keys(c.files)) {
		path, ok := strings.CutPrefix(name, "sent/")
		if !ok {
			continue
		}
		f, data := wire.File{Name: path, Mode: 0o644}, c.files[name]
		if target, ok := strings.CutPrefix(data, "link: "); ok {
			f.Link, data = strings.TrimSpace(target), ""
		} else if strings.TrimSpace(data) == "folder" {
			f.Name, f.Mode, data = path+"/", 0o755, ""
		}
		files, bytes[f.Name] = append(files, f), []byte(data)
	}
	Offer(m, files, bytes)
}

func (c *testCase) phase(phase string) {
	c.t.Helper()
	steps, err := ParseTranscript(c.files[phase])
	if err != nil {
		c.t.Fatalf("%s: %v", phase, err)
	}
	script := NewScript(c.t, steps...)
	if phase == "apply" {
		script.last = func() { c.write("after/") }
	}
	m := &sys.Machine{Root: c.root, Runner: script, Check: phase == "check" || phase == "alone", Alone: phase == "alone", Diff: true}
	c.offer(m)
	before := Snapshot(c.t, c.root)
	got := Call(c.t, c.mod, m, c.files["args"])
	script.Done()
	c.result(phase, got)
	if phase == "apply" {
		if len(steps) == 0 {
			c.write("after/")
		}
		return
	}
	if after := Snapshot(c.t, c.root); !reflect.DeepEqual(before, after) {
		c.t.Errorf("%s changed files:\nbefore %q\nafter  %q", phase, before, after)
	}
}

func (c *testCase) result(phase string, got map[string]any) {
	c.t.Helper()
	want := map[string]any{}
	if text, ok := c.files[phase+".json"]; ok {
		if err := json.Unmarshal([]byte(text), &want); err != nil {
			c.t.Fatalf("%s.json: %v", phase, err)
		}
	}
	if _, ok := want["changed"]; !ok {
		want["changed"] = phase != "again"
	}
	if _, ok := want["failed"]; !ok && got["failed"] != nil {
		c.t.Errorf("%s failed: %v", phase, got["msg"])
	}
	for key, value := range want {
		if !reflect.DeepEqual(got[key], value) {
			c.t.Errorf("%s: result %q is\n%s\nwant\n%s", phase, key, show(got[key]), show(value))
		}
	}
}

func show(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	data, _ := json.MarshalIndent(v, "", "  ")
	return string(data)
}

func (c *testCase) compare(path, want string) {
	c.t.Helper()
	data, err := os.ReadFile(filepath.Join(c.root, path))
	switch gone := strings.TrimSpace(want) == "(absent)"; {
	case gone && err == nil:
		c.t.Errorf("%s is still there:\n%s", path, data)
	case !gone && err != nil:
		c.t.Error(err)
	case !gone && string(data) != want:
		c.t.Errorf("%s is\n%s\nwant\n%s", path, data, want)
	}
}

// Call runs the module once and returns its result.
func Call(t testing.TB, mod *sys.Module, m *sys.Machine, args string) map[string]any {
	t.Helper()
	if strings.TrimSpace(args) == "" {
		args = "{}"
	}
	if m.Web == nil {
		m.Web = fetch.Web{}
	}
	got := map[string]any{}
	if err := json.Unmarshal(mod.Run(context.Background(), m, []byte(args)), &got); err != nil {
		t.Fatal(err)
	}
	return got
}

// Snapshot returns the mode and content of everything below root, by path.
func Snapshot(t testing.TB, root string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		content := ""
		switch {
		case info.Mode().IsRegular():
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			content = string(data)
		case info.Mode()&fs.ModeSymlink != 0:
			content, err = os.Readlink(path)
		}
		all[strings.TrimPrefix(path, root)] = info.Mode().String() + " " + content
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
