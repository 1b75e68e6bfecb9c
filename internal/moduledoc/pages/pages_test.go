package pages

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fleet/internal/engine"
	"fleet/internal/moduledoc"
	"fleet/internal/source"
)

// TestPagesAreFresh: docs/modules is what the sources say.
func TestPagesAreFresh(t *testing.T) {
	root, err := Root()
	if err != nil {
		t.Fatal(err)
	}
	want, err := Files(root)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(root, "docs", "modules")
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != want[name] {
			t.Errorf("docs/modules/%s is stale: run go generate ./docs", name)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if _, ok := want[e.Name()]; !ok {
			t.Errorf("docs/modules/%s is about no module: run go generate ./docs", e.Name())
		}
	}
}

// TestAnsiblePageIsFresh: the tables of docs/ansible.md are what the sources say.
func TestAnsiblePageIsFresh(t *testing.T) {
	root, err := Root()
	if err != nil {
		t.Fatal(err)
	}
	want, err := Ansible(root)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(ansibleFile(root)); err != nil || string(got) != want {
		t.Error("docs/ansible.md is stale: run go generate ./docs")
	}
}

// TestExamplesAreRight: every example is a list of tasks (or has one as tasks)
// of which one at least is the module's, with arguments that its specification
// takes.
func TestExamplesAreRight(t *testing.T) {
	root, err := Root()
	if err != nil {
		t.Fatal(err)
	}
	list, err := Pages(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range list {
		if p.Example == "" {
			t.Errorf("%s: no example", p.Module.Name)
			continue
		}
		checkExample(t, p)
	}
}

// flattened is the usual cause.
const flattened = "(gofmt takes the indentation from an example that starts with a dash: start it with a line like `tasks:` or a comment)"

func checkExample(t *testing.T, p *moduledoc.Page) {
	name := p.Module.Name
	docs, err := source.ParseYAML(name+" (example)", []byte(p.Example))
	if err != nil || len(docs) != 1 {
		t.Errorf("%s: the example is not YAML: %v\n%s\n%s", name, err, p.Example, flattened)
		return
	}
	list := docs[0]
	if list.IsMap() {
		list = list.Get("tasks")
	}
	found := false
	for _, task := range list.Items() {
		for _, key := range append([]string{name}, p.Module.Names...) {
			args := task.Get(key)
			if !args.Exists() {
				continue
			}
			found = true
			given := arguments(args)
			maps.Copy(given, arguments(task.Get("args")))
			if free := p.Module.FreeForm; free != "" && args.IsString() {
				given[free] = args.Text()
			}
			for _, e := range p.Module.Check(given, isTemplate) {
				if !engine.Open(name) {
					t.Errorf("%s: the example does not fit: %v\n%s\n%s", name, e, p.Example, flattened)
				}
			}
		}
	}
	if !found {
		t.Errorf("%s: the example does not use it\n%s", name, p.Example)
	}
}

// arguments returns a task's arguments; text behind the module's name is not
// looked into.
func arguments(n source.Node) map[string]any {
	given := map[string]any{}
	for _, pair := range n.Pairs() {
		given[pair.Key.Text()] = value(pair.Value)
	}
	return given
}

func value(n source.Node) any {
	switch {
	case n.IsMap():
		return arguments(n)
	case n.IsList():
		list := []any{}
		for _, item := range n.Items() {
			list = append(list, value(item))
		}
		return list
	}
	return source.Scalar(n)
}

func isTemplate(v any) bool {
	text, ok := v.(string)
	return ok && strings.Contains(text, "{{")
}
