package tasks

import (
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// startAllocs is how much the project's own packages may allocate before main for
// each module of the table. Each of a hundred hosts pays for it, whatever the task is.
const startAllocs = 8

var initLine = regexp.MustCompile(`(?m)^init (fleet/\S+) @.* ([0-9]+) allocs$`)

// The table and its packages cost next to nothing when the helper starts: no
// expression is compiled, and no module's arguments are read, before they are used.
func TestStartIsCheap(t *testing.T) {
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	var trace strings.Builder
	cmd.Stderr = &trace
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	sum, seen := 0, map[string]string{}
	for _, m := range initLine.FindAllStringSubmatch(trace.String(), -1) {
		if n, err := strconv.Atoi(m[2]); err == nil && m[1] != "fleet/internal/tasks" { // this file's
			sum += n
			seen[m[1]] = m[2]
		}
	}
	if seen["fleet/internal/tasks/files"] == "" {
		t.Fatalf("there is no trace: %s", trace.String())
	}
	if most := startAllocs * len(Table); sum > most {
		t.Errorf("%d allocations before main, more than %d: %v", sum, most, seen)
	}
}
