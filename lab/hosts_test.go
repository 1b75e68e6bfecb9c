//go:build lab

package lab

import (
	"bytes"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// thirdMachine starts cvm-3 for one test.
func thirdMachine(t *testing.T) {
	t.Helper()
	t.Cleanup(func() { machine(t, "remove", "cvm-3") })
	machine(t, "start", "cvm-3")
}

var cvm3Unreachable = regexp.MustCompile(`(?m)^cvm-3\s*:.*unreachable=1`)

// mustNameCvm3 looks for cvm-3 in the recap, with its reason, and for the others' changes.
func (r result) mustNameCvm3(t *testing.T, reason string) {
	t.Helper()
	r.mustExit(t, 4)
	_, recap, _ := strings.Cut(r.out, "PLAY RECAP")
	if !cvm3Unreachable.MatchString(recap) {
		t.Errorf("the recap does not count cvm-3 as unreachable\n%s", r.out)
	}
	if !regexp.MustCompile(`(?m)^  cvm-3: .*` + reason).MatchString(recap) {
		t.Errorf("the recap does not name cvm-3 with the reason %q\n%s", reason, r.out)
	}
	for _, name := range []string{"cvm-1", "cvm-2"} {
		if r.changed(t)[name] != "2" {
			t.Errorf("%s has not finished\n%s", name, r.out)
		}
	}
}

func TestHostSwitchedOff(t *testing.T) {
	thirdMachine(t)
	machine(t, "stop", "cvm-3")
	r := playText(t, "- hosts: todo\n  tasks:\n    - command: uptime\n    - command: uptime\n")
	r.mustNameCvm3(t, "connection refused")
}

// TestHostStopsAnswering stops every sshd of a machine in the middle of a task: the connection stays open, and nobody
// answers any more.
func TestHostStopsAnswering(t *testing.T) {
	thirdMachine(t)
	name := container(t, "cvm-3")
	file := textFile(t, "- hosts: todo\n  tasks:\n    - command: sleep 8\n    - command: uptime\n")
	done := make(chan result, 1)
	go func() { done <- run(t, fleet, "run", file, "-i", inventory) }()
	await(t, "the task on cvm-3", func() bool {
		return exec.Command("docker", "exec", name, "pgrep", "-x", "sleep").Run() == nil
	})
	script(t, "docker exec "+name+" sh -c 'kill -STOP $(pgrep sshd)'")
	stopped := time.Now()
	r := <-done
	r.mustNameCvm3(t, "nothing heard from the host")
	if silent := time.Since(stopped); silent > 30*time.Second {
		t.Errorf("fleet waited %s for a host that did not answer", silent)
	}
}

// await waits until something is so, for a minute at most.
func await(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !is(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not within a minute", what)
		}
	}
}

// TestInterrupt sends Ctrl-C in the middle of a long command: fleet is back within two seconds, and nothing of the
// command is left.
func TestInterrupt(t *testing.T) {
	const sleeps = "pgrep -af [s]leep.600; true"
	var out bytes.Buffer
	command := exec.Command(fleet, "run", textFile(t, "- hosts: cvm-1,cvm-2\n  tasks:\n    - name: Rest\n      shell: sleep 600\n"), "-i", inventory)
	command.Stdout, command.Stderr = &out, &out
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"cvm-1", "cvm-2"} {
		await(t, "the command on "+name, func() bool { return on(t, name, sleeps) != "" })
	}
	start := time.Now()
	if err := command.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	_ = command.Wait() // its exit code is looked at below
	took := time.Since(start)
	t.Logf("back after %.2f s", took.Seconds())
	for _, name := range []string{"cvm-1", "cvm-2"} {
		if left := on(t, name, sleeps); left != "" {
			t.Errorf("%s still runs %s", name, left)
		}
	}
	if took > 2*time.Second {
		t.Errorf("back at the prompt after %s", took)
	}
	if code := command.ProcessState.ExitCode(); code != 130 {
		t.Errorf("exit code %d, want 130\n%s", code, out.String())
	}
	if !strings.Contains(out.String(), "interrupted; not done:\n  cvm-[1-2]: in [Rest]\n") {
		t.Errorf("the recap does not say what was not done\n%s", out.String())
	}
}
