//go:build lab

package lab

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestExecEverywhere(t *testing.T) {
	deployed(t)
	r := run(t, fleet, "exec", "-i", inventory, "-b", "docker ps")
	r.mustExit(t, 0)
	if got := strings.Count(r.out, "my-mysql"); got != 2 {
		t.Errorf("my-mysql runs on %d machines, not 2\n%s", got, r.out)
	}
	r = run(t, fleet, "exec", "-i", inventory, "-b", "--fold", "docker ps --format '{{.Names}} {{.Image}}' | sort")
	r.mustExit(t, 0)
	want := "cvm-[1-2] (2 hosts)\n  my-mysql registry.lab.test/troml/mysql:8.0.39\n  my-redis registry.lab.test/troml/redis:7.4.0\n"
	for i := 1; i <= copies; i++ {
		want += fmt.Sprintf("  todo-%d registry.lab.test/troml/todo:v2\n", i)
	}
	if r.out != want {
		t.Errorf("folded it is\n%s\nwant\n%s", r.out, want)
	}
	r = run(t, fleet, "exec", "-i", inventory, "test $(hostname) = cvm-1")
	r.mustExit(t, 2)
	if !strings.Contains(r.out, "cvm-2 | exit code 1") {
		t.Errorf("cvm-2 is not named\n%s", r.out)
	}
}

// get sends requests to a machine's published port 80, and counts the answers by their text.
func get(t *testing.T, name, path string, requests int) map[string]int {
	t.Helper()
	address, _, _ := strings.Cut(script(t, "docker port "+container(t, name)+" 80/tcp"), "\n")
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

func TestOneCopyStopped(t *testing.T) {
	deployed(t)
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
	deployed(t)
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
