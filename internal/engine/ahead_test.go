package engine_test

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"fleet/internal/engine"
	"fleet/internal/fleettest/distance"
	"fleet/internal/inventory"
	"fleet/internal/playbook"
	"fleet/internal/redact"
	"fleet/internal/report"
	"fleet/internal/vars"
)

// far runs a playbook on the host h1, which is far away, with the fake modules. It
// returns the report and how often the host was waited for.
func far(t *testing.T, dir, text string, o engine.Options, fleet *machines) (string, int) {
	t.Helper()
	return farUntil(t, dir, text, o, fleet, func(*engine.Engine, func()) {})
}

// farUntil is far with a run that can be interrupted.
func farUntil(t *testing.T, dir, text string, o engine.Options, fleet *machines, begin func(e *engine.Engine, interrupt func())) (string, int) {
	t.Helper()
	write(t, filepath.Join(dir, "play.yml"), text)
	inv, err := inventory.Load("h1,")
	if err != nil {
		t.Fatal(err)
	}
	loader := &playbook.Loader{Modules: fakeModules{}}
	pb, err := loader.Load(filepath.Join(dir, "play.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	trips := 0
	synctest.Test(t, func(t *testing.T) {
		secrets := &redact.Set{}
		text := report.NewText(&out, &out, report.Options{})
		e := &engine.Engine{Inventory: inv, Vars: vars.NewStore(inv, nil, secrets), Loader: loader, Modules: fakeModules{},
			Dialer: fleet, Events: text, Secrets: secrets, Options: o}
		ctx, interrupt := context.WithCancel(t.Context())
		defer interrupt()
		begin(e, interrupt)
		if _, err := e.Run(ctx, pb, []string{"play.yml"}); err != nil {
			t.Error(err)
		}
		for _, h := range fleet.used {
			trips += h.roundTrips("h1")
			h.work.Wait()
		}
		if err := text.Close(); err != nil {
			t.Error(err)
		}
	})
	return out.String(), trips
}

// TestRoundTrips counts how often a host is waited for, the helper's hello
// included.
func TestRoundTrips(t *testing.T) {
	tasks := func(n int, text string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "    - %s\n", strings.ReplaceAll(text, "#", fmt.Sprint(i)))
		}
		return b.String()
	}
	for name, test := range map[string]struct {
		tasks string
		most  int
	}{
		"sixteen tasks":              {tasks(16, "put: {name: file#, text: x}"), 2},
		"facts that nobody reads":    {"    - setup:\n" + tasks(16, "put: {name: file#, text: '{{ inventory_hostname }}'}"), 2},
		"facts that one reads":       {"    - setup:\n" + tasks(16, "put: {name: file#, text: '{{ ansible_files }}'}"), 3},
		"a result that one reads":    {"    - look: {name: x}\n      register: it\n" + tasks(8, "note: {text: a}") + "    - note: {text: '{{ it.exists }}'}\n", 3},
		"failures that are ignored":  {tasks(8, "note: {text: a, rc: 1}\n      ignore_errors: true"), 2},
		"conditions on the target":   {tasks(8, "note: {text: a}\n      changed_when: it is defined\n      register: it"), 9},
		"handlers":                   {tasks(8, "note: {text: a}\n      notify: [first, second]"), 3},
		"a loop of many":             {"    - put: {name: 'file{{ item }}', text: x}\n      loop: '{{ range(1000) | list }}'\n", 8},
		"small files":                {"    - copy: {content: 'file {{ item }}', dest: 'file{{ item }}'}\n      loop: '{{ range(1000) | list }}'\n", 8},
		"no task":                    {"    - debug: {msg: x}\n", 0},
		"blocks that cannot fail":    {tasks(4, "block:\n      - put: {name: file#, text: x}"), 2},
		"blocks that may be rescued": {tasks(4, "block:\n      - put: {name: file#, text: x}\n      rescue:\n      - debug: {msg: x}"), 5},
	} {
		t.Run(name, func(t *testing.T) {
			play := "- hosts: all\n  gather_facts: false\n  handlers:\n    - {name: first, note: {text: one}}\n    - {name: second, note: {text: two}}\n  tasks:\n" + test.tasks
			fleet := &machines{all: map[string]*machine{}, link: distance.Link{RTT: 100 * time.Millisecond}}
			text, trips := far(t, t.TempDir(), play, engine.Options{}, fleet)
			if trips > test.most || strings.Contains(text, "failed=1") {
				t.Errorf("%d round trips, want at most %d\n%s", trips, test.most, text[:min(len(text), 2000)])
			}
		})
	}
}

// TestFailureAhead: what was sent behind a failure was not done.
func TestFailureAhead(t *testing.T) {
	fleet := &machines{all: map[string]*machine{}, link: distance.Link{RTT: 100 * time.Millisecond}}
	text, _ := far(t, t.TempDir(), `
- hosts: all
  gather_facts: false
  force_handlers: true
  handlers:
    - {name: one, note: {text: handler one}}
    - {name: two, note: {text: handler two}}
  tasks:
    - {name: first, note: {text: first}, notify: [one, two]}
    - {name: second, note: {text: second, rc: 1}}
    - {name: third, note: {text: third}}
    - {name: fourth, note: {text: fourth}, register: it}
`, engine.Options{}, fleet)
	got := strings.Join(fleet.all["h1"].done[""], "; ")
	if want := "note first ; note second ; note handler one ; note handler two "; got != want {
		t.Errorf("did %s\nwant %s", got, want)
	}
	for _, word := range []string{"third", "fourth"} {
		if strings.Contains(text, word) {
			t.Errorf("%s is in the report:\n%s", word, text)
		}
	}
}

// TestHandlerBehindAFailedHandler: behind a handler that failed none runs, also where
// handlers are forced.
func TestHandlerBehindAFailedHandler(t *testing.T) {
	for _, o := range []engine.Options{{}, {NoPipelining: true}} {
		fleet := &machines{all: map[string]*machine{}, link: distance.Link{RTT: 100 * time.Millisecond}}
		far(t, t.TempDir(), `
- hosts: all
  gather_facts: false
  force_handlers: true
  handlers:
    - {name: one, note: {text: handler one, rc: 1}}
    - {name: two, note: {text: handler two}}
  tasks:
    - {name: first, note: {text: first}, notify: [one, two]}
`, o, fleet)
		got := strings.Join(fleet.all["h1"].done[""], "; ")
		if want := "note first ; note handler one "; got != want {
			t.Errorf("%+v: did %s\nwant %s", o, got, want)
		}
	}
}

// TestRoleBehindAFailure: a role that was begun ahead and never was may run later.
func TestRoleBehindAFailure(t *testing.T) {
	for _, o := range []engine.Options{{}, {NoPipelining: true}} {
		dir := t.TempDir()
		write(t, filepath.Join(dir, "roles/good/tasks/main.yml"), "- note: {text: the role}\n")
		fleet := &machines{all: map[string]*machine{}, link: distance.Link{RTT: 100 * time.Millisecond}}
		far(t, dir, `
- hosts: all
  gather_facts: false
  tasks:
    - block:
        - {name: first, note: {text: first, rc: 1}}
        - import_role: {name: good, allow_duplicates: false}
        - {name: third, note: {text: third}}
      rescue:
        - import_role: {name: good, allow_duplicates: false}
    - import_role: {name: good, allow_duplicates: false}
`, o, fleet)
		got := strings.Join(fleet.all["h1"].done[""], "; ")
		if want := "note first ; note the role "; got != want {
			t.Errorf("%+v: did %s\nwant %s", o, got, want)
		}
	}
}

// TestLostAhead: the task that was running is the one that is named.
func TestLostAhead(t *testing.T) {
	fleet := &machines{all: map[string]*machine{}, link: distance.Link{RTT: 100 * time.Millisecond}}
	text, _ := far(t, t.TempDir(), `
- hosts: all
  gather_facts: false
  tasks:
    - {name: first, note: {text: first}}
    - {name: second, vanish: {}}
    - {name: third, note: {text: third}}
`, engine.Options{}, fleet)
	if got := strings.Join(fleet.all["h1"].done[""], "; "); got != "note first ; vanish" {
		t.Errorf("did %s", got)
	}
	if !strings.Contains(text, "TASK [second]\nunreachable: [h1]") || !strings.Contains(text, "ok=1 ") || strings.Contains(text, "third") {
		t.Error(text)
	}
}

// TestInterruptedAhead: the task that was running is ended and named, and those
// behind it are not begun.
func TestInterruptedAhead(t *testing.T) {
	fleet := &machines{all: map[string]*machine{"h1": newMachine()}, link: distance.Link{RTT: 100 * time.Millisecond}}
	text, _ := farUntil(t, t.TempDir(), `
- hosts: all
  gather_facts: false
  tasks:
    - {name: first, note: {text: first}}
    - {name: second, hang: {}, ignore_errors: true}
    - {name: third, note: {text: third}}
    - {name: fourth, note: {text: '{{ item }}'}, loop: [1, 2, 3]}
`, engine.Options{}, fleet, func(_ *engine.Engine, interrupt func()) {
		fleet.all["h1"].hangs = func() { time.AfterFunc(time.Second, interrupt) }
	})
	if got := strings.Join(fleet.all["h1"].done[""], "; "); got != "note first ; hang" {
		t.Errorf("did %s", got)
	}
	if !strings.Contains(text, "h1: in [second]") {
		t.Error(text)
	}
}

// TestInterruptedWhileBeginning: a run that is interrupted while a task is begun
// ends the calls in front of it, and names the one that may be running.
func TestInterruptedWhileBeginning(t *testing.T) {
	fleet := &machines{all: map[string]*machine{"h1": newMachine()}, link: distance.Link{RTT: 100 * time.Millisecond}}
	text, _ := farUntil(t, t.TempDir(), `
- hosts: all
  gather_facts: false
  tasks:
    - {name: first, hang: {}}
    - {name: second, note: {text: second}}
    - {name: third, note: {text: "{{ lookup('pipe', 'sleep 0.2') }}"}}
`, engine.Options{}, fleet, func(_ *engine.Engine, interrupt func()) {
		fleet.all["h1"].hangs = interrupt
	})
	if got := strings.Join(fleet.all["h1"].done[""], "; "); got != "hang" {
		t.Errorf("did %s", got)
	}
	if !strings.Contains(text, "h1: in [first]") {
		t.Error(text)
	}
}

// TestLocalIsNotAhead: what a task does to this machine is seen by the controller's
// part of the next one.
func TestLocalIsNotAhead(t *testing.T) {
	dir := t.TempDir()
	text, _ := run(t, &helpers{}, unpackText(t, dir, `
- hosts: all
  connection: local
  gather_facts: false
  tasks:
    - copy: {content: "{{ 'made' }}", dest: `+dir+`/made}
    - copy: {src: `+dir+`/made, dest: `+dir+`/copied}
    - template: {src: `+dir+`/copied, dest: `+dir+`/rendered}
`), engine.Options{}, nil)
	if !strings.Contains(text, "ok=3  changed=3") {
		t.Error(text)
	}
}

func unpackText(t *testing.T, dir, play string) string {
	t.Helper()
	write(t, filepath.Join(dir, "play.yml"), play)
	write(t, filepath.Join(dir, "inventory.yml"), "all: {hosts: {here: {}}}\n")
	return dir
}
