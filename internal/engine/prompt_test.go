package engine_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"fleet/internal/engine"
	"fleet/internal/jinja"
)

// operator answers questions in turn, and keeps what was asked.
type operator struct {
	mu      sync.Mutex
	answers []string
	asked   []string
}

func (o *operator) Person() bool { return true }

func (o *operator) Ask(_ context.Context, q engine.Question) (string, error) {
	text, private := q.Text, q.Private
	o.mu.Lock()
	defer o.mu.Unlock()
	if private {
		text = "(hidden) " + text
	}
	o.asked = append(o.asked, text)
	if len(o.answers) == 0 {
		return "", fmt.Errorf("nobody answers %q", text)
	}
	answer := o.answers[0]
	o.answers = o.answers[1:]
	return answer, nil
}

const promptPlay = `
- hosts: "{{ where }}"
  gather_facts: false
  vars: {question: From where}
  vars_prompt:
    - {name: where, prompt: Which hosts, private: false}
    - {name: word}
    - {name: origin, prompt: "{{ question }}", private: false, default: home}
    - {name: twice, confirm: true, private: false}
    - {name: hashed, encrypt: sha512_crypt, salt: jESIyad4F08hP3Ta}
    - {name: lazy, private: false}
    - {name: literal, private: false, unsafe: true}
    - {name: given}
  tasks:
    - copy:
        dest: "{{ out }}/said"
        content: "{{ word }} {{ origin }} {{ twice }} {{ hashed }} {{ lazy }} {{ literal }} {{ given }}"
    - debug: {msg: "{{ word }} {{ hashed }} {{ twice }}"}
`

func TestPrompts(t *testing.T) {
	dir := t.TempDir()
	writeInto(t, dir, "inventory.yml", "all: {hosts: {web1: }}\n")
	writeInto(t, dir, "play.yml", promptPlay)
	ask := &operator{answers: []string{"web1", "opensesame", "", "a1", "a2", "a3", "a3", "secret-word", "{{ 1 + 1 }}", "{{ 1 + 1 }}"}}
	report, _ := runAsking(t, inProcess{}, ask, dir, engine.Options{}, jinja.NewMap("out", dir, "given", "by-e"))
	const hash = "$6$jESIyad4F08hP3Ta$"
	said, err := os.ReadFile(filepath.Join(dir, "said"))
	if err != nil {
		t.Fatal(err, report)
	}
	words := strings.Fields(string(said))
	if len(words) < 6 || !strings.HasPrefix(words[3], hash) {
		t.Fatalf("the answers became %q", said)
	}
	words[3] = "HASH"
	if got := strings.Join(words, " "); got != "opensesame home a3 HASH 2 {{ 1 + 1 }} by-e" {
		t.Errorf("the answers became %q", got)
	}
	if strings.Contains(report, "opensesame") || strings.Contains(report, hash) || !strings.Contains(report, "a3") {
		t.Errorf("the report shows the wrong answers:\n%s", report)
	}
	want := []string{"Which hosts: ", "(hidden) word: ", "From where [home]: ", "twice: ", "confirm twice: ",
		"the two answers differ; once more, twice: ", "confirm twice: ", "(hidden) hashed: ", "lazy: ", "literal: "}
	for i, q := range want {
		if i < len(ask.asked) && ask.asked[i] != q {
			t.Errorf("question %d is %q, not %q", i, ask.asked[i], q)
		}
	}
}

func TestStep(t *testing.T) {
	dir := t.TempDir()
	writeInto(t, dir, "inventory.yml", "all: {hosts: {web1: , web2: }}\n")
	writeInto(t, dir, "play.yml", `
- hosts: all
  gather_facts: false
  tasks:
    - {name: one, copy: {dest: "{{ out }}/one-{{ inventory_hostname }}", content: x}}
    - {name: two, copy: {dest: "{{ out }}/two-{{ inventory_hostname }}", content: x}}
    - {name: three, copy: {dest: "{{ out }}/three-{{ inventory_hostname }}", content: x}, notify: h}
  handlers:
    - {name: h, copy: {dest: "{{ out }}/h-{{ inventory_hostname }}", content: x}}
`)
	ask := &operator{answers: []string{"y", "", "c"}}
	report, _ := runAsking(t, inProcess{}, ask, dir, engine.Options{Step: true}, jinja.NewMap("out", dir))
	found, err := filepath.Glob(filepath.Join(dir, "*-web?"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range found {
		names = append(names, filepath.Base(f))
	}
	if got := strings.Join(names, " "); got != "h-web1 h-web2 one-web1 one-web2 three-web1 three-web2" || len(ask.asked) != 3 {
		t.Errorf("what ran is %s, after %q\n%s", got, ask.asked, report)
	}
}

func writeInto(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
