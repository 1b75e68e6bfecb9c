//go:build lab

package lab

import (
	"regexp"
	"strings"
	"testing"
)

// running returns how many copies run on a machine.
func running(t *testing.T, name string) int {
	t.Helper()
	return len(strings.Fields(on(t, name, "docker ps -q --filter name=^todo-")))
}

// logLine is a whole line of a copy's log.
var logLine = regexp.MustCompile(`^time=\S+ level=[A-Z]+ msg=.* host=todo-[0-9]+( .*)?$`)

// TestHundredCopies: a hundred copies on one machine, all with one log; what was
// removed or stopped by hand is put back; and down to seven.
func TestHundredCopies(t *testing.T) {
	deployed(t)
	hundred := []string{"-l", "cvm-1", "-e", "todo_copies=100", "-e", "todo_shared_log=/var/log/todo.log"}
	t.Cleanup(func() { play(t, "todo.yaml", "-l", "cvm-1") })

	play(t, "todo.yaml", hundred...).mustExit(t, 0)
	if got := running(t, "cvm-1"); got != 100 {
		t.Fatalf("%d copies run, not 100", got)
	}
	play(t, "todo.yaml", hundred...).mustChangeNothing(t)
	load(t, "cvm-1", "--expect", "copies==100", "--expect", "failures==0")

	lines := strings.Split(strings.TrimSpace(on(t, "cvm-1", "cat /var/log/todo.log")), "\n")
	torn := 0
	for _, line := range lines {
		if !logLine.MatchString(line) {
			torn++
			t.Logf("not a whole line: %s", line)
		}
	}
	if torn > 0 || len(lines) < 2000 {
		t.Errorf("the log has %d lines, %d of them torn", len(lines), torn)
	}

	on(t, "cvm-1", "docker rm -f todo-17; docker stop todo-42")
	r := play(t, "todo.yaml", hundred...)
	r.mustExit(t, 0)
	if got := running(t, "cvm-1"); got != 100 {
		t.Errorf("%d copies run, not 100\n%s", got, r.out)
	}
	for _, name := range []string{"todo-17", "todo-42"} {
		if !strings.Contains(r.out, "changed: [cvm-1] => (item="+name+")") {
			t.Errorf("%s is not said to be changed\n%s", name, r.out)
		}
	}

	play(t, "todo.yaml", "-l", "cvm-1", "-e", "todo_copies=7", "-e", "todo_shared_log=/var/log/todo.log").mustExit(t, 0)
	names := strings.Fields(on(t, "cvm-1", "docker ps -a --filter name=^todo- --format {{.Names}} | sort"))
	if got, want := strings.Join(names, " "), "todo-1 todo-2 todo-3 todo-4 todo-5 todo-6 todo-7"; got != want {
		t.Errorf("seven copies were asked for, there are %s", got)
	}
	load(t, "cvm-1", "--expect", "copies==7", "--expect", "failures==0")
}
