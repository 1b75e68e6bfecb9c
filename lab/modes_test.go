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

// show logs a load as a line of a table.
func show(t *testing.T, l load) load {
	t.Helper()
	t.Logf("    %s", l)
	return l
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
	modes(t, "failover failfast")
	show(t, probe(t, "cvm-1")).mustShare(t, copies)
	docker(t, "stop todo-2")
	l := show(t, probe(t, "cvm-1"))
	l.mustFail(t, 0)
	l.mustShare(t, copies, "todo-2")

	modes(t, "failfast") // starts it again
	docker(t, "stop todo-2")
	l = show(t, probe(t, "cvm-1"))
	l.mustFail(t, share, "status_502", "status_504")
	l.mustShare(t, copies, "todo-2")
}

// TestFailfast: a copy accepts connections and never answers. With failfast its requests are given up at nginx' limits;
// without, they wait for longer than the clients do.
func TestFailfast(t *testing.T) {
	modesTest(t)
	modes(t, "failfast")
	docker(t, "pause todo-3")
	l := show(t, probe(t, "cvm-1", "--timeout", patience.String()))
	l.mustFail(t, share, "status_504") // and none because a client has waited too long
	l.mustShare(t, copies, "todo-3")

	modes(t, "failover failfast") // thaws it
	docker(t, "pause todo-3")
	l = show(t, probe(t, "cvm-1", "--timeout", patience.String()))
	l.mustFail(t, 0)
	l.mustShare(t, copies, "todo-3")
	if l.Latency.Max < 300 {
		t.Errorf("nobody has waited for the frozen copy: the slowest answer took %.0f ms", l.Latency.Max)
	}

	modes(t, "failover failback failsafe")
	docker(t, "pause todo-3")
	l = show(t, probe(t, "cvm-1", "--timeout", patience.String(), "-c", "20"))
	l.mustFail(t, share, "timeout")
	l.mustShare(t, copies, "todo-3")
}

// TestFailback: a copy that was stopped runs again. With failback it gets requests again within seconds; without, not
// before nginx is reloaded.
func TestFailback(t *testing.T) {
	modesTest(t)
	modes(t, "failover failfast failback")
	docker(t, "stop todo-2")
	show(t, probe(t, "cvm-1")).mustShare(t, copies, "todo-2")
	docker(t, "start todo-2")
	begin := time.Now()
	for probe(t, "cvm-1", "-n", "50").Counts["todo-2"] == 0 {
		if time.Since(begin) > 10*time.Second { // nginx tries it again after one
			t.Fatal("ten seconds after its start the copy gets no requests")
		}
	}
	t.Logf("    todo-2 gets requests again after %.1f s", time.Since(begin).Seconds())
	l := show(t, probe(t, "cvm-1"))
	l.mustFail(t, 0)
	l.mustShare(t, copies)

	modes(t, "failover failfast")
	docker(t, "stop todo-2")
	show(t, probe(t, "cvm-1")).mustShare(t, copies, "todo-2")
	docker(t, "start todo-2")
	time.Sleep(3 * time.Second) // with failback, one is enough
	l = show(t, probe(t, "cvm-1"))
	l.mustFail(t, 0)
	l.mustShare(t, copies, "todo-2")
	on(t, "cvm-1", "systemctl reload nginx && sleep 1")
	t.Log("  systemctl reload nginx")
	l = show(t, probe(t, "cvm-1"))
	l.mustFail(t, 0)
	l.mustShare(t, copies)
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
		show(t, probe(t, "cvm-1")).mustShare(t, copies)
		docker(t, "stop "+allCopies)
		l := probe(t, "cvm-1", "--by", "status")
		t.Logf("    statuses %v | %d failed | slowest answer %.0f ms | %.1f s", l.Statuses, l.Failures, l.Latency.Max, l.Seconds)
		l.mustFail(t, c.failed, "status_"+c.status)
		if l.Statuses[c.status] != requests {
			t.Errorf("the statuses are %v, not %s alone", l.Statuses, c.status)
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
			l := browse(t, "cvm-1", keeps)
			t.Logf("keepalive_timeout %s, a client that keeps connections: %t: %d connections\n    %s", timeout, keeps, l.connections, l)
			l.mustFail(t, 0)
			l.mustShare(t, copies)
			want := requests
			if keeps && timeout != "0" {
				want = 8 // one for each of the clients
			}
			if l.connections != want {
				t.Errorf("%d connections, not %d", l.connections, want)
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
