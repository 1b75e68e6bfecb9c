package check

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"fleet/internal/catalog"
	"fleet/internal/engine"
	"fleet/internal/inventory"
	"fleet/internal/jinja"
	"fleet/internal/jinja/lookup"
	"fleet/internal/playbook"
	"fleet/internal/source"
	"fleet/internal/vars"
)

var update = flag.Bool("update", false, "write what was got into the golden files")

// newChecker returns a checker over the inventory in the present folder.
func newChecker(t testing.TB, inventories ...string) *Checker {
	t.Helper()
	inv, err := inventory.Load(inventories...)
	if err != nil {
		t.Fatal(err)
	}
	store := vars.NewStore(inv, nil, nil)
	static := func(n source.Node, known playbook.Known) ([]string, error) {
		return (&engine.Engine{Inventory: inv, Vars: store}).Static(n, known, jinja.NewMap())
	}
	return &Checker{Inventory: inv, Vars: store, Loader: &playbook.Loader{Modules: catalog.Modules{}, Static: static},
		Modules: catalog.Modules{}, Actions: engine.Actions(), Open: engine.Open,
		Forms: catalog.Forms(), Facts: catalog.Facts(), Lookups: slices.Collect(maps.Keys(lookup.New(lookup.Options{}))),
		Selected: func(p *playbook.Play, e playbook.Entry) bool {
			return engine.Selected(engine.Tags(p, e), nil, nil)
		}}
}

// findings returns what is wrong with a playbook, as text.
func findings(t testing.TB, c *Checker, file string) string {
	t.Helper()
	var b strings.Builder
	pb, err := c.Loader.Load(file)
	c.Refused, c.Idle = err, true
	for _, f := range c.Playbook(context.Background(), pb) {
		kind := "warning"
		switch {
		case f.Certain:
			kind = "error"
		case f.Mistake:
			kind = "mistake"
		}
		fmt.Fprintf(&b, "%s: %s\n", kind, f.Err)
		if f.Err.Hint != "" {
			fmt.Fprintf(&b, "    hint: %s\n", f.Err.Hint)
		}
	}
	return b.String()
}

// hosts is the inventory of the cases that have none.
const hosts = `all:
  vars: {site: example}
  children:
    web:
      hosts:
        web1: {weight: 1}
        web2: {weight: 2}
    db:
      hosts: {db1: }
`

// TestCases checks each case of each archive: the playbook NAME/p.yml, with other
// files beside it. NAME/want is what is to be found.
func TestCases(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("no archives", err)
	}
	for _, path := range archives {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		root := unpack(t, archive)
		for i := range archive.Files {
			f := &archive.Files[i]
			name, isCase := strings.CutSuffix(f.Name, "/want")
			if !isCase {
				continue
			}
			t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar")+"/"+name, func(t *testing.T) {
				t.Chdir(filepath.Join(root, name))
				got := findings(t, newChecker(t, "inventory.yml"), "p.yml")
				if *update {
					f.Data = []byte(got)
				} else if got != string(f.Data) {
					t.Errorf("got:\n%swant:\n%s", got, f.Data)
				}
			})
		}
		if *update {
			if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// unpack writes the files of an archive, and an inventory into each case that
// has none.
func unpack(t testing.TB, archive *txtar.Archive) string {
	t.Helper()
	root := t.TempDir()
	write := func(name string, data []byte) {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range archive.Files {
		if name, isCase := strings.CutSuffix(f.Name, "/want"); isCase {
			write(name+"/inventory.yml", []byte(hosts))
		}
	}
	for _, f := range archive.Files {
		write(f.Name, f.Data)
	}
	return root
}
