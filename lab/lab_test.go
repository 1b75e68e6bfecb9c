//go:build lab

// Package lab tests fleet on the lab's machines, through real SSH, apt, Docker, a registry and nginx:
//
//	go test -tags lab -count=1 ./lab
//
// It needs root on Debian (or an engine that answers) and some minutes. The lab is started if it is not up, and
// stays up; its machines are made fresh. Each test makes what it needs, which takes a second where the test before
// has left it. FLEET=/path/of/fleet tests that program instead of one built from the tree.
package lab

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

const copies = 10 // of the service on each machine

var (
	fleet     string // the program under test
	inventory = filepath.Join(".state", "inventory.yaml")
	playbooks = filepath.Join("..", "playbooks")
)

func TestMain(m *testing.M) { os.Exit(testMain(m)) }

func testMain(m *testing.M) int {
	dir, err := os.MkdirTemp("", "fleet-lab-test")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	commands := [][]string{{"./up"}}
	if fleet = os.Getenv("FLEET"); fleet == "" {
		fleet = filepath.Join(dir, "fleet")
		commands = append(commands, []string{"go", "build", "-o", fleet, "../cmd/fleet"})
	}
	for _, command := range commands {
		if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n%s", strings.Join(command, " "), err, out)
			return 1
		}
	}
	return m.Run()
}

// A result is what a command left behind.
type result struct {
	code int
	out  string // both streams
	took time.Duration
}

func run(t *testing.T, name string, args ...string) result {
	t.Helper()
	// Not the test's own context: that is over when the machines are put back in order.
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Minute)
	defer cancel()
	var out bytes.Buffer
	command := exec.CommandContext(ctx, name, args...)
	command.Stdout, command.Stderr = &out, &out
	command.Env = append(os.Environ(), "NO_COLOR=1")
	start := time.Now()
	err := command.Run()
	if command.ProcessState == nil {
		t.Fatalf("%s: %v", name, err)
	}
	return result{command.ProcessState.ExitCode(), out.String(), time.Since(start)}
}

// both are the machines that these tests own. The lab may have others.
const both = "cvm-1,cvm-2"

// play runs a playbook of the project on both machines, or on those that the arguments limit it to.
func play(t *testing.T, playbook string, args ...string) result {
	t.Helper()
	if !slices.Contains(args, "-l") {
		args = append(args, "-l", both)
	}
	return run(t, fleet, append([]string{"run", filepath.Join(playbooks, playbook), "-i", inventory,
		"-e", fmt.Sprintf("todo_copies=%d", copies)}, args...)...)
}

// fresh makes machines as they were the first time.
func fresh(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		machine(t, "reset", name)
	}
}

// deployed makes sure that the service runs on both machines.
func deployed(t *testing.T) {
	t.Helper()
	play(t, "todo.yaml").mustExit(t, 0)
}

// playText runs a playbook that the test brings itself.
func playText(t *testing.T, text string, args ...string) result {
	t.Helper()
	return run(t, fleet, append([]string{"run", textFile(t, text), "-i", inventory}, args...)...)
}

// textFile writes a playbook to a file of its own.
func textFile(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "test.yaml")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

func (r result) mustExit(t *testing.T, code int) {
	t.Helper()
	if r.code != code {
		t.Fatalf("exit code %d, want %d\n%s", r.code, code, r.out)
	}
}

// machine runs lab/machine, and fails the test where it fails.
func machine(t *testing.T, args ...string) string {
	t.Helper()
	r := run(t, "./machine", args...)
	r.mustExit(t, 0)
	return r.out
}

// on runs a shell command as root on a machine, not through fleet.
func on(t *testing.T, name, command string) string {
	t.Helper()
	return machine(t, "ssh", name, "sudo sh -c '"+strings.ReplaceAll(command, "'", `'\''`)+"'")
}

// container returns the engine's name for a machine that runs.
func container(t *testing.T, name string) string {
	t.Helper()
	return script(t, `. lib/lab.sh; container `+name)
}

// script runs a line of shell in the lab's folder.
func script(t *testing.T, line string) string {
	t.Helper()
	r := run(t, "bash", "-c", line)
	r.mustExit(t, 0)
	return strings.TrimSpace(r.out)
}

var recapLine = regexp.MustCompile(`(?m)^(\S+)\s*:\s.*\bchanged=(\d+)`)

// changed reads how many changes the recap counts on each machine.
func (r result) changed(t *testing.T) map[string]string {
	t.Helper()
	changes := map[string]string{}
	for _, match := range recapLine.FindAllStringSubmatch(r.out, -1) {
		changes[match[1]] = match[2]
	}
	if len(changes) == 0 {
		t.Fatalf("no recap\n%s", r.out)
	}
	return changes
}

func (r result) mustChangeNothing(t *testing.T) {
	t.Helper()
	r.mustExit(t, 0)
	for host, count := range r.changed(t) {
		if count != "0" {
			t.Errorf("%s: changed=%s in a run that had nothing to do\n%s", host, count, r.out)
		}
	}
}

func secretOf(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(".state", "secrets", name))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}
