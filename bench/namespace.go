package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// The user that exists only in the namespace.
const (
	benchUser = "fleetbench"
	benchUID  = 59870
)

// enter runs the inner half: in namespaces of its own where that is allowed.
func (s settings) enter(ctx context.Context, dir string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	args := []string{"-inside", dir, "-fleet", s.fleet, "-hosts", strconv.Itoa(s.hosts), "-few", strconv.Itoa(s.few),
		"-runs", strconv.Itoa(s.runs), "-only", s.only, "-v=" + strconv.FormatBool(s.each)}
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if mayUnshare() {
		cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWNET
	}
	if cmd.Run() != nil {
		return errors.New("nothing more was measured") // the inner half has said why
	}
	return nil
}

// mayUnshare reports whether this process may make namespaces and mount in them.
func mayUnshare() bool {
	if os.Getuid() != 0 {
		return false
	}
	cmd := exec.Command("/bin/true")
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS, Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNET}
	return cmd.Run() == nil
}

// isolated reports whether this is the first process of its namespace.
func isolated() bool { return os.Getpid() == 1 }

// furnish makes the namespace a machine for the benchmark: loopback is up, /run
// is empty, /etc/passwd has the benchmark's user.
func furnish(dir, home string) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("mount namespace: %w", err)
	}
	passwd, err := os.ReadFile("/etc/passwd")
	if err != nil {
		return err
	}
	file := filepath.Join(dir, "passwd")
	line := fmt.Sprintf("%s:*:%d:%d::%s:/bin/sh\n", benchUser, benchUID, benchUID, home)
	if err := os.WriteFile(file, append(passwd, line...), 0o644); err != nil {
		return err
	}
	if err := unix.Mount(file, "/etc/passwd", "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("/etc/passwd: %w", err)
	}
	if err := unix.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return fmt.Errorf("/proc: %w", err)
	}
	if err := unix.Mount("tmpfs", "/run", "tmpfs", 0, "mode=755"); err != nil {
		return fmt.Errorf("/run: %w", err)
	}
	return errors.Join(os.Mkdir("/run/sshd", 0o755), loopbackUp())
}

func loopbackUp() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	lo.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo); err != nil {
		return fmt.Errorf("loopback: %w", err)
	}
	return nil
}
