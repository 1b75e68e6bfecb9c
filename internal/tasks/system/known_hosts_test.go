package system

import (
	"strings"
	"testing"
)

func TestEditKnownHosts(t *testing.T) {
	const a, b = "git.example.org ssh-ed25519 AAAA", "other.example.org ssh-rsa BBBB"
	for name, c := range map[string]struct{ text, key, state, want string }{
		"new file":   {"", a, "present", a + "\n"},
		"there":      {"# x\n" + a + "\n", a, "present", "# x\n" + a + "\n"},
		"other key":  {"git.example.org ssh-ed25519 CCCC\n" + b + "\n", a, "present", b + "\n" + a + "\n"},
		"other kind": {"git.example.org ssh-rsa CCCC", a, "present", "git.example.org ssh-rsa CCCC\n" + a + "\n"},
		"absent":     {a + "\n" + b + "\ngit.example.org ssh-rsa CCCC\n", "", "absent", b + "\n"},
		"absent one": {a + "\ngit.example.org ssh-rsa CCCC\n", a, "absent", "git.example.org ssh-rsa CCCC\n"},
		"revoked": {"@revoked git.example.org ssh-ed25519 CCCC\n", "@revoked " + a, "present",
			"@revoked git.example.org ssh-ed25519 CCCC\n@revoked " + a + "\n"},
		"not revoked": {"@revoked " + a + "\n", a, "present", "@revoked " + a + "\n" + a + "\n"},
	} {
		key, _ := parseHostKey(c.key)
		args := &knownHostsArgs{Name: "git.example.org", Key: c.key, State: c.state}
		if got := editKnownHosts(c.text, args, key); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func TestKnownHostsHashed(t *testing.T) {
	key, _ := parseHostKey("git.example.org ssh-ed25519 AAAA")
	args := &knownHostsArgs{Name: "git.example.org", Key: "git.example.org ssh-ed25519 AAAA", State: "present", HashHost: true}
	once := editKnownHosts("git.example.org ssh-ed25519 AAAA\n", args, key)
	if !strings.HasPrefix(once, "|1|") || strings.Contains(once, "git.example.org") {
		t.Errorf("not hashed: %q", once)
	}
	if again := editKnownHosts(once, args, key); again != once {
		t.Errorf("a hashed line is not known again: %q", again)
	}
}
