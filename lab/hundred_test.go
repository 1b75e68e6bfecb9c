//go:build lab

package lab

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const sharedLog = "/var/log/todo.log"

// TestHundredCopies: a hundred copies on one machine. `make test-all` does the same on two fresh ones.
func TestHundredCopies(t *testing.T) {
	deployed(t)
	t.Cleanup(func() { forgetHundred(t, "cvm-1") })
	hundred(t, "cvm-1")
}

// hundred brings machines to a hundred copies with one log, undoes some by hand and has them put back, goes down to
// seven and up to twelve, and then lets each have its own log. After each run it looks at the containers, nginx'
// upstream and 2,000 requests, and at the end logs how long the runs took.
func hundred(t *testing.T, machines ...string) {
	table := []string{fmt.Sprintf("a hundred copies on %s:", strings.Join(machines, " and "))}
	stage := func(what string, n int) result {
		r := play(t, "todo.yaml", onAll(machines, "-e", fmt.Sprintf("todo_copies=%d", n))...)
		r.mustExit(t, 0)
		table = append(table, fmt.Sprintf("  %-32s %6.1f s", what, r.took.Seconds()))
		for _, name := range machines {
			l := mustRun(t, name, n)
			table = append(table, fmt.Sprintf("    %s: %s, tasks changed: %s", name, l, r.changed(t)[name]))
		}
		return r
	}
	defer func() { t.Log(strings.Join(table, "\n")) }()

	stage("to 100 copies", 100)
	stage("again", 100).mustChangeNothing(t)
	before := everywhere(t, machines)
	for _, name := range machines {
		mustBeWhole(t, name)
		on(t, name, "docker rm -f todo-17; docker stop todo-42; docker pause todo-63")
	}
	stage("one removed, stopped and frozen", 100)
	mustKeep(t, before, everywhere(t, machines), "todo-17", "todo-42")
	stage("from 100 to 7", 7)
	mustKeep(t, before, everywhere(t, machines))
	before = everywhere(t, machines)
	stage("from 7 to 12", 12)
	mustKeep(t, before, everywhere(t, machines))
	stage("again", 12).mustChangeNothing(t)

	play(t, "todo.yaml", "-l", strings.Join(machines, ","), "-e", "todo_copies=12").mustExit(t, 0)
	for _, name := range machines {
		if binds := on(t, name, `docker inspect --format '{{.HostConfig.Binds}}' `+allCopies); strings.Contains(binds, sharedLog) {
			t.Errorf("%s: copies still write to the log that is no longer asked for: %s", name, binds)
		}
	}
}

// onAll returns the flags of a run on these machines, where all copies have one log.
func onAll(machines []string, flags ...string) []string {
	return append([]string{"-l", strings.Join(machines, ","), "-e", "todo_shared_log=" + sharedLog}, flags...)
}

// forgetHundred brings a machine back to what other tests find.
func forgetHundred(t *testing.T, name string) {
	play(t, "todo.yaml", "-l", name)
	on(t, name, "rm -f "+sharedLog)
}

// A todo is a copy as Docker shows it.
type todo struct {
	id, started, address string
	serves               bool
}

// todos returns a machine's copies by name.
func todos(t *testing.T, name string) map[string]todo {
	t.Helper()
	out := on(t, name, `docker inspect --format '{{.Name}} {{.Id}} {{.State.StartedAt}} {{.State.Status}} {{.NetworkSettings.Networks.bridge.IPAddress}}' \
		$(docker ps -aq --filter name=^todo-)`)
	all := map[string]todo{}
	for line := range strings.Lines(out) {
		if f := strings.Fields(line); len(f) == 5 {
			all[strings.TrimPrefix(f[0], "/")] = todo{id: f[1], started: f[2], address: f[4], serves: f[3] == "running"}
		}
	}
	return all
}

// everywhere returns the copies of several machines.
func everywhere(t *testing.T, machines []string) map[string]map[string]todo {
	all := map[string]map[string]todo{}
	for _, name := range machines {
		all[name] = todos(t, name)
	}
	return all
}

// mustKeep: copies that were there before are the same and were not started again, but for those that are excepted.
func mustKeep(t *testing.T, before, after map[string]map[string]todo, except ...string) {
	t.Helper()
	for machine, copies := range after {
		for name, now := range copies {
			if was, there := before[machine][name]; there && was != now && !slices.Contains(except, name) {
				t.Errorf("%s on %s was touched: %v is %v now", name, machine, was, now)
			}
		}
	}
}

// mustRun: todo-1 … todo-N and no other are there and run, nginx has their addresses, and they share the requests.
func mustRun(t *testing.T, name string, n int) load {
	t.Helper()
	there := map[string]string{}
	for i := 1; i <= n; i++ {
		there[fmt.Sprintf("todo-%d", i)] = "no address"
	}
	for copy, is := range todos(t, name) {
		if there[copy] == "" || !is.serves {
			t.Errorf("%s: there is a %s: %v", name, copy, is)
		}
		there[copy] = is.address
	}
	got := map[string]string{}
	for _, server := range regexp.MustCompile(`server ([0-9.]+):3000 .*# (todo-\d+)`).FindAllStringSubmatch(on(t, name, "nginx -T 2>/dev/null"), -1) {
		got[server[2]] = server[1]
	}
	if !maps.Equal(got, there) {
		t.Errorf("%s: nginx has the copies %v, Docker has %v", name, got, there)
	}
	return want{copies: n}.see(t, func() load { return probe(t, name) })
}

// logLine is a whole line of a copy's log.
var logLine = regexp.MustCompile(`^time=\S+ level=[A-Z]+ msg=.* host=(todo-[0-9]+)( .*)?$`)

// mustBeWhole: the log of a machine has lines of a hundred copies, none of them torn.
func mustBeWhole(t *testing.T, name string) {
	t.Helper()
	torn, whole := 0, map[string]int{}
	for line := range strings.Lines(on(t, name, "cat "+sharedLog)) {
		if match := logLine.FindStringSubmatch(strings.TrimSuffix(line, "\n")); match != nil {
			whole[match[1]]++
		} else if torn++; torn < 4 {
			t.Logf("not a whole line: %s", line)
		}
	}
	if torn > 0 || len(whole) != 100 || whole["todo-100"] < requests/100 {
		t.Errorf("%s: %d lines of the log are torn; %d copies wrote whole ones, todo-100 %d", name, torn, len(whole), whole["todo-100"])
	}
}
