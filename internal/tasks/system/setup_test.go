package system

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"fleet/internal/tasks/sys"
	"fleet/internal/tasks/sys/systest"
)

// TestSetup gathers facts of the machines in testdata/setup: trees of a few
// files each, and the facts that must come out.
func TestSetup(t *testing.T) {
	files, _ := filepath.Glob("testdata/setup/*.txtar")
	if len(files) == 0 {
		t.Fatal("no cases")
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			root := t.TempDir()
			want, args := map[string]any{}, "{}"
			var steps []systest.Step
			for _, f := range archive.Files {
				switch f.Name {
				case "facts.json":
					if err := json.Unmarshal(f.Data, &want); err != nil {
						t.Fatal(err)
					}
				case "args":
					args = string(f.Data)
				case "commands":
					if steps, err = systest.ParseTranscript(string(f.Data)); err != nil {
						t.Fatal(err)
					}
				default:
					path := filepath.Join(root, f.Name)
					if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
						t.Fatal(err)
					}
					if err := os.WriteFile(path, f.Data, 0o644); err != nil {
						t.Fatal(err)
					}
				}
			}
			script := systest.NewScript(t, steps...)
			m := &sys.Machine{Root: root, Runner: script}
			got, _ := systest.Call(t, &Setup, m, args)["ansible_facts"].(map[string]any)
			script.Done()
			for name, value := range want {
				if !reflect.DeepEqual(got[name], value) {
					t.Errorf("%s is %v, want %v", name, got[name], value)
				}
			}
		})
	}
}

func TestSetupOfThisMachine(t *testing.T) {
	got := systest.Call(t, &Setup, &sys.Machine{}, `{"filter": ["kernel", "ansible_user_*", "interfaces"]}`)
	found, _ := got["ansible_facts"].(map[string]any)
	for _, name := range []string{"ansible_kernel", "ansible_user_id", "ansible_interfaces"} {
		if found[name] == nil {
			t.Errorf("%s is missing: %v", name, got)
		}
	}
	if found["ansible_distribution"] != nil {
		t.Error("the filter let ansible_distribution through")
	}
	bad := systest.Call(t, &Setup, &sys.Machine{}, `{"gather_subset": ["nothing"]}`)
	if bad["failed"] != true {
		t.Errorf("an unknown subset was taken: %v", bad)
	}
}

func BenchmarkSetup(b *testing.B) {
	for b.Loop() {
		systest.Call(b, &Setup, &sys.Machine{}, `{}`)
	}
}
