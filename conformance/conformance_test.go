package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReason(t *testing.T) {
	for name, c := range map[string]struct{ log, want string }{
		"the first refusal": {"fleet: a.yml:1:1: one\nhint: x\nfleet: a.yml:2:1: two\n", "fleet: a.yml:1:1: one (and 1 more)"},
		"the last failure":  {"fatal: [a]: FAILED! => {}\n...\nfatal: [b]: FAILED! => {}\n", "fatal: [b]: FAILED! => {}"},
		"an object's msg":   {"fatal: [a]: FAILED! => {\n    \"changed\": false,\n    \"msg\": \"no\"\n}\n", "fatal: [a]: FAILED! => {\"msg\": \"no\""},
		"the last command":  {"+ true\n++ grep x\nsome text\n", "++ grep x"},
		"colours":           {"\x1b[31mfatal: [a]: x\x1b[0m\n", "fatal: [a]: x"},
		"nothing":           {"some text\n", ""},
	} {
		if got := reason(c.log); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func TestTargetsAreListed(t *testing.T) {
	list, err := readTargets("targets.txt")
	if err != nil {
		t.Fatal(err)
	}
	checkout := t.TempDir()
	for _, target := range list {
		if err := os.MkdirAll(filepath.Join(checkout, "test/integration/targets", target.name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := list.compare(checkout); err != nil {
		t.Error(err)
	}
	more := filepath.Join(checkout, "test/integration/targets/zzz")
	if err := os.Mkdir(more, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := list.compare(checkout); err == nil || !strings.Contains(err.Error(), "zzz") {
		t.Errorf("a target that is not listed: %v", err)
	}
	if err := append(list, target{name: "gone"}, target{name: "zzz"}).compare(checkout); err == nil || !strings.Contains(err.Error(), "gone") {
		t.Errorf("a target that is not there: %v", err)
	}
}

func TestParseTarget(t *testing.T) {
	for line, ok := range map[string]bool{
		"a\tapplicable":                true,
		"a\tnot applicable\tWindows":   true,
		"a\tnot applicable":            false,
		"a\tapplicable\tfor no reason": false,
		"a":                            false,
	} {
		if _, err := parseTarget(line); (err == nil) != ok {
			t.Errorf("%q: %v", line, err)
		}
	}
}

func TestRecord(t *testing.T) {
	o := options{folder: t.TempDir(), with: "ansible"}
	r := newRecord(o)
	for _, one := range []result{{target: "b", status: failed}, {target: "a", status: passed}, {target: "b", status: passed}} {
		if err := r.add(one); err != nil {
			t.Fatal(err)
		}
	}
	known, err := recall(recordPath(o, o.with))
	if err != nil || len(known) != 2 || known["a"] != passed || known["b"] != passed {
		t.Errorf("%v, %v", known, err)
	}
}

func TestCalls(t *testing.T) {
	script := filepath.Join(t.TempDir(), "runme.sh")
	text := `#!/usr/bin/env bash
set -eux
export ANSIBLE_ROLES_PATH=../
ansible-playbook -i ../../inventory a.yml -e 'x=1 y=2' -e "dir=${OUTPUT_DIR}" -vvv "$@" 2>&1 | tee out
# ansible-playbook commented.yml
ANSIBLE_JINJA2_NATIVE=1 ansible-playbook b.yml --forks 1 \
    --tags "one" -e "$EXTRA" # why
if ! ansible-playbook "$name" ; then false; fi
cd sub
[ "$(ansible-playbook c.yml --vault-pass-file word)" = x ]
`
	if err := os.WriteFile(script, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range calls(script, map[string]string{"OUTPUT_DIR": "/out"}) {
		got = append(got, filepath.Base(c.dir)+" "+strings.Join(c.env, " ")+" "+strings.Join(c.args, "|"))
	}
	folder := filepath.Base(filepath.Dir(script))
	want := []string{
		folder + " ANSIBLE_ROLES_PATH=../ -i|../../inventory|a.yml|-e|x=1 y=2|-e|dir=/out",
		folder + " ANSIBLE_ROLES_PATH=../ ANSIBLE_JINJA2_NATIVE=1 b.yml|--tags|one",
		"sub ANSIBLE_ROLES_PATH=../ c.yml|--vault-password-file|word",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestMistakesHaveReasons: the list of what check says can be read.
func TestMistakesHaveReasons(t *testing.T) {
	known, err := readMistakes("check.txt")
	if err != nil || len(known) == 0 {
		t.Error(len(known), err)
	}
}
