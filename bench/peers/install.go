// Package peers is the programs that fleet is measured beside: where Debian has
// them, how they are installed, and how each is called at its quickest usual
// setting.
package peers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"fleet/bench/measure"
)

// Program is a file that one of Debian's packages has.
type Program struct{ File, pkg string }

// The programs, and what they need.
var (
	SSHD          = Program{"/usr/sbin/sshd", "openssh-server"}
	SSH           = Program{"/usr/bin/ssh", "openssh-client"}
	Ansible       = Program{"/usr/bin/ansible-playbook", "ansible-core"}
	Mitogen       = Program{"/usr/lib/python3/dist-packages/ansible_mitogen/plugins/strategy", "ansible-mitogen"}
	Clush         = Program{"/usr/bin/clush", "clustershell"}
	ParallelSSH   = Program{"/usr/bin/parallel-ssh", "pssh"}
	Rsync         = Program{"/usr/bin/rsync", "rsync"}
	AnsibleDocker = Program{"/usr/lib/python3/dist-packages/ansible_collections/community/docker", "ansible"}
	PythonDocker  = Program{"/usr/lib/python3/dist-packages/docker", "python3-docker"}
)

// There reports whether the program is installed.
func (p Program) There() bool {
	_, err := os.Stat(p.File)
	return err == nil
}

// String returns the name of the package.
func (p Program) String() string { return p.pkg }

// Install installs what is missing, where this is root on Debian, and returns
// what is still missing: that is left out of the measurement. It says on w what
// it does.
func Install(ctx context.Context, w io.Writer) (missing []Program) {
	all := []Program{SSHD, SSH, Ansible, Mitogen, Clush, ParallelSSH, Rsync, AnsibleDocker, PythonDocker}
	missing = lacking(all)
	if len(missing) == 0 {
		return nil
	}
	if _, err := exec.LookPath("apt-get"); err != nil || os.Getuid() != 0 {
		fmt.Fprintf(w, "not there, and installed only as root on Debian: %v\n", missing)
		return missing
	}
	fmt.Fprintf(w, "installing %v\n", missing)
	defer keepStopped(w)()
	aptGet(ctx, w, "update")
	// One by one: a release may lack one of them.
	for _, p := range missing {
		aptGet(ctx, w, "install", "-y", "--no-install-recommends", p.pkg)
	}
	return lacking(all)
}

func lacking(all []Program) (missing []Program) {
	for _, p := range all {
		if !p.There() {
			missing = append(missing, p)
		}
	}
	return missing
}

// noService is Debian's switch that keeps the services of new packages stopped.
const noService = "/usr/sbin/policy-rc.d"

// keepStopped keeps a machine without sshd one that listens on no port. It
// returns what undoes it. A machine that has such a switch keeps its own.
func keepStopped(w io.Writer) (undo func()) {
	f, err := os.OpenFile(noService, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	if err != nil {
		return func() {}
	}
	_, err = f.WriteString("#!/bin/sh\nexit 101\n")
	if err := errors.Join(err, f.Close()); err != nil {
		fmt.Fprintf(w, "%s: %v\n", noService, err)
	}
	return func() { os.Remove(noService) }
}

func aptGet(ctx context.Context, w io.Writer, args ...string) {
	cmd := exec.CommandContext(ctx, "apt-get", append([]string{"-q"}, args...)...)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		fmt.Fprintf(w, "apt-get %s: %v\n%s", strings.Join(args, " "), err, measure.Tail(out.String(), 5))
	}
}

// Versions returns what the programs say of themselves, those that are there.
func Versions(ctx context.Context) []string {
	var said []string
	for _, p := range []Program{Ansible, Mitogen, Clush, ParallelSSH, Rsync} {
		out, err := exec.CommandContext(ctx, "dpkg-query", "-W", "-f", "${Package} ${Version}", p.pkg).Output()
		if err == nil && p.There() {
			said = append(said, string(out))
		}
	}
	return said
}
