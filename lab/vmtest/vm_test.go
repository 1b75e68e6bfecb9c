//go:build vm

// Package vmtest tests fleet on the lab's virtual machine: what containers cannot show, because they have no kernel of
// their own.
//
//	go test -tags vm -count=1 -v ./lab/vmtest
//
// It needs root on Debian, and builds the machine's disk the first time. FLEET=/path/of/fleet tests that program instead
// of one built from the tree.
package vmtest

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

const (
	script    = "../vm"
	inventory = "../.state/vm/inventory.yaml"
)

// state asks the machine for all that the test looks at, in one login: the emulated processor is slow. Whether firewalld's
// rules are in the kernel is asked of nft: firewall-cmd may not talk to the daemon under Debian's policy.
const state = `getenforce; grep ^SELINUX= /etc/selinux/config; systemctl is-active firewalld; systemctl is-enabled firewalld
nft list tables | grep -c firewalld; cat /proc/sys/kernel/random/boot_id`

// TestBaseSurvivesReboot: the role base makes SELinux permissive and ends firewalld, and both are so after a restart. A
// restart without it changes nothing.
func TestBaseSurvivesReboot(t *testing.T) {
	fleet := program(t)
	start(t)
	fresh := look(t, "fresh")
	fresh.must(t, "Enforcing", "SELINUX=enforcing", "active", "enabled", "1")

	play(t, fleet, "reboot", "reboot while enforcing").mustChange(t, "1")
	waitForRules(t)
	before := look(t, "after the restart while enforcing")
	before.must(t, "Enforcing", "SELINUX=enforcing", "active", "enabled", "1")
	before.mustBeBootAfter(t, fresh)

	play(t, fleet, "base", "first run").mustChange(t, "2")
	after := look(t, "after the first run")
	after.must(t, "Permissive", "SELINUX=permissive", "inactive", "disabled", "0")
	play(t, fleet, "base", "second run").mustChange(t, "0")
	if after.boot() != before.boot() {
		t.Fatal("the machine has restarted on its own")
	}

	play(t, fleet, "reboot", "reboot while permissive").mustChange(t, "1")
	again := look(t, "after the restart")
	again.must(t, "Permissive", "SELINUX=permissive", "inactive", "disabled", "0")
	again.mustBeBootAfter(t, after)
	play(t, fleet, "base", "run after the restart").mustChange(t, "0")
}

// program returns the fleet under test.
func program(t *testing.T) string {
	t.Helper()
	if given := os.Getenv("FLEET"); given != "" {
		return given
	}
	file := filepath.Join(t.TempDir(), "fleet")
	run(t, "build", "go", "build", "-o", file, "../../cmd/fleet")
	return file
}

// start gives the test a fresh machine, and ends it behind the test.
func start(t *testing.T) {
	t.Helper()
	run(t, "end of a machine left over", script, "down")
	t.Cleanup(func() { run(t, "end", script, "down") })
	run(t, "start", script, "up")
	waitForRules(t)
}

// waitForRules returns when firewalld, which starts while logins are possible already, has its rules in the kernel.
func waitForRules(t *testing.T) {
	t.Helper()
	run(t, "firewalld's rules", script, "ssh", "sudo timeout 120 sh -c 'until nft list tables | grep firewalld; do sleep 1; done'")
}

// An output is what a command wrote to both streams.
type output string

// run runs a command that has to succeed, and logs how long it took.
func run(t *testing.T, step, name string, args ...string) output {
	t.Helper()
	// Not the test's own context: that is over when the machine is ended.
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Minute)
	defer cancel()
	var out bytes.Buffer
	command := exec.CommandContext(ctx, name, args...)
	command.Stdout, command.Stderr = &out, &out
	command.Env = append(os.Environ(), "NO_COLOR=1")
	begin := time.Now()
	err := command.Run()
	t.Logf("%6.1f s  %s", time.Since(begin).Seconds(), step)
	if err != nil {
		t.Fatalf("%s: %v\n%s", step, err, out.String())
	}
	return output(out.String())
}

func play(t *testing.T, fleet, playbook, step string, args ...string) output {
	t.Helper()
	file := filepath.Join("testdata", playbook+".yaml")
	return run(t, step, fleet, append([]string{"run", file, "-i", inventory}, args...)...)
}

var changed = regexp.MustCompile(`(?m)^vm\s*:\s.*\bchanged=(\d+)`)

// mustChange holds the number of changes in the recap against what is wanted.
func (o output) mustChange(t *testing.T, want string) {
	t.Helper()
	if found := changed.FindStringSubmatch(string(o)); found == nil || found[1] != want {
		t.Errorf("want changed=%s\n%s", want, o)
	}
}

// A view is what the machine answered to state, line by line.
type view []string

// look asks the machine itself, not through fleet.
func look(t *testing.T, step string) view {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(string(run(t, "look: "+step, script, "ssh", "sudo sh -c '"+state+"'"))), "\n")
	if len(lines) != 6 {
		t.Fatalf("the machine answered %q", lines)
	}
	return lines
}

func (v view) must(t *testing.T, want ...string) {
	t.Helper()
	t.Logf("          %s", strings.Join(v, ", "))
	for i := range want {
		if v[i] != want[i] {
			t.Errorf("the machine says %q, want %q", v[i], want[i])
		}
	}
}

func (v view) mustBeBootAfter(t *testing.T, earlier view) {
	t.Helper()
	if v.boot() == earlier.boot() {
		t.Error("the machine has not restarted")
	}
}

func (v view) boot() string { return v[len(v)-1] }
