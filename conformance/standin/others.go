package standin

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// inventory is ansible-inventory.
func inventory(args []string) error {
	return call(append([]string{"inventory"}, args...)...)
}

// config is ansible-config, as far as it shows what is set.
func config(args []string) error {
	switch {
	case slices.Equal(args, []string{"view"}), slices.Equal(args, []string{"dump", "--only-changed"}):
		return call("settings")
	case slices.Equal(args, []string{"dump"}):
		return call("settings", "--all")
	}
	return fmt.Errorf("nothing of fleet stands in for %q", args)
}

// Ansible's exit codes for a command line that cannot be read, and for one that
// leaves open what to do.
const (
	misused   exitCode = 2
	undecided exitCode = 5
)

// vault is ansible-vault: the verbs are the same.
func vault(args []string) error {
	var said bytes.Buffer
	err := callTo(io.MultiWriter(os.Stderr, &said), append([]string{"vault"}, args...)...)
	if err == nil {
		return nil
	}
	return cmp.Or(vaultCode(said.String()), err)
}

// vaultCode is Ansible's exit code for what fleet says, or nil where it is fleet's.
// What is wrong with a command line starts with the command.
func vaultCode(said string) error {
	for line := range strings.Lines(said) {
		switch what := strings.TrimPrefix(line, "ERROR! "); {
		case strings.HasPrefix(what, "fleet vault "):
			return misused
		case strings.HasPrefix(what, "there are several vault passwords: "):
			return undecided
		}
	}
	return nil
}
