package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// A target is a line of targets.txt: a name, and why it is not applicable if it
// is not.
type target struct{ name, reason string }

func (t target) applicable() bool { return t.reason == "" }

type targets []target

// readTargets reads lines of a name, a tab, and "applicable" or "not applicable"
// with a tab and the reason.
func readTargets(path string) (targets, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var list targets
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		if line := lines.Text(); line != "" && !strings.HasPrefix(line, "#") {
			t, err := parseTarget(line)
			if err != nil {
				return nil, fmt.Errorf("%s:%d: %w", path, n, err)
			}
			list = append(list, t)
		}
	}
	return list, lines.Err()
}

func parseTarget(line string) (target, error) {
	fields := strings.Split(line, "\t")
	switch {
	case len(fields) == 2 && fields[1] == "applicable":
		return target{name: fields[0]}, nil
	case len(fields) == 3 && fields[1] == "not applicable" && fields[2] != "":
		return target{name: fields[0], reason: fields[2]}, nil
	}
	return target{}, fmt.Errorf("%q is neither applicable nor not applicable with a reason", line)
}

// compare says which targets of the checkout the list lacks, and the reverse: a
// list that does not fit counts wrong.
func (l targets) compare(checkout string) error {
	folder := filepath.Join(checkout, "test/integration/targets")
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	listed := map[string]bool{}
	for _, t := range l {
		listed[t.name] = true
	}
	for _, e := range entries {
		if !listed[e.Name()] {
			return fmt.Errorf("targets.txt does not list %s, which %s has", e.Name(), folder)
		}
		delete(listed, e.Name())
	}
	for name := range listed {
		return fmt.Errorf("targets.txt lists %s, which %s has not", name, folder)
	}
	return nil
}

// choose returns the named targets, applicable or not; without names all
// applicable ones.
func (l targets) choose(names []string) ([]string, error) {
	var chosen []string
	known := map[string]bool{}
	for _, t := range l {
		known[t.name] = true
		if t.applicable() && len(names) == 0 {
			chosen = append(chosen, t.name)
		}
	}
	for _, name := range names {
		if !known[name] {
			return nil, fmt.Errorf("there is no target %q", name)
		}
	}
	return append(chosen, names...), nil
}
