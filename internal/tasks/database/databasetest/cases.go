package databasetest

import (
	"encoding/json"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"fleet/internal/tasks/sys"
	"fleet/internal/tasks/sys/systest"
)

// Start begins a server that plays a dialog. files are the case's; the arguments by
// which the module reaches the server come back.
type Start func(t *testing.T, files map[string]string, d *Dialog) (args map[string]any)

// RunCases runs each case of testdata/MODULE: its args against a server that
// expects a dialog in check mode, another one in apply, and a third one in again.
// What is changed is said in check.json and so on; without "changed" in it, check
// and apply must change and again must not.
func RunCases(t *testing.T, start Start, mods ...*sys.Module) {
	for _, mod := range mods {
		files, err := filepath.Glob("testdata/" + mod.Name + "/*.txtar")
		if err != nil || len(files) == 0 {
			t.Fatalf("no cases of %s: %v", mod.Name, err)
		}
		for _, file := range files {
			t.Run(mod.Name+"/"+strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { runCase(t, start, mod, file) })
		}
	}
}

func runCase(t *testing.T, start Start, mod *sys.Module, file string) {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, f := range archive.Files {
		files[f.Name] = strings.TrimSuffix(string(f.Data), "\n")
	}
	for _, phase := range []string{"check", "apply", "again"} {
		text, there := files[phase]
		if !there {
			continue
		}
		steps, err := ParseDialog(text)
		if err != nil {
			t.Fatal(err)
		}
		d := NewDialog(t, steps)
		args := start(t, files, d)
		if err := json.Unmarshal([]byte(files["args"]), &args); err != nil {
			t.Fatal(err)
		}
		given, err := json.Marshal(args)
		if err != nil {
			t.Fatal(err)
		}
		got := systest.Call(t, mod, &sys.Machine{Check: phase == "check", Diff: true}, string(given))
		compare(t, phase, got, files[phase+".json"])
		d.Done(phase)
	}
}

func compare(t *testing.T, phase string, got map[string]any, text string) {
	t.Helper()
	want := map[string]any{}
	if text != "" {
		if err := json.Unmarshal([]byte(text), &want); err != nil {
			t.Fatalf("%s.json: %v", phase, err)
		}
	}
	if _, ok := want["changed"]; !ok {
		want["changed"] = phase != "again"
	}
	if _, ok := want["failed"]; !ok && got["failed"] != nil {
		t.Errorf("%s failed: %v", phase, got["msg"])
	}
	for key, value := range want {
		if !reflect.DeepEqual(got[key], value) {
			t.Errorf("%s: result %q is %v, want %v", phase, key, got[key], value)
		}
	}
}
