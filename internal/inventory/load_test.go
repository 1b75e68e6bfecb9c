package inventory

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"sort"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"fleet/internal/source"
)

var update = flag.Bool("update", false, "write what was got into the golden files")

// live reports whether the real ansible-inventory is to be asked. With -update
// its answers are stored.
func live() bool { return os.Getenv("FLEET_ORACLE") == "1" }

// testCase is one folder of an archive.
type testCase struct {
	name, dir string
	files     []txtar.File
}

func (c *testCase) get(name string) string {
	for _, f := range c.files {
		if f.Name == c.name+"/"+name {
			return string(f.Data)
		}
	}
	return ""
}

func (c *testCase) set(name, data string) {
	for i, f := range c.files {
		if f.Name == c.name+"/"+name {
			c.files[i].Data = []byte(data)
			return
		}
	}
	c.files = append(c.files, txtar.File{Name: c.name + "/" + name, Data: []byte(data)})
}

// sources returns the lines of the file "sources", or inventory.yaml.
func (c *testCase) sources() []string {
	if s := c.get("sources"); s != "" {
		return strings.Split(strings.TrimSpace(s), "\n")
	}
	return []string{"inventory.yaml"}
}

// eachCase runs f on each folder of an archive, written to disk and entered.
func eachCase(t *testing.T, path string, f func(*testing.T, *testCase)) {
	t.Helper()
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	var cases []*testCase
	for _, file := range archive.Files {
		name, _, _ := strings.Cut(file.Name, "/")
		if len(cases) == 0 || cases[len(cases)-1].name != name {
			cases = append(cases, &testCase{name: name, dir: filepath.Join(root, name)})
		}
		c := cases[len(cases)-1]
		c.files = append(c.files, file)
		target := filepath.Join(root, file.Name)
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(target, file.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	archive.Files = nil
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Chdir(c.dir)
			f(t, c)
		})
		archive.Files = append(archive.Files, c.files...)
	}
	if *update {
		if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestMatchesAnsible compares the hosts, groups and variables with what
// ansible-inventory prints (stored as list and graph).
func TestMatchesAnsible(t *testing.T) {
	eachCase(t, "testdata/same.txtar", func(t *testing.T, c *testCase) {
		list, graph := c.get("list"), c.get("graph")
		if live() {
			list, graph = oracle(t, c.sources(), "--list"), oracle(t, c.sources(), "--graph")
			if *update {
				c.set("list", list)
				c.set("graph", graph)
			}
		}
		inv, err := Load(c.sources()...)
		if err != nil {
			t.Fatal(show(err))
		}
		all, err := View{Inventory: inv, HostVars: func(host string) (map[string]any, error) { return merged(inv, host) }}.List()
		if err != nil {
			t.Fatal(err)
		}
		if a, b := decode(t, flat(all)), decode(t, list); !reflect.DeepEqual(a, b) {
			t.Errorf("list: got %s\nwant %s", flat(all), list)
		}
		var got bytes.Buffer
		if err := (View{Inventory: inv}).WriteGraph(&got, "all", nil); err != nil {
			t.Fatal(err)
		}
		if got.String() != graph {
			t.Errorf("graph: got\n%swant\n%s", got.String(), graph)
		}
	})
}

func oracle(t *testing.T, sources []string, verb string) string {
	t.Helper()
	args := []string{verb}
	for _, s := range sources {
		args = append(args, "-i", s)
	}
	cmd := exec.Command("ansible-inventory", args...)
	cmd.Env = append(os.Environ(), "ANSIBLE_HOME="+t.TempDir(), "ANSIBLE_DEPRECATION_WARNINGS=0")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func decode(t *testing.T, text string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return v
}

// merged returns all variables of a host, later layers over earlier ones.
func merged(inv *Inventory, host string) (map[string]any, error) {
	layers, err := inv.Layers(host, "")
	if err != nil || len(layers) == 0 {
		return nil, err
	}
	all := map[string]any{}
	for _, l := range layers {
		for _, p := range l.Vars.Pairs() {
			all[p.Key.Text()] = plain(p.Value)
		}
	}
	if len(all) == 0 {
		return nil, nil
	}
	return all, nil
}

// plain returns a node as JSON knows it.
func plain(n source.Node) any {
	switch {
	case n.IsMap():
		m := map[string]any{}
		for _, p := range n.Pairs() {
			m[p.Key.Text()] = plain(p.Value)
		}
		return m
	case n.IsList():
		list := []any{}
		for _, item := range n.Items() {
			list = append(list, plain(item))
		}
		return list
	}
	return source.Scalar(n)
}

// TestLoad compares the tree with every layer, or the mistakes and warnings,
// with the stored ones.
func TestLoad(t *testing.T) {
	for _, archive := range []string{"testdata/layers.txtar", "testdata/errors.txtar"} {
		eachCase(t, archive, func(t *testing.T, c *testCase) {
			inv, err := Load(c.sources()...)
			got := ""
			if err != nil {
				got = show(err)
			} else {
				got = tree(inv)
			}
			if *update {
				c.set("want", got)
			}
			if want := c.get("want"); got != want {
				t.Errorf("got:\n%swant:\n%s", got, want)
			}
		})
	}
}

// show prints the mistakes that an error holds.
func show(err error) string {
	var b strings.Builder
	list := []error{err}
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		list = many.Unwrap()
	}
	for _, e := range list {
		b.WriteString(e.Error() + "\n")
		if hint := source.HintOf(e); hint != "" {
			b.WriteString("hint: " + hint + "\n")
		}
	}
	return b.String()
}

// tree prints the graph, all layers of each host, and the warnings.
func tree(inv *Inventory) string {
	var b strings.Builder
	if err := (View{Inventory: inv}).WriteGraph(&b, "all", nil); err != nil {
		return err.Error()
	}
	for _, h := range inv.Hosts() {
		fmt.Fprintf(&b, "%s %s in %s\n", h.Pos, h.Name, strings.Join(inv.GroupNames(h.Name), ","))
		layers, err := inv.Layers(h.Name, "playbooks")
		if err != nil {
			return b.String() + show(err)
		}
		for _, l := range layers {
			fmt.Fprintf(&b, "  %d %s: %s\n", l.Kind, l.Origin, flat(plain(l.Vars)))
		}
	}
	for _, w := range inv.Warnings() {
		b.WriteString("warning: " + show(w))
	}
	return b.String()
}

func flat(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(data)
}

func TestRunTimeChanges(t *testing.T) {
	inv, err := Load("web1,web2,")
	if err != nil {
		t.Fatal(err)
	}
	changed := func(want bool) func(bool, error) {
		t.Helper()
		return func(got bool, err error) {
			t.Helper()
			if err != nil || got != want {
				t.Errorf("changed %t, %v; want %t", got, err, want)
			}
		}
	}
	changed(true)(inv.AddHost("new1", "fresh"))
	changed(false)(inv.AddHost("new1", "fresh"))
	changed(true)(inv.AddGroup("debian", []string{"os"}, "web1"))
	changed(false)(inv.AddGroup("debian", []string{"os"}, "web1"))
	if _, err := inv.AddGroup("os", []string{"debian"}); err == nil {
		t.Error("a group may be below itself")
	}
	if _, err := inv.AddHost("../x"); err == nil {
		t.Error("a path may be a host")
	}
	for pattern, want := range map[string][]string{
		"fresh": {"new1"}, "os": {"web1"}, "ungrouped": {"web2"}, "all": {"new1", "web2", "web1"},
	} {
		sel, err := inv.Select(pattern)
		sort.Strings(sel.Hosts)
		sort.Strings(want)
		if err != nil || !reflect.DeepEqual(sel.Hosts, want) {
			t.Errorf("%s: %v, %v; want %v", pattern, sel.Hosts, err, want)
		}
	}
}

func FuzzYAML(f *testing.F) {
	f.Add("all: {hosts: {'web[1:3]:22': {a: 1}}, children: {x: {vars: {b: 2}}}}")
	f.Fuzz(func(_ *testing.T, text string) {
		r := &reader{inv: newInventory(), file: "f"}
		r.yaml([]byte(text))
		r.inv.settle()
		tree(r.inv)
	})
}

func FuzzINI(f *testing.F) {
	f.Add("a[1:3] x='y z'\n[g:vars]\nk={'a': [1, 0x1f, -2.5e3]}\n[g]\nb\n[h:children]\ng")
	f.Fuzz(func(_ *testing.T, text string) {
		r := &reader{inv: newInventory(), file: "f"}
		r.ini(text)
		r.inv.settle()
		tree(r.inv)
	})
}

func FuzzSelect(f *testing.F) {
	inv, err := Load("web[1:3],db1,::1")
	if err != nil {
		f.Fatal(err)
	}
	f.Add("web[1:2]:!web1,~d.*,&all[0]")
	f.Fuzz(func(t *testing.T, text string) {
		sel, err := inv.Select(text)
		if err == nil && len(sel.Hosts) > 5 {
			t.Errorf("%q: %v", text, sel.Hosts)
		}
	})
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Bytes that are no text name the line, once for a whole file of them.
func TestIniIsText(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "bom", "\ufeff[web]\nweb1\n")
	if inv, err := Load("bom"); err != nil || len(inv.Hosts()) != 1 {
		t.Errorf("with a mark of the order of bytes: %v", err)
	}
	for text, want := range map[string]string{
		"# caf\xe9\nweb1\n":             "",
		"web1\ncaf\xe9\n":               "f:2:1: the line is no text in UTF-8",
		"\x7fELF\x00\x01[\n\xff[\n\x00": "f:1:1: the line is no text in UTF-8",
	} {
		write(t, "f", text)
		got := ""
		if _, err := Load("f"); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
