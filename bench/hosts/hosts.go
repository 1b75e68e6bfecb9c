// Package hosts is the machines of the benchmark: one private sshd that answers
// on 127.0.1.1 to 127.0.1.100, with a home for each address. As root it runs in
// namespaces of its own, with a user that exists only there: no process, user,
// file or open port is left, however it ends, and no packet leaves the machine.
package hosts

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"syscall"
	"time"
)

// Max is how many hosts there may be.
const Max = 100

// Hosts is sshd with the files that reach it.
type Hosts struct {
	Dir  string // has the login_key, known_hosts and ssh_config
	User string // to log in as
	UID  uint32 // its number, where it is the hosts' own; or 0
	Port int
	Root string // the folder in which the playbook works
	Note string // what the reader of the numbers must know, or empty

	homes string
	sshd  *exec.Cmd
}

// Start starts the hosts with files in the folder.
func Start(ctx context.Context, dir string) (*Hosts, error) {
	h := &Hosts{Dir: dir, homes: filepath.Join(dir, "homes"), Root: filepath.Join(dir, "hosts")}
	if err := errors.Join(os.Chmod(dir, 0o755), os.Mkdir(h.file("c"), 0o700)); err != nil {
		return nil, err
	}
	if isolated() {
		h.User, h.UID = benchUser, benchUID
		if err := furnish(dir, h.home(0)); err != nil {
			return nil, err
		}
	} else {
		me, err := user.Current()
		if err != nil {
			return nil, err
		}
		h.User = me.Username
		h.Note = "without namespaces (which root has) the hosts log in to your own account; times contain its shell's start"
	}
	if err := errors.Join(h.Reset(), h.writeFiles()); err != nil {
		return nil, err
	}
	return h, h.startSSHD(ctx)
}

// PID returns sshd's process.
func (h *Hosts) PID() int { return h.sshd.Process.Pid }

// Reset makes all homes bare, and removes what the playbook has made.
func (h *Hosts) Reset() error {
	if err := errors.Join(os.RemoveAll(h.homes), os.RemoveAll(h.Root), os.Mkdir(h.homes, 0o755), h.mine(h.Root)); err != nil {
		return err
	}
	for i := range Max {
		if err := h.mine(h.home(i)); err != nil {
			return err
		}
	}
	return nil
}

// Forget removes the helpers from all homes.
func (h *Hosts) Forget() error {
	for i := range Max {
		if err := os.RemoveAll(filepath.Join(h.home(i), ".cache")); err != nil {
			return err
		}
	}
	return nil
}

// mine makes a folder of the hosts' user.
func (h *Hosts) mine(dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil || !isolated() {
		return err
	}
	return os.Chown(dir, benchUID, benchUID)
}

func (h *Hosts) home(i int) string { return filepath.Join(h.homes, fmt.Sprintf("%03d", i+1)) }

func (h *Hosts) file(name string) string { return filepath.Join(h.Dir, name) }

func (h *Hosts) startSSHD(ctx context.Context) error {
	log, err := os.Create(h.file("sshd.log"))
	if err != nil {
		return err
	}
	defer log.Close()
	h.sshd = exec.Command("/usr/sbin/sshd", "-D", "-e", "-f", h.file("sshd_config"))
	h.sshd.Stdout, h.sshd.Stderr = log, log
	h.sshd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := h.sshd.Start(); err != nil {
		return err
	}
	for range 100 {
		if answers(h.Direct().IP(0), h.Port) {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
	said, err := fs.ReadFile(os.DirFS(h.Dir), "sshd.log")
	return errors.Join(fmt.Errorf("sshd does not answer: %s", said), err)
}

// Close ends sshd. Its sessions end with their clients.
func (h *Hosts) Close() {
	if h.sshd == nil || h.sshd.Process == nil {
		return
	}
	// It runs, or is gone already.
	_ = h.sshd.Process.Signal(syscall.SIGTERM)
	_ = h.sshd.Wait()
}
