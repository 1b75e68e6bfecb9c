package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"fleet/conformance/inside"
)

// conclude prints the score, and keeps Ansible's results for the runs of fleet.
func conclude(o options, list targets, results []result) error {
	record := filepath.Join(o.folder, "ansible.txt")
	if o.with == inside.Ansible {
		return keep(record, o.ansible, results)
	}
	twin, err := recall(record)
	if err != nil {
		return err
	}
	var of, both, byAnsible int
	for _, r := range results {
		if twin[r.target] == passed {
			byAnsible++
		}
		if r.status == passed {
			of++
			if twin[r.target] == passed {
				both++
			}
		}
	}
	fmt.Printf("\ntargets: %d, applicable: %d, passed by fleet: %d, passed by Ansible: %d\n", len(list), len(results), of, byAnsible)
	if byAnsible > 0 {
		fmt.Printf("of those that Ansible passes, fleet passes %d: %.1f %%\n", both, 100*float64(both)/float64(byAnsible))
	}
	return nil
}

// keep writes what became of the targets with Ansible's own commands.
func keep(path, checkout string, results []result) error {
	old, err := recall(path)
	if err != nil {
		return err
	}
	for _, r := range results {
		old[r.target] = r.status
	}
	names := make([]string, 0, len(old))
	for name := range old {
		names = append(names, name)
	}
	slices.Sort(names)
	var text strings.Builder
	fmt.Fprintf(&text, "# What ansible-core %s makes of its own targets on the conformance machine.\n", version(checkout))
	for _, name := range names {
		fmt.Fprintf(&text, "%s\t%s\n", name, old[name])
	}
	return os.WriteFile(path, []byte(text.String()), 0o644)
}

// recall reads what keep wrote; nothing, where there is no file yet.
func recall(path string) (map[string]status, error) {
	known := map[string]status{}
	f, err := os.Open(path)
	if os.IsNotExist(err) {
		return known, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if name, s, ok := strings.Cut(lines.Text(), "\t"); ok {
			known[name] = status(s)
		}
	}
	return known, lines.Err()
}

// version is the release that the checkout says it is.
func version(checkout string) string {
	text, err := os.ReadFile(filepath.Join(checkout, "lib/ansible/release.py"))
	if err != nil {
		return "of an unknown version"
	}
	for line := range strings.Lines(string(text)) {
		if v, ok := strings.CutPrefix(line, "__version__ = "); ok {
			return strings.Trim(strings.TrimSpace(v), `'"`)
		}
	}
	return "of an unknown version"
}
