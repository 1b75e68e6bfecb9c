//go:build lab

package lab

import (
	"strings"
	"testing"
)

// helpers lists the helpers that a machine keeps, each with its inode and the time of its last change.
func helpers(t *testing.T, name string) string {
	t.Helper()
	return on(t, name, `find / -xdev -name 'fleet-target*' -printf '%p %i %C@\n' | sort`)
}

const ping = "- hosts: cvm-1\n  gather_facts: false\n  tasks:\n    - ping:\n"

// TestHelperIsPushedOnce: the first run pushes the helper, the second finds it, and one that was removed is pushed
// again.
func TestHelperIsPushedOnce(t *testing.T) {
	fresh(t, "cvm-1")
	if got := helpers(t, "cvm-1"); got != "" {
		t.Fatalf("a fresh machine has %s", got)
	}
	playText(t, ping).mustExit(t, 0)
	first := helpers(t, "cvm-1")
	if strings.Count(first, "\n") != 1 {
		t.Fatalf("after the first run there is not one helper: %q", first)
	}
	playText(t, ping).mustExit(t, 0)
	if second := helpers(t, "cvm-1"); second != first {
		t.Errorf("the second run pushed again: %swas %s", second, first)
	}
	path, _, _ := strings.Cut(first, " ")
	on(t, "cvm-1", "rm "+path)
	playText(t, ping).mustExit(t, 0)
	if third := helpers(t, "cvm-1"); third == first || !strings.HasPrefix(third, path+" ") {
		t.Errorf("after the removal there is %q, was %q", third, first)
	}
}

// TestHelperGrows: the lean helper is enough for most; a module that is included later and needs more brings the whole one, which is
// then there for all.
func TestHelperGrows(t *testing.T) {
	fresh(t, "cvm-1")
	playText(t, ping).mustExit(t, 0)
	lean := helpers(t, "cvm-1")
	more := textFile(t, "- copy: {content: a, dest: /tmp/grows}\n- uri: {url: 'http://127.0.0.1:9/'}\n  register: web\n  failed_when: \"'refused' not in web.msg\"\n"+
		"- copy: {content: b, dest: /tmp/grows}\n")
	playText(t, "- hosts: cvm-1\n  gather_facts: false\n  tasks:\n    - ping:\n    - include_tasks: "+more+"\n").mustExit(t, 0)
	both := helpers(t, "cvm-1")
	if strings.Count(both, "\n") != 2 || !strings.Contains(both, strings.TrimSpace(lean)) {
		t.Errorf("with what was included there is %q, and was %q", both, lean)
	}
	if got := on(t, "cvm-1", "cat /tmp/grows"); got != "b" {
		t.Errorf("the last task left %q", got)
	}
	playText(t, ping).mustExit(t, 0)
	if after := helpers(t, "cvm-1"); after != both {
		t.Errorf("another run pushed again: %q, and was %q", after, both)
	}
}

// TestNothingOfFleetStays: when fleet is back, no process of it is left, neither after a run nor after a command.
func TestNothingOfFleetStays(t *testing.T) {
	look := "ps -eo args= | grep -i [f]leet; true"
	during := playText(t, "- hosts: cvm-1\n  gather_facts: false\n  tasks:\n    - shell: "+look+"\n", "-v")
	during.mustExit(t, 0)
	if !strings.Contains(during.out, "fleet-target-") {
		t.Fatalf("ps does not show the helper while it runs\n%s", during.out)
	}
	run(t, fleet, "exec", "-i", inventory, "-l", "cvm-1", "-b", "true").mustExit(t, 0)
	if left := on(t, "cvm-1", look); left != "" {
		t.Errorf("still running: %s", left)
	}
}

// TestLocalBecome: on the controller itself another user's helper has all modules, too.
func TestLocalBecome(t *testing.T) {
	playText(t, "- hosts: localhost\n  connection: local\n  gather_facts: false\n  become: true\n  become_method: su\n  tasks:\n"+
		"    - wait_for: {path: /etc/passwd, timeout: 1}\n").mustExit(t, 0)
}
