package system

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fleet/internal/tasks/sys"
	"fleet/internal/tasks/sys/systest"
)

// TestKeygenKeepsThePassphrase: everyone on the machine sees arguments.
func TestKeygenKeepsThePassphrase(t *testing.T) {
	c := (&userArgs{SSHKeyType: "ed25519", SSHKeyPassphrase: "hush", SSHKeyComment: "ops"}).keygen("/k")
	argv := strings.Join(c.Argv, " ")
	if argv != "ssh-keygen -q -t ed25519 -C ops -f /k" || string(c.Stdin) != "hush\nhush\n" || !c.Alone {
		t.Errorf("got %q, input %q, alone %v", argv, c.Stdin, c.Alone)
	}
	c = (&userArgs{SSHKeyType: "rsa", SSHKeyBits: 3072, SSHKeyComment: "ops"}).keygen("/k")
	if argv := strings.Join(c.Argv, " "); argv != "ssh-keygen -q -t rsa -C ops -f /k -b 3072 -N " || c.Stdin != nil {
		t.Errorf("got %q, input %q", argv, c.Stdin)
	}
}

// keygenRunner stands for ssh-keygen: it writes a pair, or fails.
type keygenRunner struct{ fail bool }

func (k keygenRunner) Run(_ context.Context, _ *sys.Machine, c sys.Command) (sys.Output, error) {
	file := c.Argv[slices.Index(c.Argv, "-f")+1]
	if slices.Contains(c.Argv, "-l") {
		return sys.Output{Stdout: "256 SHA256:new\n"}, nil
	}
	if err := os.WriteFile(file, []byte("new"), 0o600); err != nil || k.fail {
		return sys.Output{Code: 1, Stderr: "out of luck\n"}, err
	}
	return sys.Output{}, os.WriteFile(file+".pub", []byte("new public\n"), 0o644)
}

// TestForcedKeyReplacesLinks: a forced key takes the place of a key and of a
// link, and what the link leads to stays as it was.
func TestForcedKeyReplacesLinks(t *testing.T) {
	m := keyMachine(t, keygenRunner{})
	got := systest.Call(t, &User, m, `{"name": "ops", "generate_ssh_key": true, "force": true}`)
	if got["changed"] != true || got["ssh_public_key"] != "new public" || got["ssh_fingerprint"] != "256 SHA256:new" {
		t.Errorf("got %v", got)
	}
	want := map[string]string{
		"/precious":                 "-rw-r--r-- mine",
		"/home/ops/.ssh/id_rsa":     "-rw------- new",
		"/home/ops/.ssh/id_rsa.pub": "-rw-r--r-- new public\n",
	}
	checkKeys(t, m, want)
}

// TestForcedKeyThatFails leaves the pair that was there, and nothing beside it.
func TestForcedKeyThatFails(t *testing.T) {
	m := keyMachine(t, keygenRunner{fail: true})
	got := systest.Call(t, &User, m, `{"name": "ops", "generate_ssh_key": true, "force": true}`)
	if msg := fmt.Sprint(got["msg"]); got["failed"] != true || !strings.Contains(msg, "out of luck") {
		t.Errorf("got %v", got)
	}
	want := map[string]string{
		"/precious":                 "-rw-r--r-- mine",
		"/home/ops/.ssh/id_rsa":     "-rw-r--r-- old",
		"/home/ops/.ssh/id_rsa.pub": "Lrwxrwxrwx ../../../precious",
	}
	checkKeys(t, m, want)
}

// keyMachine has a user with an old key, whose public one is a link out of the
// home folder.
func keyMachine(t *testing.T, runner sys.Runner) *sys.Machine {
	t.Helper()
	m := &sys.Machine{Root: t.TempDir(), Runner: runner}
	for path, text := range map[string]string{
		"/usr/sbin/useradd":     "",
		"/etc/passwd":           fmt.Sprintf("ops:x:%d:%d::/home/ops:/bin/sh\n", os.Getuid(), os.Getgid()),
		"/precious":             "mine",
		"/home/ops/.ssh/id_rsa": "old",
	} {
		if err := os.MkdirAll(filepath.Dir(m.Path(path)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(m.Path(path), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("../../../precious", m.Path("/home/ops/.ssh/id_rsa.pub")); err != nil {
		t.Fatal(err)
	}
	return m
}

// checkKeys fails where a file is not as wanted, or the keys' folder has more.
func checkKeys(t *testing.T, m *sys.Machine, want map[string]string) {
	t.Helper()
	all := systest.Snapshot(t, m.Root)
	for path, text := range all {
		if path == "/precious" || filepath.Dir(path) == "/home/ops/.ssh" {
			if text != want[path] {
				t.Errorf("%s is %q, want %q", path, text, want[path])
			}
		}
	}
	for path := range want {
		if _, ok := all[path]; !ok {
			t.Errorf("%s is missing", path)
		}
	}
}
