//go:build lab

package lab

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// load sends requests to a machine's published port 80 by fleet's own probe, and
// fails where a condition is not met.
func load(t *testing.T, name string, flags ...string) {
	t.Helper()
	address, _, _ := strings.Cut(script(t, "docker port "+container(t, name)+" 80/tcp"), "\n")
	args := append([]string{"probe", "http://" + address + "/api/v1/ping", "-n", "2000", "-c", "8"}, flags...)
	r := run(t, fleet, args...)
	t.Logf("%s\n%s", strings.Join(flags, " "), r.out)
	r.mustExit(t, 0)
}

// TestFailureModes does to the copies what operators do, and looks at 2,000
// requests each time.
func TestFailureModes(t *testing.T) {
	deployed(t)
	t.Cleanup(func() {
		// Whatever went wrong: the playbook puts all copies and nginx back.
		on(t, "cvm-1", "docker unpause todo-3 2>/dev/null || true")
		play(t, "todo.yaml", "-l", "cvm-1")
	})
	all, none := fmt.Sprintf("copies==%d", copies), "failures==0"
	butOne := fmt.Sprintf("copies==%d", copies-1)

	t.Log("keep-alive or not, the copies take turns")
	load(t, "cvm-1", "--expect", all, "--expect", none)
	load(t, "cvm-1", "--no-keepalive", "--expect", all, "--expect", none)

	t.Log("failover: a copy is stopped, and no request fails")
	on(t, "cvm-1", "docker stop todo-2")
	load(t, "cvm-1", "--expect", butOne, "--expect", none)

	t.Log("failback: it is started, and gets requests again")
	on(t, "cvm-1", "docker start todo-2")
	time.Sleep(1500 * time.Millisecond) // fail_timeout is a second
	load(t, "cvm-1", "--expect", all, "--expect", none)

	t.Log("failfast: a copy accepts and never answers, and nobody waits for it long")
	on(t, "cvm-1", "docker pause todo-3")
	load(t, "cvm-1", "--expect", butOne, "--expect", none, "--expect", "p50<150ms", "--expect", "max<1500ms")
	on(t, "cvm-1", "docker unpause todo-3")

	t.Log("failsafe: all copies are stopped, and the fallback page comes")
	on(t, "cvm-1", "docker stop $(docker ps -q --filter name=^todo-)")
	load(t, "cvm-1", "--by", "status", "--expect", "copies==1", "--expect", "status_200==2000", "--expect", none)
	play(t, "todo.yaml", "-l", "cvm-1").mustExit(t, 0)

	t.Log("without failover and failsafe the same stop is seen by the clients")
	play(t, "todo.yaml", "-l", "cvm-1", "-e", `{"nginx_modes": ["failfast", "failback"]}`).mustExit(t, 0)
	on(t, "cvm-1", "docker stop todo-2")
	load(t, "cvm-1", "--expect", butOne, "--expect", fmt.Sprintf("failures>=%d", 2000/copies-50), "--expect", fmt.Sprintf("failures<=%d", 2000/copies+50))
}
