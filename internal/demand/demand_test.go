package demand_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"fleet/internal/catalog"
	"fleet/internal/demand"
	"fleet/internal/engine"
	"fleet/internal/inventory"
	"fleet/internal/playbook"
	"fleet/internal/vars"
)

// TestSurvey reads the cases in testdata: an archive holds cases one after another,
// each a playbook that starts with a comment for what is read of it, as
// "# facts: kernel" or "# facts: all" and "# r: stat.size" for the fields of the
// result r that are read, of those that stat can leave out and size. What stands
// before the first case is there for all.
func TestSurvey(t *testing.T) {
	archives, _ := filepath.Glob("testdata/*.txtar")
	if len(archives) == 0 {
		t.Fatal("no cases")
	}
	for _, name := range archives {
		t.Run(filepath.Base(name), func(t *testing.T) {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			t.Chdir(t.TempDir())
			for _, f := range archive.Files {
				write(t, f.Name, f.Data)
			}
			for _, f := range archive.Files {
				if strings.HasPrefix(string(f.Data), "# facts: ") {
					t.Run(f.Name, func(t *testing.T) { survey(t, f) })
				}
			}
		})
	}
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

func survey(t *testing.T, f txtar.File) {
	inv, err := inventory.Load("inventory.yml")
	if err != nil {
		t.Fatal(err)
	}
	loader := &playbook.Loader{Modules: catalog.Modules{}}
	pb, err := loader.Load(f.Name)
	if err != nil {
		t.Fatal(err)
	}
	s := &demand.Survey{Inventory: inv, Vars: vars.NewStore(inv, nil, nil), Loader: loader, Actions: engine.Actions()}
	d := s.Playbook(pb)
	facts, all := d.Facts()
	got := "# facts: " + strings.Join(facts, " ")
	if all {
		got += "all"
	}
	got += "\n# r:"
	for _, field := range []string{"stat.checksum", "stat.mimetype", "stat.size"} {
		if d.Result("r", field) {
			got += " " + field
		}
	}
	if !strings.HasPrefix(string(f.Data), got+"\n") {
		t.Errorf("%s\nhas\n%s", f.Data, got)
	}
}

// Nothing is left out where nothing is known.
func TestNoDemand(t *testing.T) {
	var d *demand.Demand
	if _, known := d.Subset(); known || !d.Result("r", "stat.size") {
		t.Error("a nil demand leaves something out")
	}
}

// Every step of the controller has its say: a new one reads everything until
// somebody looks at it.
func TestStepsOfTheController(t *testing.T) {
	open := map[string]bool{"add_host": true, "group_by": true, "include_vars": true, "include_tasks": true, "include_role": true, "template": true, "validate_argument_spec": true}
	for _, m := range engine.Actions() {
		dir := t.TempDir()
		t.Chdir(dir)
		write(t, "inventory.yml", []byte("all: {hosts: {h1: }}\n"))
		write(t, "play.yml", []byte("- hosts: all\n  tasks:\n    - "+m.Name+": {x: y}\n"))
		inv, err := inventory.Load("inventory.yml")
		if err != nil {
			t.Fatal(err)
		}
		loader := &playbook.Loader{Modules: catalog.Modules{}}
		pb, _ := loader.Load("play.yml") // it is not well, and that does not matter
		s := &demand.Survey{Inventory: inv, Vars: vars.NewStore(inv, nil, nil), Loader: loader, Actions: engine.Actions()}
		if _, all := s.Playbook(pb).Facts(); all != open[m.Name] {
			t.Errorf("%s reads everything: %v", m.Name, all)
		}
	}
}
