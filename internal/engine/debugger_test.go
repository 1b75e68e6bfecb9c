package engine_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"fleet/internal/engine"
	"fleet/internal/fleettest/distance"
)

// watcher answers questions in turn, and notes before each answer what the machine
// has done by then.
type watcher struct {
	machine *machine
	answers []string
	asked   []string
}

func (w *watcher) Person() bool { return false }

func (w *watcher) Ask(_ context.Context, q engine.Question) (string, error) {
	text := q.Text
	w.machine.mu.Lock()
	done := strings.Join(w.machine.done[""], ";")
	w.machine.mu.Unlock()
	w.asked = append(w.asked, text+"["+done+"]")
	if len(w.answers) == 0 {
		return "", fmt.Errorf("nobody answers %q", text)
	}
	answer := w.answers[0]
	w.answers = w.answers[1:]
	return answer, nil
}

const debuggedPlay = `
- hosts: all
  gather_facts: false
  tasks:
    - {name: first, note: {text: one}}
    - {name: second, note: {text: two, rc: 1}, debugger: on_failed, notify: H, register: got}
    - {name: third, note: {text: "three {{ got.text }}"}}
    - {name: fourth, note: {text: four}, when: false, debugger: always, become: false}
    - {name: fifth, note: {text: '{{ item }}'}, loop: [5, 6], debugger: always}
    - {name: sixth, note: {text: seven}}
  handlers:
    - {name: H, note: {text: H}, debugger: never}
`

// TestDebugger: nothing behind a task is run before the operator has decided on it,
// though tasks are sent ahead, and what is run again is what was set.
func TestDebugger(t *testing.T) {
	for _, noPipelining := range []bool{false, true} {
		m := newMachine()
		fleet := &machines{all: map[string]*machine{"h1": m}, link: distance.Link{RTT: 100 * time.Millisecond}}
		w := &watcher{machine: m, answers: []string{
			"task.args['text'] = 'TWO'", "r", "del task.args['rc']", "r", "c", "task.args['text'] = '{{ item + 1 }}'", "r", "c"}}
		text, _ := farUntil(t, t.TempDir(), debuggedPlay, engine.Options{NoPipelining: noPipelining}, fleet,
			func(e *engine.Engine, _ func()) { e.Prompter = w })
		want := []string{
			"[h1] TASK: second (debug)> [note one ;note two ]",
			"[h1] TASK: second (debug)> [note one ;note two ]",
			"[h1] TASK: second (debug)> [note one ;note two ;note TWO ]",
			"[h1] TASK: second (debug)> [note one ;note two ;note TWO ]",
			"[h1] TASK: fourth (debug)> [note one ;note two ;note TWO ;note TWO ;note three TWO ]",
			"[h1] TASK: fifth (debug)> [note one ;note two ;note TWO ;note TWO ;note three TWO ;note 5 ;note 6 ]",
			"[h1] TASK: fifth (debug)> [note one ;note two ;note TWO ;note TWO ;note three TWO ;note 5 ;note 6 ]",
			"[h1] TASK: fifth (debug)> [note one ;note two ;note TWO ;note TWO ;note three TWO ;note 5 ;note 6 ;note 6 ;note 7 ]",
		}
		if !slices.Equal(w.asked, want) {
			t.Errorf("asked:\n%s\nwant:\n%s", strings.Join(w.asked, "\n"), strings.Join(want, "\n"))
		}
		if done := strings.Join(m.done[""], ";"); !strings.HasSuffix(done, "note 7 ;note seven ;note H ") {
			t.Errorf("did %s", done)
		}
		if !strings.Contains(text, "h1 : ok=6  changed=6  unreachable=0  failed=0  skipped=1 ") {
			t.Error(text)
		}
	}
}

// TestDebuggerWithNobody: where nobody answers, the run ends as an interruption ends
// it, and nothing behind the task is run.
func TestDebuggerWithNobody(t *testing.T) {
	m := newMachine()
	fleet := &machines{all: map[string]*machine{"h1": m}, link: distance.Link{RTT: 100 * time.Millisecond}}
	text, _ := far(t, t.TempDir(), debuggedPlay, engine.Options{}, fleet)
	if done := strings.Join(m.done[""], ";"); done != "note one ;note two " {
		t.Errorf("did %s", done)
	}
	if !strings.Contains(text, "failed=1") || !strings.Contains(text, "interrupted\n") {
		t.Error(text)
	}
}
