//go:build lab

package lab

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestExecEverywhere(t *testing.T) {
	deployed(t)
	r := run(t, fleet, "exec", "-i", inventory, "-l", both, "-b", "docker ps")
	r.mustExit(t, 0)
	if got := strings.Count(r.out, "my-mysql"); got != 2 {
		t.Errorf("my-mysql runs on %d machines, not 2\n%s", got, r.out)
	}
	r = run(t, fleet, "exec", "-i", inventory, "-l", both, "-b", "--fold", "docker ps --format '{{.Names}} {{.Image}}' | sort")
	r.mustExit(t, 0)
	lines := []string{"  my-mysql registry.lab.test/troml/mysql:8.0.39\n", "  my-redis registry.lab.test/troml/redis:7.4.0\n"}
	for i := 1; i <= copies; i++ {
		lines = append(lines, fmt.Sprintf("  todo-%d registry.lab.test/troml/todo:v2\n", i))
	}
	slices.Sort(lines)
	want := "cvm-[1-2] (2 hosts)\n" + strings.Join(lines, "")
	if r.out != want {
		t.Errorf("folded it is\n%s\nwant\n%s", r.out, want)
	}
	r = run(t, fleet, "exec", "-i", inventory, "-l", both, "test $(hostname) = cvm-1")
	r.mustExit(t, 2)
	if !strings.Contains(r.out, "cvm-2 | exit code 1") {
		t.Errorf("cvm-2 is not named\n%s", r.out)
	}
}

func TestOtherNumberOfCopies(t *testing.T) {
	deployed(t)
	r := play(t, "todo.yaml", "-e", "todo_copies=2", "-l", "cvm-2")
	r.mustExit(t, 0)
	if got := strings.Fields(on(t, "cvm-2", "docker ps -a --filter name=^todo- --format {{.Names}} | sort")); strings.Join(got, " ") != "todo-1 todo-2" {
		t.Errorf("two copies were asked for, there are %v", got)
	}
	play(t, "todo.yaml", "-l", "cvm-2").mustExit(t, 0)
}

func TestServiceKeepsTodos(t *testing.T) {
	deployed(t)
	out := on(t, "cvm-1", `curl -sf -d "{\"title\":\"milk\"}" http://127.0.0.1/api/v1/todos; for i in 1 2 3; do curl -sf http://127.0.0.1/api/v1/todos; done`)
	if strings.Count(out, `"title":"milk"`) < 4 {
		t.Errorf("the todo is not in every answer:\n%s", out)
	}
}

// TestCheckNamesWhoIsMissing: where not every copy answers, the check fails, and its table is shown.
func TestCheckNamesWhoIsMissing(t *testing.T) {
	deployed(t)
	role, err := filepath.Abs(filepath.Join(playbooks, "roles", "todo"))
	if err != nil {
		t.Fatal(err)
	}
	r := playText(t, "- hosts: cvm-1\n  gather_facts: false\n  vars: {nginx_port: 80}\n  tasks:\n    - include_role: {name: "+role+", tasks_from: check}\n",
		"-e", fmt.Sprintf("todo_copies=%d", copies+1))
	r.mustExit(t, 2)
	for _, line := range []string{
		fmt.Sprintf("failed: [cvm-1]: copies==%d is expected and copies is %d\n", copies+1, copies),
		fmt.Sprintf("    %-10s%10d\n", fmt.Sprintf("todo-%d", copies+1), 0),
	} {
		if !strings.Contains(r.out, line) {
			t.Errorf("no line %q\n%s", line, r.out)
		}
	}
}
