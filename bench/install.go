package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// programs are what is measured beside fleet and what that needs, with Debian's
// packages that have them.
var programs = []struct{ file, pkg string }{
	{"/usr/sbin/sshd", "openssh-server"},
	{"/usr/bin/ssh", "openssh-client"},
	{"/usr/bin/ansible-playbook", "ansible-core"},
	{"/usr/bin/clush", "clustershell"},
	{mitogen, "ansible-mitogen"},
}

// mitogen is the folder of its strategies.
const mitogen = "/usr/lib/python3/dist-packages/ansible_mitogen/plugins/strategy"

func there(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// install installs what is missing, where this is root on Debian. What cannot be
// installed is left out of the measurement, but for sshd.
func install(ctx context.Context) error {
	var missing []string
	for _, p := range programs {
		if !there(p.file) {
			missing = append(missing, p.pkg)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	if _, err := exec.LookPath("apt-get"); err != nil || os.Getuid() != 0 {
		fmt.Printf("not there, and installed only as root on Debian: %s\n", strings.Join(missing, ", "))
	} else {
		fmt.Printf("installing %s\n", strings.Join(missing, ", "))
		defer keepStopped()()
		aptGet(ctx, "update")
		// One by one: a release may lack one of them.
		for _, pkg := range missing {
			aptGet(ctx, "install", "-y", "--no-install-recommends", pkg)
		}
	}
	if !there(programs[0].file) {
		return fmt.Errorf("there is no sshd\nhint: apt-get install openssh-server")
	}
	return nil
}

// noService is Debian's switch that keeps the services of new packages stopped.
const noService = "/usr/sbin/policy-rc.d"

// keepStopped keeps a machine without sshd one that listens on no port. It
// returns what undoes it. A machine that has such a switch keeps its own.
func keepStopped() (undo func()) {
	f, err := os.OpenFile(noService, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	if err != nil {
		return func() {}
	}
	_, err = f.WriteString("#!/bin/sh\nexit 101\n")
	if err := errors.Join(err, f.Close()); err != nil {
		fmt.Printf("%s: %v\n", noService, err)
	}
	return func() { os.Remove(noService) }
}

func aptGet(ctx context.Context, args ...string) {
	cmd := exec.CommandContext(ctx, "apt-get", append([]string{"-q"}, args...)...)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		fmt.Printf("apt-get %s: %v\n%s", strings.Join(args, " "), err, tail(out.String(), 5))
	}
}

// tail returns the last n lines.
func tail(s string, n int) string {
	lines := strings.SplitAfter(s, "\n")
	return strings.Join(lines[max(0, len(lines)-n-1):], "")
}
