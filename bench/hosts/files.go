package hosts

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"strings"

	"golang.org/x/crypto/ssh"
)

// NewKey writes a private key to the file, and its public line to the file with
// .pub behind its name.
func NewKey(file string) (ssh.Signer, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	block, err := ssh.MarshalPrivateKey(private, "bench")
	if err != nil {
		return nil, err
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(file+".pub", ssh.MarshalAuthorizedKey(signer.PublicKey()), 0o644); err != nil {
		return nil, err
	}
	return signer, os.WriteFile(file, pem.EncodeToMemory(block), 0o600)
}

// writeFiles writes keys and the configurations of sshd and ssh.
func (h *Hosts) writeFiles() error {
	listener, err := net.Listen("tcp", "127.0.1.1:0")
	if err != nil {
		return err
	}
	h.Port = listener.Addr().(*net.TCPAddr).Port
	listener.Close()
	for _, name := range []string{"host_key", "login_key"} {
		if _, err := NewKey(h.file(name)); err != nil {
			return err
		}
	}
	if err := h.Trust(h.Direct()); err != nil {
		return err
	}
	if err := os.WriteFile(h.file("sshd_config"), []byte(h.sshdConfig()), 0o644); err != nil {
		return err
	}
	if err := os.WriteFile(h.file("ansible.cfg"), []byte("[defaults]\n"), 0o644); err != nil {
		return err
	}
	return os.WriteFile(h.file("ssh_config"), fmt.Appendf(nil,
		"Port %d\nUser %s\nIdentityFile %s\nUserKnownHostsFile %s\nStrictHostKeyChecking yes\nLogLevel ERROR\n",
		h.Port, h.User, h.file("login_key"), h.file("known_hosts")), 0o644)
}

// sshdConfig lets many log in at a time, and gives each address a home.
func (h *Hosts) sshdConfig() string {
	var b strings.Builder
	fmt.Fprintf(&b, `Port %d
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
Subsystem sftp internal-sftp
`, h.Port, h.User, h.file("host_key"), h.file("login_key.pub"))
	for i := range Max {
		fmt.Fprintf(&b, "Match LocalAddress %s\n  SetEnv HOME=%s\n", h.Direct().IP(i), h.home(i))
	}
	return b.String()
}
