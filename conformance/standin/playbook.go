package standin

import (
	"os"
	"slices"
	"strings"
)

// playbook is ansible-playbook: fleet run, or fleet check for --syntax-check. The
// flags and the environment are the same.
func playbook(args []string) error {
	verb, rest := "run", []string{}
	for _, a := range args {
		switch {
		case a == "--syntax-check":
			verb = "check"
		case a == "--version":
			return call("version")
		default:
			rest = append(rest, fleetFlag(a))
		}
	}
	rest = append([]string{verb}, rest...)
	if verb == "check" {
		return call(rest...)
	}
	if lists(rest) {
		return call(rest...)
	}
	s := story{out: os.Stdout, verbose: verbosity(rest)}
	return follow(append(rest, "--json"), s.take)
}

// fleetFlag is fleet's name for a flag that Ansible also has under another one.
func fleetFlag(a string) string {
	if strings.HasPrefix(a, "-vvvvv") {
		return "-vvvv"
	}
	for ours, theirs := range map[string][]string{
		"--inventory":           {"--inventory-file"},
		"--private-key":         {"--key-file"},
		"--vault-password-file": {"--vault-pass-file"},
	} {
		for _, other := range theirs {
			if rest, ok := strings.CutPrefix(a, other); ok && (rest == "" || rest[0] == '=') {
				return ours + rest
			}
		}
	}
	return a
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
