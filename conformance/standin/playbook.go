package standin

import (
	"os"
	"path/filepath"
	"strings"
)

// playbook is ansible-playbook: fleet run, or fleet check for --syntax-check.
// Most flags are the same; defaults that Ansible takes from its settings are
// given as flags.
func playbook(args []string) error {
	verb, rest := "run", []string{}
	for _, a := range args {
		switch {
		case a == "--syntax-check":
			verb = "check"
		case a == "--version":
			return call("version")
		default:
			rest = append(rest, flag(a))
		}
	}
	lendRoles(rest)
	return call(append([]string{verb}, withInventory(rest)...)...)
}

// flag is fleet's name for a flag that Ansible names otherwise.
func flag(a string) string {
	name, value, has := strings.Cut(a, "=")
	switch name {
	case "--inventory-file":
		name = "--inventory"
	}
	if strings.HasPrefix(a, "-vvvvv") {
		return "-vvvv"
	}
	if has {
		return name + "=" + value
	}
	return name
}

// withInventory adds the inventory that the environment names where the
// arguments name none.
func withInventory(args []string) []string {
	for _, a := range args {
		if a == "--inventory" || strings.HasPrefix(a, "--inventory=") || strings.HasPrefix(a, "-i") {
			return args
		}
	}
	if path := os.Getenv("ANSIBLE_INVENTORY"); path != "" {
		return append(args, "--inventory="+path)
	}
	return args
}

// lendRoles puts the folder of ANSIBLE_ROLES_PATH where fleet looks for roles:
// beside the playbook.
func lendRoles(args []string) {
	path, _, _ := strings.Cut(os.Getenv("ANSIBLE_ROLES_PATH"), ":")
	if path == "" {
		return
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return
	}
	for _, a := range args {
		if strings.HasSuffix(a, ".yml") || strings.HasSuffix(a, ".yaml") {
			_ = os.Symlink(path, filepath.Join(filepath.Dir(a), "roles"))
		}
	}
}
