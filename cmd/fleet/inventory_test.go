package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

var oracle = flag.Bool("ansible", false, "ask ansible-inventory anew for what it says of the inventories")

// listings are the forms in which inventories are compared with ansible-inventory.
var listings = []struct {
	name string
	args []string
	json bool
}{
	{"list", []string{"--list"}, true},
	{"export", []string{"--list", "--export"}, true},
	{"graph", []string{"--graph", "--vars"}, false},
}

// TestInventoriesAsAnsible: fleet inventory shows the same of small inventories as
// ansible-inventory did. testdata/inventory.txtar has a folder for each, with its
// sources, one a line, in "sources"; what Ansible said is in list, export and graph.
func TestInventoriesAsAnsible(t *testing.T) {
	const file = "testdata/inventory.txtar"
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	root, config := t.TempDir(), filepath.Join(t.TempDir(), "ansible.cfg")
	files := map[string]string{config: ""}
	said := map[string]string{}
	var cases []string
	for _, f := range archive.Files {
		dir, name, _ := strings.Cut(f.Name, "/")
		if name == "sources" {
			cases = append(cases, dir)
		}
		said[f.Name] = string(f.Data)
		files[filepath.Join(root, f.Name)] = string(f.Data)
	}
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		mode := os.FileMode(0o600)
		if strings.HasSuffix(name, ".sh") {
			mode = 0o700
		}
		if err := os.WriteFile(name, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("ANSIBLE_CONFIG", config)
	for _, dir := range cases {
		t.Run(dir, func(t *testing.T) {
			t.Chdir(filepath.Join(root, dir))
			for _, l := range listings {
				args := append([]string{"inventory"}, l.args...)
				for _, s := range strings.Fields(said[dir+"/sources"]) {
					args = append(args, "-i", s)
				}
				key := dir + "/" + l.name
				if *oracle {
					said[key] = ask(t, args[1:])
				}
				compare(t, said[key], show(t, args), l.json)
			}
		})
	}
	if *oracle {
		keep(t, file, archive, cases, said)
	}
}

func show(t *testing.T, args []string) string {
	t.Helper()
	a := newApp()
	var out, errs bytes.Buffer
	a.out, a.err, a.flush = &out, &errs, nil
	if code := run(a, args); code != 0 {
		t.Errorf("%v: exit code %d: %s", args, code, errs.String())
	}
	return out.String()
}

func compare(t *testing.T, want, got string, asJSON bool) {
	t.Helper()
	if !asJSON {
		if got != want {
			t.Errorf("got\n%swant\n%s", got, want)
		}
		return
	}
	var a, b any
	if json.Unmarshal([]byte(want), &a) != nil || json.Unmarshal([]byte(got), &b) != nil || !reflect.DeepEqual(a, b) {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

// ask returns what ansible-inventory says.
func ask(t *testing.T, args []string) string {
	t.Helper()
	cmd := exec.Command("ansible-inventory", args...)
	cmd.Env = append(os.Environ(), "ANSIBLE_HOME="+t.TempDir(), "ANSIBLE_DEPRECATION_WARNINGS=0")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// keep writes what Ansible said behind the files of each case.
func keep(t *testing.T, file string, archive *txtar.Archive, cases []string, said map[string]string) {
	t.Helper()
	out := &txtar.Archive{Comment: archive.Comment}
	for _, dir := range cases {
		for _, f := range archive.Files {
			name, isOf := strings.CutPrefix(f.Name, dir+"/")
			if isOf && name != "list" && name != "export" && name != "graph" {
				out.Files = append(out.Files, f)
			}
		}
		for _, l := range listings {
			out.Files = append(out.Files, txtar.File{Name: dir + "/" + l.name, Data: []byte(said[dir+"/"+l.name])})
		}
	}
	if err := os.WriteFile(file, txtar.Format(out), 0o644); err != nil {
		t.Fatal(err)
	}
}
