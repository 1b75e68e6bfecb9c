package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"fleet/conformance/inside"
)

// A mistake is an error that fleet check reports for a file of the checkout. The
// line is left out: it moves when the file does.
type mistake struct{ file, said string }

// checkAll runs fleet check, on this machine, on all that the targets run, and
// compares what it reports with the list of what is known to be right. It
// changes nothing, and needs no machine of its own.
func checkAll(ctx context.Context, o options, names []string) error {
	known, err := readMistakes(filepath.Join(o.folder, "check.txt"))
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "conformance")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	c := checking{options: o, targets: filepath.Join(o.ansible, "test/integration/targets"), work: work, found: map[mistake]bool{}}
	for _, name := range names {
		if err := c.target(ctx, name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return c.conclude(known, len(o.only) == 0)
}

// checking is what the checks of all targets share.
type checking struct {
	options
	targets, work string
	runs, clean   int
	found         map[mistake]bool
}

// target checks what one target runs.
func (c *checking) target(ctx context.Context, name string) error {
	inventory := filepath.Join(c.work, "inventory")
	if err := os.WriteFile(inventory, []byte(inside.Inventory), 0o644); err != nil {
		return err
	}
	folder := filepath.Join(c.targets, name)
	env := map[string]string{"OUTPUT_DIR": filepath.Join(c.work, "output"), "INVENTORY_PATH": inventory, "PWD": folder}
	all := calls(filepath.Join(folder, "runme.sh"), env)
	if _, err := os.Stat(filepath.Join(folder, "runme.sh")); err != nil {
		file := filepath.Join(c.work, name+".yml")
		if err := os.WriteFile(file, inside.Play(name, c.targets, env["OUTPUT_DIR"]), 0o644); err != nil {
			return err
		}
		all = []call{{dir: c.work, args: []string{file, "-i", inventory}, env: []string{"ANSIBLE_ROLES_PATH=" + c.targets}}}
	}
	made := filepath.Join(c.ansible, "test/integration/inventory") // by ansible-test
	for _, one := range all {
		for i, arg := range one.args {
			if filepath.Join(one.dir, arg) == made {
				one.args[i] = inventory
			}
		}
		one.env = append([]string{"ANSIBLE_INVENTORY=/dev/null", "ANSIBLE_HOST_PATTERN_MISMATCH=error",
			"OUTPUT_DIR=" + env["OUTPUT_DIR"], "INVENTORY_PATH=" + inventory}, one.env...)
		if err := c.call(ctx, one); err != nil {
			return err
		}
	}
	return nil
}

// call checks one call of ansible-playbook, and takes in what is reported.
func (c *checking) call(ctx context.Context, one call) error {
	cmd := exec.CommandContext(ctx, c.fleet, append([]string{"check", "--json"}, one.args...)...)
	cmd.Dir = one.dir
	cmd.Env = append([]string{"HOME=" + c.work, "PATH=/usr/bin:/bin"}, one.env...)
	out, err := cmd.Output()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		return err
	}
	c.runs++
	if err == nil {
		c.clean++
	}
	for line := range strings.Lines(string(out)) {
		var said struct {
			Event, Msg string
			Pos        struct{ File string }
		}
		if err := json.Unmarshal([]byte(line), &said); err != nil {
			return fmt.Errorf("fleet check printed %q: %w", line, err)
		}
		if said.Event == "refused" {
			c.found[mistake{c.short(one.dir, said.Pos.File), c.neutral(said.Msg)}] = true
		}
	}
	return nil
}

// short is a file's name in the targets' folder.
func (c *checking) short(dir, file string) string {
	if file == "" {
		file = "."
	}
	if !filepath.IsAbs(file) {
		file = filepath.Join(dir, file)
	}
	if rel, err := filepath.Rel(c.targets, file); err == nil && filepath.IsLocal(rel) {
		return rel
	}
	return c.neutral(file)
}

// neutral is a text without the folders of this machine and of this run.
func (c *checking) neutral(s string) string {
	return strings.NewReplacer(c.work, "WORK", c.targets, "TARGETS", "\t", " ", "\n", " ").Replace(s)
}

// conclude says how it went; with all, also what is listed and no longer found.
func (c *checking) conclude(known map[mistake]string, all bool) error {
	var strange []string
	for m := range c.found {
		if known[m] == "" {
			strange = append(strange, "not listed: "+m.file+"\t"+m.said)
		}
	}
	for m := range known {
		if all && !c.found[m] {
			strange = append(strange, "no longer found: "+m.file+"\t"+m.said)
		}
	}
	slices.Sort(strange)
	for _, line := range strange {
		fmt.Println(line)
	}
	fmt.Printf("%d checks, %d without an error; %d different errors, %d of them listed with their reasons\n", c.runs, c.clean, len(c.found), len(c.found)-count(strange, "not listed"))
	if len(strange) > 0 {
		return errors.New("check.txt and fleet check disagree\nhint: an error that is right belongs into check.txt, with the reason; one that is not is a bug")
	}
	return nil
}

func count(lines []string, prefix string) (n int) {
	for _, l := range lines {
		if strings.HasPrefix(l, prefix) {
			n++
		}
	}
	return n
}

// readMistakes reads lines of a file's name, what is said of it, and why that is
// right, with tabs between them.
func readMistakes(path string) (map[mistake]string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	known := map[mistake]string{}
	for i, line := range strings.Split(string(text), "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Split(line, "\t")
		if len(fields) != 3 || fields[2] == "" {
			return nil, fmt.Errorf("%s:%d: want a file, what is said, and the reason, with tabs between them", path, i+1)
		}
		known[mistake{fields[0], fields[1]}] = fields[2]
	}
	return known, nil
}
