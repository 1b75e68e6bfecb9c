package check

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"fleet/internal/engine"
	"fleet/internal/inventory"
	"fleet/internal/jinja"
	"fleet/internal/playbook"
	"fleet/internal/source"
	"fleet/internal/vars"
)

// TestOwnPlaybooks: the playbooks of this project have nothing wrong.
func TestOwnPlaybooks(t *testing.T) {
	t.Chdir("../..")
	files, err := filepath.Glob("playbooks/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no playbooks", err)
	}
	for _, f := range files {
		if got := findings(t, newChecker(t, "inventory.yaml"), f); got != "" {
			t.Errorf("%s:\n%s", f, got)
		}
	}
}

// TestCommandLine: variables, limits and tags of the command line count.
func TestCommandLine(t *testing.T) {
	root := unpack(t, txtar.Parse([]byte("-- a/p.yml --\n- hosts: all\n  tasks:\n"+
		"    - debug: {msg: \"{{ given }} {{ weight }}\"}\n"+
		"    - debug: {msg: \"{{ nothing }}\"}\n      tags: late\n-- a/want --\n")))
	t.Chdir(filepath.Join(root, "a"))
	inv, err := inventory.Load("inventory.yml")
	if err != nil {
		t.Fatal(err)
	}
	c := newChecker(t, "inventory.yml")
	c.Extra = jinja.NewMap("given", 1, "bad", jinja.NewText("{{ x | nosuch }}", source.Pos{File: "-e", Line: 1, Col: 1}))
	c.Vars = vars.NewStore(inv, c.Extra, nil)
	c.Limit = []string{"web"}
	c.Selected = func(p *playbook.Play, e playbook.Entry) bool {
		return engine.Selected(engine.Tags(p, e), nil, []string{"late"})
	}
	want := `warning: p.yml:4:24: 'nothing' is undefined`
	if got := findings(t, c, "p.yml"); !strings.Contains(got, want) || strings.Contains(got, "given") ||
		strings.Contains(got, "weight") || !strings.Contains(got, "nosuch") {
		t.Errorf("got:\n%s", got)
	}
}

// TestCancel: a check ends with its context.
func TestCancel(t *testing.T) {
	root := unpack(t, txtar.Parse([]byte("-- a/p.yml --\n- hosts: all\n  tasks:\n    - debug: {msg: \"{{ nothing }}\"}\n-- a/want --\n")))
	t.Chdir(filepath.Join(root, "a"))
	c := newChecker(t, "inventory.yml")
	pb, err := c.Loader.Load("p.yml")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if got := c.Playbook(ctx, pb); len(got) != 0 {
		t.Errorf("%d findings", len(got))
	}
}

// bigTree writes a playbook of 20 roles with 100 tasks each, for 200 hosts.
func bigTree(t testing.TB) {
	t.Helper()
	root := t.TempDir()
	write := func(name, text string) {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var hosts, roles strings.Builder
	for i := range 200 {
		fmt.Fprintf(&hosts, "    h%d: {ansible_host: 10.0.0.%d, rack: r%d}\n", i, i, i%7)
	}
	for r := range 20 {
		fmt.Fprintf(&roles, "    - r%d\n", r)
		var tasks strings.Builder
		for i := range 100 {
			fmt.Fprintf(&tasks, `- name: task %d on {{ rack }}
  template:
    src: t%d.j2
    dest: "/etc/r%d/{{ r%d_name }}-%d.conf"
    mode: "0644"
  when: ansible_os_family == "Debian" and r%d_on
  loop: "{{ r%d_list }}"
  register: r%d_result
  notify: reload
`, i, i%3, r, r, i, r, r, r)
		}
		write(fmt.Sprintf("roles/r%d/tasks/main.yml", r), tasks.String())
		write(fmt.Sprintf("roles/r%d/defaults/main.yml", r), fmt.Sprintf("r%d_name: \"{{ rack }}-x\"\nr%d_on: true\nr%d_list: [1, 2]\n", r, r, r))
		write(fmt.Sprintf("roles/r%d/handlers/main.yml", r), "- name: reload\n  command: uptime\n")
		for i := range 3 {
			write(fmt.Sprintf("roles/r%d/templates/t%d.j2", r, i), strings.Repeat("{% if r"+fmt.Sprint(r)+"_on %}{{ rack }} {{ item }}{% endif %}\n", 20))
		}
	}
	write("inventory.yml", "all:\n  hosts:\n"+hosts.String())
	write("p.yml", "- hosts: all\n  roles:\n"+roles.String())
	switch t := t.(type) {
	case *testing.T:
		t.Chdir(root)
	case *testing.B:
		t.Chdir(root)
	}
}

// TestBigTree: a tree of 2,000 tasks has nothing wrong; BenchmarkCheck tells what it costs.
func TestBigTree(t *testing.T) {
	bigTree(t)
	c := newChecker(t, "inventory.yml")
	pb, err := c.Loader.Load("p.yml")
	if err != nil {
		t.Fatal(err)
	}
	if found := c.Playbook(context.Background(), pb); len(found) != 0 {
		t.Fatal(found[0].Err)
	}
}

// BenchmarkCheck reports the processor's time for 10,000 lines, garbage collection
// and all; it has to stay under half a second.
func BenchmarkCheck(b *testing.B) {
	bigTree(b)
	lines, before := countLines(b), processorTime(b)
	for b.Loop() {
		c := newChecker(b, "inventory.yml")
		c.Idle = true
		pb, err := c.Loader.Load("p.yml")
		if err != nil {
			b.Fatal(err)
		}
		c.Playbook(context.Background(), pb)
	}
	used := processorTime(b) - before
	b.ReportMetric(used.Seconds()*1e3/float64(b.N)*10_000/float64(lines), "cpu-ms/10000-lines")
}

// countLines returns how many lines the files below the present folder have.
func countLines(b *testing.B) int {
	n := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		n += bytes.Count(data, []byte("\n"))
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// processorTime returns what this process has used.
func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
