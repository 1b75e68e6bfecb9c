package system

import (
	"strings"
	"testing"
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
