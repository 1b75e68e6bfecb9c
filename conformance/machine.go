package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// buildImage returns the tag of the machine's image; the first time that takes
// minutes.
func buildImage(ctx context.Context, folder string) (string, error) {
	build := exec.CommandContext(ctx, filepath.Join(folder, "machine/build"))
	build.Stderr = os.Stderr
	out, err := build.Output()
	if err != nil {
		return "", fmt.Errorf("the machine's image: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}

// A machine is a container with systemd, the checkout read-only at /checkout,
// and the programs at /conformance. It lives for one target.
type machine struct{ id string }

// newMachine starts a machine. The caller removes it.
func newMachine(ctx context.Context, o options) (machine, error) {
	self, err := os.Executable()
	if err != nil {
		return machine{}, err
	}
	args := []string{"run", "--detach", "--label", "fleet.conformance", "--hostname", "testhost",
		"--cap-add", "ALL", "--cap-drop", "SYS_TIME", "--cap-drop", "SYS_MODULE", "--cap-drop", "SYS_RESOURCE",
		"--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined", "--security-opt", "systempaths=unconfined",
		"--cgroupns", "private", "--tmpfs", "/run:exec", "--tmpfs", "/tmp:exec", "--memory", "4g",
		"--volume", o.ansible + ":/checkout:ro", "--volume", self + ":/conformance/conformance:ro"}
	if o.background {
		args = append(args, "--cpu-shares", "512") // of 1024
	}
	if _, err := os.Stat(o.fleet); err == nil {
		args = append(args, "--volume", o.fleet+":/conformance/fleet:ro")
	}
	id, err := docker(ctx, append(args, o.image)...)
	if err != nil {
		return machine{}, err
	}
	m := machine{id: id}
	if err := m.wait(ctx); err != nil {
		m.remove()
		return machine{}, err
	}
	return m, nil
}

// wait returns when systemd has started what it starts.
func (m machine) wait(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	_, err := docker(ctx, "exec", m.id, "sh", "-c",
		"until systemctl is-system-running 2>/dev/null | grep -qE 'running|degraded'; do sleep 0.1; done")
	return err
}

// run runs a command as root until it ends or ctx does, and returns its error.
func (m machine) run(ctx context.Context, out io.Writer, argv ...string) error {
	cmd := exec.CommandContext(ctx, "docker", append([]string{"exec", m.id}, argv...)...)
	cmd.Stdout, cmd.Stderr = out, out
	return cmd.Run()
}

// remove ends all that runs in the machine, and the machine.
func (m machine) remove() {
	_, _ = docker(context.Background(), "rm", "--force", "--volumes", m.id) // a machine that is gone is what is wanted
}

func docker(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "docker", args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("docker %s: %w: %s", args[0], err, strings.TrimSpace(stderr.String()))
	}
	return strings.TrimSpace(string(out)), nil
}
