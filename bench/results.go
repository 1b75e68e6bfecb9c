package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"fleet/bench/peers"
	"fleet/bench/result"
)

// results keeps the lines and notes that have come, and writes them to its file
// after each.
type results struct {
	settings
	file  string
	about []string // the machine, the programs
	lines []result.Line
	notes []string
}

// Write takes a record as result.Send writes it.
func (r *results) Write(p []byte) (int, error) {
	var record result.Record
	if err := json.Unmarshal(p, &record); err != nil {
		return 0, err
	}
	return len(p), r.take(record)
}

// take adds a record and prints it.
func (r *results) take(record result.Record) error {
	if l := record.Line; l != nil {
		r.lines = append(r.lines, *l)
		fmt.Printf("  %s  %s: %s, %s; %s (goal %s: %s)\n", l.Part, l.What, l.Fleet, l.Other, l.Ratio, l.Goal, l.Reached)
	}
	if record.Text != "" {
		r.notes = append(r.notes, record.Text)
		if r.each {
			fmt.Println(record.Text)
		}
	}
	if r.file == "" {
		return nil
	}
	// In one move: whoever reads it sees a whole table.
	temp := r.file + ".new"
	if err := os.WriteFile(temp, []byte(r.text()), 0o644); err != nil {
		return err
	}
	return os.Rename(temp, r.file)
}

// text is the whole result, in Markdown, by the letters of the parts.
func (r *results) text() string {
	var b strings.Builder
	b.WriteString("# Results\n\nWritten by `make bench`; [what it measures](../docs/benchmarks.md).\n\n")
	for _, line := range r.about {
		fmt.Fprintf(&b, "- %s\n", line)
	}
	fmt.Fprintf(&b, "\n%s", result.Table(result.Sorted(r.lines)))
	for _, n := range r.notes {
		fmt.Fprintf(&b, "\n```\n%s\n```\n", strings.TrimRight(n, "\n"))
	}
	return b.String()
}

// describe notes the machine and what runs on it.
func (r *results) describe(ctx context.Context) {
	command := "make bench"
	if flags := r.flags(); len(flags) > 0 {
		command += " BENCH='" + strings.Join(flags, " ") + "'"
	}
	load, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		load = []byte("unknown")
	}
	r.about = []string{
		fmt.Sprintf("`%s` on %s", command, time.Now().UTC().Format(time.DateOnly+" 15:04 MST")),
		fmt.Sprintf("%d × %s, %s of memory, load %s at the start; the hosts share the machine and its processors", runtime.NumCPU(), processor(), memory(),
			strings.SplitN(string(load), " ", 2)[0]),
		output1(ctx, r.fleet, "version"),
		fmt.Sprintf("the median of %d runs; one of Ansible's playbooks, with Mitogen too, and of what says so", r.runs),
	}
	if !r.alone {
		r.about = append(r.about, "beside "+strings.Join(peers.Versions(ctx), ", "))
	}
	if commit := output1(ctx, "git", "-C", filepath.Dir(r.fleet), "describe", "--always", "--dirty"); commit != "" {
		r.about = append(r.about, "the project at "+commit)
	}
}

// flags returns the flags that were given, but those of "make bench" itself.
func (r *results) flags() (given []string) {
	flag.Visit(func(f *flag.Flag) {
		if f.Name != "results" && f.Name != "fleet" {
			given = append(given, "-"+f.Name+"="+f.Value.String())
		}
	})
	return given
}

// output1 returns the first line that a program prints, or nothing.
func output1(ctx context.Context, name string, args ...string) string {
	out, _ := exec.CommandContext(ctx, name, args...).Output() // what fails says nothing
	return strings.SplitN(string(out), "\n", 2)[0]
}

func processor() string { return procLine("/proc/cpuinfo", "model name", "unknown processor") }

func memory() string { return procLine("/proc/meminfo", "MemTotal", "unknown size") }

// procLine returns the value of the first line with the key.
func procLine(file, name, otherwise string) string {
	f, err := os.Open(file)
	if err != nil {
		return otherwise
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if key, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return otherwise
}
