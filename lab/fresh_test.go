//go:build lab

package lab

import (
	"fmt"
	"strings"
	"testing"
)

// TestCheckOnFreshMachines: a check runs through where nothing is installed yet, says what it would do, and does
// none of it.
func TestCheckOnFreshMachines(t *testing.T) {
	fresh(t, "cvm-1", "cvm-2")
	r := play(t, "todo.yaml", "-C", "-D")
	r.mustExit(t, 0)
	for host, count := range r.changed(t) {
		if count == "0" {
			t.Errorf("%s: a fresh machine has nothing to change\n%s", host, r.out)
		}
	}
	for _, line := range []string{"check mode: nothing was changed", "    +AppMode = release", "    +    upstream todo {"} {
		if strings.Count(r.out, line+"\n") == 0 {
			t.Errorf("no line %q\n%s", line, r.out)
		}
	}
	if left := on(t, "cvm-1", "ls -d /etc/todo /etc/docker /etc/nginx /usr/bin/docker 2>/dev/null; true"); left != "" {
		t.Errorf("the check has made %s", left)
	}
}

// TestUpAndAgain: all copies take their turn, and the second run has nothing to do.
func TestUpAndAgain(t *testing.T) {
	fresh(t, "cvm-1", "cvm-2")
	first := play(t, "todo.yaml")
	first.mustExit(t, 0)
	mustTakeTurns(t, first)
	second := play(t, "todo.yaml")
	second.mustChangeNothing(t)
	mustTakeTurns(t, second)
	t.Logf("first run %.1f s, second run %.1f s", first.took.Seconds(), second.took.Seconds())
	play(t, "todo.yaml", "-C", "-D").mustChangeNothing(t)
}

// mustTakeTurns looks for the line of each copy in the table, with an equal share for each on both machines.
func mustTakeTurns(t *testing.T, r result) {
	t.Helper()
	for i := 1; i <= copies; i++ {
		line := fmt.Sprintf("%-10s%10d%10d", fmt.Sprintf("todo-%d", i), 4, 4)
		if !strings.Contains(r.out, line) {
			t.Errorf("no line %q in the table\n%s", line, r.out)
		}
	}
}
