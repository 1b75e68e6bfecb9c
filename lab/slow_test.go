//go:build lab && slow

package lab

import (
	"strings"
	"testing"
)

// TestHundredCopiesOnTwo: a hundred copies on each of two fresh machines, and then nothing of them.
func TestHundredCopiesOnTwo(t *testing.T) {
	machines := strings.Split(both, ",")
	fresh(t, machines...)
	hundred(t, machines...)
	for _, what := range []string{"teardown", "teardown again"} {
		r := play(t, "teardown.yaml", onAll(machines)...)
		r.mustExit(t, 0)
		t.Logf("%s: %.1f s, changed %v", what, r.took.Seconds(), r.changed(t))
		if what != "teardown" {
			r.mustChangeNothing(t)
		}
		for _, name := range machines {
			if left := on(t, name, "docker ps -aq; ls -d /etc/todo "+sharedLog+" 2>/dev/null; true"); left != "" {
				t.Errorf("%s: after %s there is still %s", name, what, left)
			}
		}
	}
}
