package standin

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
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
	rest = append([]string{verb}, withInventory(rest)...)
	if verb == "check" {
		return call(rest...)
	}
	if lists(rest) {
		return relist(rest)
	}
	s := story{out: os.Stdout, verbose: verbosity(rest)}
	return follow(append(rest, "--json"), s.take)
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

// lists says whether nothing runs: something is only listed or explained.
func lists(args []string) bool {
	return slices.ContainsFunc(args, func(a string) bool { return strings.HasPrefix(a, "--list-") || a == "--help" || a == "-h" })
}

// verbosity counts the v's.
func verbosity(args []string) int {
	n := 0
	for _, a := range args {
		if a == "--verbose" {
			n++
		} else if strings.HasPrefix(a, "-v") && strings.Trim(a, "v") == "-" {
			n += len(a) - 1
		}
	}
	return n
}

// relist prints fleet's list of tasks as Ansible lays it out.
func relist(args []string) error {
	cmd := exec.Command(fleet, args...)
	cmd.Stdin, cmd.Stderr = os.Stdin, os.Stderr
	out, err := cmd.Output()
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, "\ttags: [") {
			line = "  " + strings.Replace(line, "\ttags: [", "\tTAGS: [", 1)
		}
		fmt.Print(line)
	}
	return err
}
