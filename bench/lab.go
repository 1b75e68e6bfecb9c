package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"embed"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/sys/unix"
)

// maxHosts is how many addresses the lab has.
const maxHosts = 100

//go:embed playbook
var playbookFiles embed.FS

// lab is the hosts: one sshd that answers on all their addresses.
type lab struct {
	dir   string
	home  string // of the login user, on the "hosts"
	user  string
	port  int
	hosts int
	sshd  *exec.Cmd
	// strays is what those have taken that outlived their session on a host.
	strays time.Duration
}

// startLab starts the hosts in the folder.
func startLab(ctx context.Context, dir string, hosts int) (*lab, error) {
	l := &lab{dir: dir, home: filepath.Join(dir, "home"), hosts: hosts}
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return nil, err
	}
	if err := errors.Join(os.Chmod(dir, 0o755), os.Mkdir(filepath.Join(dir, "c"), 0o700), os.CopyFS(dir, playbookFiles)); err != nil {
		return nil, err
	}
	if isolated() {
		l.user = benchUser
		if err := furnish(dir, l.home); err != nil {
			return nil, err
		}
	} else {
		me, err := user.Current()
		if err != nil {
			return nil, err
		}
		l.user = me.Username
		fmt.Println("note: without namespaces (which root has) the hosts log in to your own account; times contain its shell's start")
	}
	if err := errors.Join(l.reset(), l.writeFiles()); err != nil {
		return nil, err
	}
	return l, l.startSSHD(ctx)
}

// reset makes the home bare.
func (l *lab) reset() error {
	if err := errors.Join(os.RemoveAll(l.home), os.Mkdir(l.home, 0o700)); err != nil {
		return err
	}
	if isolated() {
		return os.Chown(l.home, benchUID, benchUID)
	}
	return nil
}

func (l *lab) file(name string) string { return filepath.Join(l.dir, name) }

// newKey writes a private key and returns its public line.
func newKey(file string) (string, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return "", err
	}
	block, err := ssh.MarshalPrivateKey(private, "bench")
	if err != nil {
		return "", err
	}
	public, err := ssh.NewPublicKey(private.Public())
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(public))), os.WriteFile(file, pem.EncodeToMemory(block), 0o600)
}

// writeFiles writes keys, sshd's configuration and the inventories.
func (l *lab) writeFiles() error {
	listener, err := net.Listen("tcp", "127.0.1.1:0")
	if err != nil {
		return err
	}
	l.port = listener.Addr().(*net.TCPAddr).Port
	listener.Close()
	hostKey, err := newKey(l.file("host_key"))
	if err != nil {
		return err
	}
	loginKey, err := newKey(l.file("login_key"))
	if err != nil {
		return err
	}
	var known strings.Builder
	for i := range maxHosts {
		fmt.Fprintf(&known, "[%s]:%d %s\n", address(i), l.port, hostKey)
	}
	files := map[string]string{"authorized_keys": loginKey + "\n", "known_hosts": known.String(), "sshd_config": l.sshdConfig(),
		"ssh_config": fmt.Sprintf("Port %d\nUser %s\nIdentityFile %s\nUserKnownHostsFile %s\nStrictHostKeyChecking yes\nLogLevel ERROR\n",
			l.port, l.user, l.file("login_key"), l.file("known_hosts")),
		"ansible.cfg": "[defaults]\n"}
	for name, text := range files {
		if err := os.WriteFile(l.file(name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func address(i int) string { return fmt.Sprintf("127.0.1.%d", i+1) }

func (l *lab) sshdConfig() string {
	return fmt.Sprintf(`Port %d
ListenAddress 0.0.0.0
AllowUsers %s@127.0.0.0/8
HostKey %s
AuthorizedKeysFile %s
PidFile none
AuthenticationMethods publickey
UsePAM no
StrictModes no
PermitRootLogin prohibit-password
PrintMotd no
MaxStartups 1000
MaxSessions 100
LogLevel ERROR
SetEnv HOME=%s
`, l.port, l.user, l.file("host_key"), l.file("authorized_keys"), l.home)
}

// inventory writes an inventory of the first n hosts and returns its file.
func (l *lab) inventory(n int) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "all:\n  vars:\n    ansible_port: %d\n    ansible_user: %s\n    ansible_ssh_private_key_file: %s\n", l.port, l.user, l.file("login_key"))
	fmt.Fprintf(&b, "    ansible_ssh_common_args: -o UserKnownHostsFile=%s -o StrictHostKeyChecking=yes\n", l.file("known_hosts"))
	fmt.Fprintf(&b, "    ansible_python_interpreter: /usr/bin/python3\n    root: %s\n  hosts:\n", l.file("home/hosts"))
	for i := range n {
		fmt.Fprintf(&b, "    host%03d: {ansible_host: %s}\n", i+1, address(i))
	}
	file := l.file(fmt.Sprintf("inventory-%d.yaml", n))
	return file, os.WriteFile(file, []byte(b.String()), 0o644)
}

func (l *lab) startSSHD(ctx context.Context) error {
	log, err := os.Create(l.file("sshd.log"))
	if err != nil {
		return err
	}
	defer log.Close()
	l.sshd = exec.Command("/usr/sbin/sshd", "-D", "-e", "-f", l.file("sshd_config"))
	l.sshd.Stdout, l.sshd.Stderr = log, log
	l.sshd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := l.sshd.Start(); err != nil {
		return err
	}
	for range 100 {
		conn, err := net.Dial("tcp", net.JoinHostPort(address(0), strconv.Itoa(l.port)))
		if err == nil {
			return conn.Close()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
	said, err := fs.ReadFile(os.DirFS(l.dir), "sshd.log")
	return errors.Join(fmt.Errorf("sshd does not answer: %s", said), err)
}

// close ends sshd. Its sessions end with their clients.
func (l *lab) close() {
	if l.sshd == nil || l.sshd.Process == nil {
		return
	}
	// It runs, or is gone already.
	_ = l.sshd.Process.Signal(syscall.SIGTERM)
	_ = l.sshd.Wait()
}
