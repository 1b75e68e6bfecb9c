// Package inside runs one target in a conformance machine, as ansible-test runs
// it: in a copy of the tree under a name that is not ASCII, with the inventory,
// the environment and the playbook that ansible-test makes. It expects the
// checkout at /checkout and the programs in /conformance, and runs as root on a
// machine that is thrown away.
package inside

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"fleet/conformance/standin"
)

// A Program is whose commands a target finds under the names of Ansible's.
type Program string

const (
	Fleet   Program = "fleet"
	Ansible Program = "ansible"
)

// Valid is nil for a Program that there is.
func (p Program) Valid() error {
	if p != Fleet && p != Ansible {
		return fmt.Errorf("%q is neither fleet nor ansible", string(p))
	}
	return nil
}

const (
	checkout = "/checkout"
	programs = "/conformance"
	work     = "/var/lib/conformance"
	links    = work + "/bin"
)

// Run runs the target and returns nil if it passed. What it prints goes to the
// standard output.
func Run(p Program, name string) error {
	if err := p.Valid(); err != nil {
		return err
	}
	r := run{program: p, tree: filepath.Join(work, name+"-ÅÑŚÌβŁÈ"), output: filepath.Join(work, "output_dir")}
	if err := r.prepare(); err != nil {
		return fmt.Errorf("prepare the machine: %w", err)
	}
	all := aliases(r.targets(), name)
	for _, setup := range append(all.values("setup/once/"), all.values("setup/always/")...) {
		if err := r.target(setup, aliases(r.targets(), setup)); err != nil {
			return fmt.Errorf("%s, which must run before: %w", setup, err)
		}
	}
	return r.target(name, all)
}

// A run is what the commands of one target share.
type run struct {
	program      Program
	tree, output string
}

func (r run) integration() string { return filepath.Join(r.tree, "test/integration") }
func (r run) targets() string     { return filepath.Join(r.integration(), "targets") }

// target runs a target's script, or its role in a play of its own.
func (r run) target(name string, all aliasList) error {
	if err := os.RemoveAll(r.output); err != nil {
		return err
	}
	if err := os.MkdirAll(r.output, 0o755); err != nil {
		return err
	}
	folder := filepath.Join(r.targets(), name)
	for _, script := range []string{"runme.sh", "runme.py"} {
		if _, err := os.Stat(filepath.Join(folder, script)); err == nil {
			return r.command(folder, nil, "./"+script)
		}
	}
	playbook := name + "-play.yml"
	if err := os.WriteFile(filepath.Join(r.integration(), playbook), play(name, all, r.output), 0o644); err != nil {
		return err
	}
	return r.command(r.integration(), []string{"ANSIBLE_ROLES_PATH=" + r.targets()}, "ansible-playbook", playbook, "-i", "inventory")
}

// command runs one of the target's commands, with ansible-test's environment.
func (r run) command(folder string, more []string, name string, args ...string) error {
	env := append(r.environment(), append(more, "ANSIBLE_PLAYBOOK_DIR="+folder, "PWD="+folder)...)
	if !strings.Contains(name, "/") {
		name = filepath.Join(r.binaries(), name)
	}
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = folder, env
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stdout
	return cmd.Run()
}

// binaries is the folder of Ansible's commands, or of what stands in for them.
func (r run) binaries() string {
	if r.program == Ansible {
		return checkout + "/bin"
	}
	return links
}

// link makes the names under which this program stands in, and what else
// ansible-test puts into the path of scripts.
func (r run) link() error {
	if err := os.MkdirAll(links, 0o755); err != nil {
		return err
	}
	for name, to := range map[string]string{
		"python":        "/usr/bin/python3",
		"virtualenv.sh": checkout + "/test/lib/ansible_test/_util/target/injector/virtualenv.sh",
	} {
		if err := os.Symlink(to, filepath.Join(links, name)); err != nil {
			return err
		}
	}
	if r.program == Ansible {
		return nil
	}
	for _, name := range standin.Names() {
		if err := os.Symlink(programs+"/conformance", filepath.Join(links, name)); err != nil {
			return err
		}
	}
	return nil
}
