//go:build lab && slow

package lab

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// The twins: on the first Ansible itself works, on the second, which has no Python, fleet.
const (
	ofAnsible = "ansible-1"
	ofFleet   = "cvm-7"
)

// TestSameEndState runs each playbook of testdata/state twice, by Ansible on one machine and by fleet on its twin, and
// holds what became of each task, and what changed on each machine, against the other. What differs for a reason is
// listed in testdata/state/differences.txt: "playbook | how the difference begins | reason". Its two runs also show
// what a second run changes.
func TestSameEndState(t *testing.T) {
	sameEndState(t, "testdata/state")
}

// TestPublicRoles does the same with roles as they were published: FLEET_ROLES names the folder that holds them, each
// in a folder of its name, with variables for it in a file of its name beside that where it wants some.
func TestPublicRoles(t *testing.T) {
	roles := os.Getenv("FLEET_ROLES")
	if roles == "" {
		t.Skip("FLEET_ROLES names no folder of roles")
	}
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "roles"), os.DirFS(roles)); err != nil {
		t.Fatal(err)
	}
	found, err := filepath.Glob(filepath.Join(dir, "roles", "*", "tasks"))
	if err != nil {
		t.Fatal(err)
	}
	for _, tasks := range found {
		name := filepath.Base(filepath.Dir(tasks))
		text := fmt.Sprintf("- hosts: all\n  become: true\n  roles: [%s]\n", name)
		if _, err := os.Stat(filepath.Join(roles, name+".yaml")); err == nil {
			text += fmt.Sprintf("  vars_files: [roles/%s.yaml]\n", name)
		}
		if err := os.WriteFile(filepath.Join(dir, name+".yaml"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	sameEndState(t, dir)
}

// sameEndState runs the playbooks of a folder on fresh twins.
func sameEndState(t *testing.T, dir string) {
	playbooks, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil || len(playbooks) == 0 {
		t.Fatalf("%s: no playbooks (%v)", dir, err)
	}
	known := readDifferences(t)
	for _, name := range []string{ofAnsible, ofFleet} {
		machine(t, "start", name)
	}
	fresh(t, ofAnsible, ofFleet)
	script(t, `tar -C `+dir+` -cf - . | ./machine ssh `+ofAnsible+` 'rm -rf state && mkdir state && tar -C state -xpf -'`)
	eachTwin(func(name string) { on(t, name, "apt-get update -q") })
	tasks := 0
	for _, playbook := range playbooks {
		name := strings.TrimSuffix(filepath.Base(playbook), ".yaml")
		t.Run(name, func(t *testing.T) {
			for _, difference := range compareTwins(t, playbook, &tasks) {
				if !known.explains(name, difference) {
					t.Error(difference)
				}
			}
		})
	}
	t.Logf("%d playbooks, %d results of tasks compared, %d differences for a reason", len(playbooks), tasks, known.seen())
}

// compareTwins runs a playbook twice on both machines and returns what differs.
func compareTwins(t *testing.T, playbook string, tasks *int) []string {
	before := snapshots(t)
	var found []string
	for _, turn := range []string{"", "again: "} {
		var outcomes [2][]string
		eachTwin(func(machine string) {
			if machine == ofAnsible {
				outcomes[0] = byAnsible(t, filepath.Base(playbook))
			} else {
				outcomes[1] = byFleet(t, playbook)
			}
		})
		*tasks += len(outcomes[0])
		for _, line := range differ(outcomes[0], outcomes[1]) {
			found = append(found, turn+"task "+line)
		}
		after := snapshots(t)
		changes := [2][]string{changed(before, after, 0), changed(before, after, 1)}
		for _, line := range differ(changes[0], changes[1]) {
			found = append(found, turn+"state "+line)
		}
		before = after
	}
	return found
}

// byAnsible returns a line for each task that Ansible ran: its name and what became of it.
func byAnsible(t *testing.T, playbook string) []string {
	r := run(t, "./machine", "ssh", ofAnsible, "cd state && ANSIBLE_STDOUT_CALLBACK=json ANSIBLE_DEPRECATION_WARNINGS=0 "+
		"ANSIBLE_PYTHON_INTERPRETER=/usr/bin/python3 timeout 1700 ansible-playbook -i twin, -c local "+playbook+" 2>/dev/null")
	var out struct {
		Plays []struct {
			Tasks []struct {
				Task  struct{ Name string }
				Hosts map[string]struct {
					Changed, Failed, Skipped bool
				}
			}
		}
	}
	if at := strings.Index(r.out, "{"); at < 0 || json.Unmarshal([]byte(r.out[at:]), &out) != nil {
		t.Errorf("ansible: %s", r.out)
		return nil
	}
	var lines []string
	for _, play := range out.Plays {
		for _, task := range play.Tasks {
			for _, result := range task.Hosts {
				outcome := "ok"
				switch {
				case result.Failed:
					outcome = "failed"
				case result.Skipped:
					outcome = "skipped"
				case result.Changed:
					outcome = "changed"
				}
				name := task.Task.Name
				if _, own, ofRole := strings.Cut(name, " : "); ofRole {
					name = own // Ansible puts the role's name in front
				}
				lines = append(lines, name+": "+outcome)
			}
		}
	}
	return append(lines, fmt.Sprint("exit: ", r.code == 0))
}

// byFleet returns the same of fleet's run.
func byFleet(t *testing.T, playbook string) []string {
	r := run(t, fleet, "run", playbook, "-i", inventory, "-l", ofFleet, "--json")
	var lines []string
	for line := range strings.Lines(r.out) {
		var event struct {
			Event, Outcome string
			Task           struct{ Name, Module string }
		}
		if json.Unmarshal([]byte(line), &event) != nil {
			continue // a warning
		}
		if event.Event == "task_done" && event.Task.Module != "meta" {
			lines = append(lines, event.Task.Name+": "+event.Outcome)
		}
	}
	if len(lines) == 0 {
		t.Errorf("fleet: %s", r.out)
	}
	return append(lines, fmt.Sprint("exit: ", r.code == 0))
}

var backupName = regexp.MustCompile(`\.\d+\.\d{4}-\d\d-\d\d@\d\d:\d\d:\d\d~`)

// snapshots returns what both machines are.
func snapshots(t *testing.T) [2][]string {
	text, err := os.ReadFile("testdata/state-of-machine.sh")
	if err != nil {
		t.Fatal(err)
	}
	var lines [2][]string
	eachTwin(func(name string) {
		r := run(t, "./machine", "ssh", name, "sudo sh -c '"+strings.ReplaceAll(string(text), "'", `'\''`)+"'")
		if r.code != 0 {
			t.Errorf("%s: %s", name, r.out)
		}
		found := strings.Split(backupName.ReplaceAllString(r.out, ".BACKUP~"), "\n")
		slices.Sort(found)
		lines[slices.Index([]string{ofAnsible, ofFleet}, name)] = found
	})
	return lines
}

// changed returns what changed on one machine, less what the other had and has all along: a package that Ansible
// itself needs, for example.
func changed(before, after [2][]string, machine int) []string {
	other := 1 - machine
	return slices.DeleteFunc(differ(before[machine], after[machine]), func(line string) bool {
		line, isNew := strings.CutPrefix(line, "+ ")
		return isNew && slices.Contains(before[other], line) && slices.Contains(after[other], line)
	})
}

// differ returns the lines of one list alone ("- ") and of the other alone ("+ "), with their number where it is not one.
func differ(a, b []string) []string {
	count := map[string]int{}
	for _, line := range a {
		count[line]--
	}
	for _, line := range b {
		count[line]++
	}
	var out []string
	for line, n := range count {
		for ; n < 0; n++ {
			out = append(out, "- "+line)
		}
		for ; n > 0; n-- {
			out = append(out, "+ "+line)
		}
	}
	slices.Sort(out)
	return out
}

// eachTwin does something for both machines at the same time.
func eachTwin(do func(name string)) {
	var both sync.WaitGroup
	for _, name := range []string{ofAnsible, ofFleet} {
		both.Go(func() { do(name) })
	}
	both.Wait()
}

// differences are the known ones, by playbook.
type differences []*difference

type difference struct {
	playbook, begins, reason string
	seen                     bool
}

func readDifferences(t *testing.T) differences {
	text, err := os.ReadFile("testdata/state/differences.txt")
	if err != nil {
		t.Fatal(err)
	}
	var known differences
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		part := strings.Split(line, " | ")
		if len(part) != 3 {
			t.Fatalf("differences.txt: not three parts: %s", line)
		}
		known = append(known, &difference{playbook: part[0], begins: part[1], reason: part[2]})
	}
	return known
}

func (d differences) explains(playbook, found string) bool {
	for _, known := range d {
		if known.playbook == playbook && strings.HasPrefix(found, known.begins) {
			known.seen = true
			return true
		}
	}
	return false
}

func (d differences) seen() (n int) {
	for _, known := range d {
		if known.seen {
			n++
		}
	}
	return n
}
