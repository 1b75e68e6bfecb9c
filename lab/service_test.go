//go:build lab

package lab

import (
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"
)

func TestCheckOnFreshMachines(t *testing.T) {
	r := play(t, "todo.yaml", "-C", "-D")
	r.mustExit(t, 0)
	for host, count := range r.changed(t) {
		if count == "0" {
			t.Errorf("%s: a fresh machine has nothing to change\n%s", host, r.out)
		}
	}
	if left := on(t, "cvm-1", "ls -d /etc/todo /etc/docker /etc/nginx /usr/bin/docker 2>/dev/null; true"); left != "" {
		t.Errorf("the check has made %s", left)
	}
}

func TestUpAndAgain(t *testing.T) {
	r := play(t, "todo.yaml")
	r.mustExit(t, 0)
	mustTakeTurns(t, r)
	r = play(t, "todo.yaml")
	r.mustChangeNothing(t)
	mustTakeTurns(t, r)
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

func TestDockerPsEverywhere(t *testing.T) {
	r := run(t, fleet, "exec", "-i", inventory, "-b", "docker ps")
	r.mustExit(t, 0)
	if got := strings.Count(r.out, "my-mysql"); got != 2 {
		t.Errorf("my-mysql runs on %d machines, not 2\n%s", got, r.out)
	}
}

// get sends requests to a machine's published port 80, and counts the answers by their text.
func get(t *testing.T, name, path string, requests int) map[string]int {
	t.Helper()
	container := strings.TrimSpace(string(must(t, exec.Command("docker", "ps", "-q", "--filter", "label=fleet.lab.machine="+name,
		"--filter", "label=fleet.lab="+labName(t)))))
	address := strings.TrimSpace(string(must(t, exec.Command("docker", "port", container, "80/tcp"))))
	client := &http.Client{Timeout: 5 * time.Second}
	answers := map[string]int{}
	for range requests {
		answer, err := client.Get("http://" + address + path)
		if err != nil {
			answers["error: "+err.Error()]++
			continue
		}
		text, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil || answer.StatusCode != http.StatusOK {
			answers[fmt.Sprintf("error: %s %v", answer.Status, err)]++
			continue
		}
		answers[strings.TrimSpace(string(text))]++
	}
	return answers
}

// labName reads the label of this clone's lab from its scripts.
func labName(t *testing.T) string {
	t.Helper()
	return strings.TrimSpace(string(must(t, exec.Command("bash", "-c", `. lib/lab.sh; echo "$lab"`))))
}

func must(t *testing.T, command *exec.Cmd) []byte {
	t.Helper()
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%s: %v", command, err)
	}
	return out
}

func TestOneCopyStopped(t *testing.T) {
	on(t, "cvm-1", "docker stop todo-2")
	answers := get(t, "cvm-1", "/api/v1/ping", 200)
	total := 0
	for answer, count := range answers {
		if strings.HasPrefix(answer, "todo-") && answer != "todo-2" {
			total += count
		}
	}
	if total != 200 {
		t.Errorf("of 200 requests %d were answered by a copy that runs: %v", total, answers)
	}
	on(t, "cvm-1", "docker start todo-2")
	time.Sleep(1500 * time.Millisecond) // fail_timeout is a second
	if answers := get(t, "cvm-1", "/api/v1/ping", 10*copies); answers["todo-2"] == 0 {
		t.Errorf("a copy that runs again gets no requests: %v", answers)
	}
}

func TestAllCopiesStopped(t *testing.T) {
	on(t, "cvm-1", "docker stop $(docker ps -q --filter name=^todo-)")
	for answer := range get(t, "cvm-1", "/api/v1/ping", 5) {
		if !strings.Contains(answer, "The service is resting") {
			t.Errorf("not the fallback page: %s", answer)
		}
	}
	r := play(t, "todo.yaml", "-l", "cvm-1")
	r.mustExit(t, 0)
}

func TestOtherNumberOfCopies(t *testing.T) {
	r := play(t, "todo.yaml", "-e", "todo_copies=2", "-l", "cvm-2")
	r.mustExit(t, 0)
	if got := strings.Fields(on(t, "cvm-2", "docker ps -a --filter name=^todo- --format {{.Names}} | sort")); strings.Join(got, " ") != "todo-1 todo-2" {
		t.Errorf("two copies were asked for, there are %v", got)
	}
	play(t, "todo.yaml", "-l", "cvm-2").mustExit(t, 0)
}

func TestServiceKeepsTodos(t *testing.T) {
	out := on(t, "cvm-1", `curl -sf -d "{\"title\":\"milk\"}" http://127.0.0.1/api/v1/todos; for i in 1 2 3; do curl -sf http://127.0.0.1/api/v1/todos; done`)
	if strings.Count(out, `"title":"milk"`) < 4 {
		t.Errorf("the todo is not in every answer:\n%s", out)
	}
}

func TestNothingOfFleetStays(t *testing.T) {
	for _, name := range []string{"cvm-1", "cvm-2"} {
		if left := on(t, name, "ps -eo args= | grep -i [f]leet; true"); left != "" {
			t.Errorf("%s still runs %s", name, left)
		}
	}
}
