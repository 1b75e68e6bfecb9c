package main

import (
	"bufio"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"fleet/conformance/inside"
)

// conclude prints the score.
func conclude(o options, list targets, results []result) error {
	twin, err := recall(recordPath(o, inside.Ansible))
	if err != nil {
		return err
	}
	var ours, both, theirs int
	for _, r := range results {
		if twin[r.target] == passed {
			theirs++
		}
		if r.status == passed {
			ours++
			if twin[r.target] == passed {
				both++
			}
		}
	}
	fmt.Printf("\ntargets: %d, applicable: %d, passed by %s: %d, passed by Ansible: %d of %d that it ran\n",
		len(list), len(results), o.with, ours, theirs, ran(twin, results))
	if theirs > 0 {
		fmt.Printf("of those that Ansible passes, %s passes %d: %.1f %%\n", o.with, both, 100*float64(both)/float64(theirs))
	}
	return nil
}

// ran counts the results that Ansible has one for too.
func ran(twin map[string]status, results []result) int {
	n := 0
	for _, r := range results {
		if twin[r.target] != "" {
			n++
		}
	}
	return n
}

// recordPath is where the results with a program's commands are kept.
func recordPath(o options, p inside.Program) string { return filepath.Join(o.folder, string(p)+".txt") }

// A record keeps the results: Ansible's to compare with, fleet's to see what a
// change of it changes.
type record struct {
	options options
	mu      sync.Mutex
}

func newRecord(o options) *record { return &record{options: o} }

// add writes a result into the program's file.
func (r *record) add(one result) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	path := recordPath(r.options, r.options.with)
	known, err := recall(path)
	if err != nil {
		return err
	}
	known[one.target] = one.status
	var text strings.Builder
	fmt.Fprintf(&text, "# What becomes of the targets of ansible-core %s with the commands of %s.\n", version(r.options.ansible), r.options.with)
	for _, name := range slices.Sorted(maps.Keys(known)) {
		fmt.Fprintf(&text, "%s\t%s\n", name, known[name])
	}
	return os.WriteFile(path, []byte(text.String()), 0o644)
}

// recall reads what a record wrote; nothing, where there is no file yet.
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
