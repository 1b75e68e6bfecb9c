//go:build lab

package lab

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

const share = requests / copies // of one copy, where all take turns

// modes lets nginx on cvm-1 fail in these ways and no other, with all copies up.
func modes(t *testing.T, names string, args ...string) {
	t.Helper()
	list := `"` + strings.Join(strings.Fields(names), `", "`) + `"`
	if names == "" {
		list = ""
	}
	play(t, "todo.yaml", append([]string{"-l", "cvm-1", "-e", `{"nginx_modes": [` + list + `]}`}, args...)...).mustExit(t, 0)
	t.Logf("modes %q %s", names, strings.Join(args, " "))
}

// docker does to the copies on cvm-1 what operators do by hand.
func docker(t *testing.T, command string) {
	t.Helper()
	on(t, "cvm-1", "docker "+command)
	t.Logf("  docker %s", command)
}

const allCopies = "$(docker ps -q --filter name=^todo-)"

// modesTest puts everything back when the test ends: the playbook starts what is stopped or frozen.
func modesTest(t *testing.T) {
	t.Helper()
	deployed(t)
	t.Cleanup(func() { play(t, "todo.yaml", "-l", "cvm-1") })
}

// TestFailover: a copy is stopped. With failover no request fails, and all other copies take their turns; without,
// exactly its share fails.
func TestFailover(t *testing.T) {
	modesTest(t)
	modes(t, "failover failfast failback")
	see(t, "cvm-1", want{})
	docker(t, "stop todo-2")
	see(t, "cvm-1", want{away: "todo-2"})

	modes(t, "failfast failback") // starts it again
	docker(t, "stop todo-2")
	see(t, "cvm-1", want{failed: share, ways: []string{"status_502", "status_504"}, away: "todo-2"})
}

// TestFailfast: a copy accepts connections and never answers. With failfast its requests are given up at nginx' limits;
// without, they wait for longer than the clients do.
func TestFailfast(t *testing.T) {
	modesTest(t)
	patient := []string{"--timeout", patience.String(), "-c", "20"}
	modes(t, "failfast")
	docker(t, "pause todo-3")
	see(t, "cvm-1", want{failed: share, ways: []string{"status_504"}, away: "todo-3"}, patient...) // none fails because a client gave up

	modes(t, "failover failfast failback") // thaws it
	docker(t, "pause todo-3")
	l := see(t, "cvm-1", want{away: "todo-3"}, patient...)
	if l.Latency.Max < 300 {
		t.Errorf("nobody has waited for the frozen copy: the slowest answer took %.0f ms", l.Latency.Max)
	}

	modes(t, "failover failback failsafe")
	docker(t, "pause todo-3")
	see(t, "cvm-1", want{failed: share, ways: []string{"timeout"}, away: "todo-3"}, patient...)
}

// TestFailback: a copy that was stopped runs again. With failback it gets requests again within seconds; without, not
// before nginx is reloaded.
func TestFailback(t *testing.T) {
	modesTest(t)
	modes(t, "failover failfast failback")
	docker(t, "stop todo-2")
	see(t, "cvm-1", want{away: "todo-2"})
	docker(t, "start todo-2")
	begin := time.Now()
	for probe(t, "cvm-1", "-n", "50").Counts["todo-2"] == 0 {
		if time.Since(begin) > 10*time.Second { // nginx tries it again after one
			t.Fatal("ten seconds after its start the copy gets no requests")
		}
	}
	t.Logf("    todo-2 gets requests again after %.1f s", time.Since(begin).Seconds())
	see(t, "cvm-1", want{})

	modes(t, "failover failfast")
	docker(t, "stop todo-2")
	gone := want{away: "todo-2", uneven: true} // whoever misses a limit once is away as well
	see(t, "cvm-1", gone)
	docker(t, "start todo-2")
	time.Sleep(3 * time.Second) // with failback, one is enough
	see(t, "cvm-1", gone)
	on(t, "cvm-1", "systemctl reload nginx && sleep 1")
	t.Log("  systemctl reload nginx")
	if l := probe(t, "cvm-1"); l.Counts["todo-2"] == 0 || l.Failures > 0 {
		t.Errorf("after a reload todo-2 does not take its turn: %s", l)
	}
}

// TestFailsafe: all copies are stopped. With failsafe a page comes, with the status that is asked for; without, nginx'
// own 502. The playbook starts all of them again.
func TestFailsafe(t *testing.T) {
	modesTest(t)
	for _, c := range []struct {
		modes  string
		args   []string
		failed int
		status string
	}{
		{"failover failfast failback failsafe", nil, 0, "200"},
		{"failover failfast failback failsafe", []string{"-e", "nginx_fallback_status=503"}, requests, "503"},
		{"failover failfast failback", nil, requests, "502"},
	} {
		modes(t, c.modes, c.args...)
		see(t, "cvm-1", want{})
		docker(t, "stop "+allCopies)
		l := probe(t, "cvm-1", "--by", "status")
		t.Logf("    statuses %v | %d failed | slowest answer %.0f ms | %.1f s", l.Statuses, l.Failures, l.Latency.Max, l.Seconds)
		if l.Statuses[c.status] != requests || l.Failures != c.failed {
			t.Errorf("the statuses are %v, not %s alone; %d failed, not %d", l.Statuses, c.status, l.Failures, c.failed)
		}
		page := on(t, "cvm-1", "curl -s http://127.0.0.1/api/v1/ping")
		if strings.Contains(page, "The service is resting") != strings.HasSuffix(c.modes, "failsafe") {
			t.Errorf("modes %q give the page\n%s", c.modes, page)
		}
	}
}

// TestKeepAlive: copies take turns whether the client keeps its connections or not, and whether nginx does. With
// keepalive_timeout 0 each request has a connection of its own.
func TestKeepAlive(t *testing.T) {
	modesTest(t)
	for _, timeout := range []string{"0", "65"} {
		play(t, "todo.yaml", "-l", "cvm-1", "-e", "nginx_keepalive_timeout="+timeout).mustExit(t, 0)
		for _, keeps := range []bool{true, false} {
			t.Logf("keepalive_timeout %s, a client that keeps its connections: %t", timeout, keeps)
			l := want{}.see(t, func() load { return browse(t, "cvm-1", keeps) })
			t.Logf("    %s | %d connections", l, l.connections)
			connections := requests
			if keeps && timeout != "0" {
				connections = 8 // one for each of the clients
			}
			if l.connections != connections {
				t.Errorf("%d connections, not %d", l.connections, connections)
			}
		}
		answer, err := http.Get(published(t, "cvm-1") + "/api/v1/ping")
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.Close != (timeout == "0") {
			t.Errorf("keepalive_timeout %s: nginx says that it closes the connection: %t", timeout, answer.Close)
		}
	}
}
