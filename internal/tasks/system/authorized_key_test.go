package system

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"fleet/internal/tasks/sys"
	"fleet/internal/tasks/sys/systest"
)

func TestEditKeys(t *testing.T) {
	const a, b = "ssh-ed25519 AAAA ann", "ssh-rsa BBBB bob@host"
	key := func(line string) []sshKey {
		k, ok := parseSSHKey(line)
		if !ok {
			t.Fatalf("%q is no key", line)
		}
		return []sshKey{k}
	}
	for name, c := range map[string]struct {
		text               string
		keys               []sshKey
		present, exclusive bool
		want               string
	}{
		"new file":    {"", key(a), true, false, a + "\n"},
		"no new line": {b, key(a), true, false, b + "\n" + a + "\n"},
		"there":       {"# x\n" + a + "\n", key(a), true, false, "# x\n" + a + "\n"},
		"comment":     {a + "\n" + b + "\n", key("ssh-ed25519 AAAA eve"), true, false, "ssh-ed25519 AAAA eve\n" + b + "\n"},
		"options":     {b + "\n", key(`from="10.0.0.1 x",no-pty ssh-rsa BBBB bob@host`), true, false, `from="10.0.0.1 x",no-pty ssh-rsa BBBB bob@host` + "\n"},
		"exclusive":   {"# x\n" + b + "\n", key(a), true, true, a + "\n"},
		"absent":      {a + "\n" + b + "\n", key(a), false, false, b + "\n"},
		"twice":       {a + "\n" + a + "\n", key(a), true, false, a + "\n"},
	} {
		if got := editKeys(c.text, c.keys, c.present, c.exclusive); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func TestAuthorizedKey(t *testing.T) {
	root := t.TempDir()
	write := func(name, text string) {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("etc/passwd", fmt.Sprintf("ops:x:%d:%d::/home/ops:/bin/sh\n", os.Getuid(), os.Getgid()))
	write("etc/group", fmt.Sprintf("ops:x:%d:\n", os.Getgid()))
	write("home/ops/x", "")
	args, _ := json.Marshal(map[string]any{"user": "ops", "key": "ssh-ed25519 AAAA ann\n"})
	file := filepath.Join(root, "home/ops/.ssh/authorized_keys")
	for i, want := range []bool{true, true, false} {
		m := &sys.Machine{Root: root, Check: i == 0}
		got := systest.Call(t, &AuthorizedKey, m, string(args))
		if got["failed"] != nil || got["changed"] != want {
			t.Errorf("run %d: changed is %v, want %v: %v", i, got["changed"], want, got["msg"])
		}
		if _, err := os.Stat(file); (err == nil) != (i > 0) {
			t.Errorf("run %d: the file: %v", i, err)
		}
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file's mode: %v, %v", info.Mode(), err)
	}
	if info, err := os.Stat(filepath.Dir(file)); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder's mode: %v, %v", info.Mode(), err)
	}
	write("opt/keys", "") // which others can read
	systest.Call(t, &AuthorizedKey, &sys.Machine{Root: root}, `{"user": "ops", "key": "ssh-ed25519 AAAA ann", "path": "/opt/keys", "manage_dir": false}`)
	if info, err := os.Stat(filepath.Join(root, "opt/keys")); err != nil || info.Mode().Perm() != 0o600 || info.Size() == 0 {
		t.Errorf("the mode of a file that was there: %v, %v", info.Mode(), err)
	}
	bad := systest.Call(t, &AuthorizedKey, &sys.Machine{Root: root}, `{"user": "ops", "key": "nonsense"}`)
	if bad["msg"] != `argument "key": "nonsense" is no public SSH key` {
		t.Errorf("got %v", bad["msg"])
	}
}

func FuzzParseSSHKey(f *testing.F) {
	f.Add(`from="a b" ssh-rsa BBBB bob`)
	f.Fuzz(func(t *testing.T, line string) {
		if k, ok := parseSSHKey(line); ok && k.blob == "" {
			t.Error("a key without its bytes")
		}
	})
}
