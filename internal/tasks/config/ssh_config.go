package config

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// SSHConfig has a host in the configuration of OpenSSH's client, or takes it out.
//
// Options of the host that the arguments know and do not give are taken out; all
// others, the comments and the other hosts stay as they are.
//
// Example:
//
//	tasks:
//	  - name: The way to the machines behind the gate
//	    ssh_config:
//	      user: deploy
//	      host: "*.internal"
//	      proxyjump: gate.example.org
//	      identity_file: /home/deploy/.ssh/id_ed25519
var SSHConfig = sys.Define(spec.Module{
	Name:      "ssh_config",
	Names:     []string{"community.general.ssh_config"},
	Exclusive: [][]string{{"user", "ssh_config_file"}, {"proxycommand", "proxyjump"}},
}, sshConfig)

type sshConfigArgs struct {
	// The host, as it is named on the command line, or a pattern.
	Host string `arg:"host,required"`
	// Whether it should be there.
	State string `arg:"state" choices:"absent,present" default:"present"`
	// Whose configuration it is: .ssh/config in the home folder. Without it and
	// ssh_config_file it is /etc/ssh/ssh_config.
	User string `arg:"user"`
	// The group that a new file belongs to.
	Group string `arg:"group"`
	// The file.
	SSHConfigFile string `arg:"ssh_config_file" type:"path"`
	// The host's real name or address.
	Hostname string `arg:"hostname"`
	// The port.
	Port string `arg:"port"`
	// The user to log in as.
	RemoteUser string `arg:"remote_user"`
	// The file of the private key.
	IdentityFile string `arg:"identity_file"`
	// Whether only that key is offered.
	IdentitiesOnly *bool `arg:"identities_only"`
	// The file of the known hosts.
	UserKnownHostsFile string `arg:"user_known_hosts_file"`
	// Whether the host's key has to be known.
	StrictHostKeyChecking string `arg:"strict_host_key_checking" choices:"accept-new,ask,no,yes"`
	// The command that reaches the host.
	ProxyCommand string `arg:"proxycommand"`
	// The host to go through.
	ProxyJump string `arg:"proxyjump"`
	// Whether the agent can be asked from there.
	ForwardAgent *bool `arg:"forward_agent"`
	// Whether keys go to the agent once they were used.
	AddKeysToAgent *bool `arg:"add_keys_to_agent"`
	// The kinds of host keys that are taken.
	HostKeyAlgorithms string `arg:"host_key_algorithms"`
	// Whether connections share one.
	ControlMaster string `arg:"controlmaster" choices:"ask,auto,autoask,no,yes"`
	// The socket of that one.
	ControlPath string `arg:"controlpath"`
	// How long it stays.
	ControlPersist string `arg:"controlpersist"`
	// Other options, by the names that ssh_config(5) has.
	OtherOptions map[string]string `arg:"other_options"`
}

type sshConfigResult struct {
	// The file.
	Path string `json:"path"`
	// The host, if it was added.
	HostsAdded []string `json:"hosts_added"`
	// The host, if its options were changed.
	HostsChanged []string `json:"hosts_changed"`
	// The host, if it was removed.
	HostsRemoved []string `json:"hosts_removed"`
}

func sshConfig(ctx context.Context, m *sys.Machine, a *sshConfigArgs) (any, error) {
	wanted := a.options()
	for _, o := range append(wanted, option{"host", a.Host}) {
		if strings.ContainsAny(o.name+o.value, "\n\r") || strings.ContainsAny(o.name, " \t=#") {
			return nil, fmt.Errorf("the option %q cannot stand on one line", o.name)
		}
	}
	path, perms, err := a.place(m)
	if err != nil {
		return nil, err
	}
	text, _, err := m.ReadText(path)
	if err != nil {
		return nil, err
	}
	res := &sshConfigResult{Path: path, HostsAdded: []string{}, HostsChanged: []string{}, HostsRemoved: []string{}}
	if a.State == "absent" {
		wanted = nil
	}
	next, there := editHost(text, a.Host, wanted, a.State == "absent")
	if next == text {
		return res, nil
	}
	done := &res.HostsAdded
	switch {
	case a.State == "absent":
		done = &res.HostsRemoved
	case there:
		done = &res.HostsChanged
	}
	*done = []string{a.Host}
	if _, err := os.Stat(m.Path(filepath.Dir(path))); os.IsNotExist(err) {
		if _, err := m.MakeDir(ctx, filepath.Dir(path), sys.Perms{Mode: "0700", Owner: perms.Owner, Group: perms.Group}); err != nil {
			return res, err
		}
	}
	_, err = m.Write(ctx, sys.Write{Path: path, Content: sys.Bytes([]byte(next)), Perms: perms, Follow: true})
	return res, err
}

// place returns the file and its permissions.
func (a *sshConfigArgs) place(m *sys.Machine) (path string, perms sys.Perms, err error) {
	switch {
	case a.User != "":
		if path, err = m.Expand("~" + a.User + "/.ssh/config"); err != nil {
			return "", perms, err
		}
		perms = sys.Perms{Mode: "0600", Owner: a.User, Group: a.Group}
	case a.SSHConfigFile != "":
		path, err = m.Expand(a.SSHConfigFile)
		perms = sys.Perms{Mode: "0600", Group: a.Group}
	default:
		return "/etc/ssh/ssh_config", sys.Perms{Mode: "0644"}, nil
	}
	if a.IdentityFile != "" && a.State == "present" && err == nil {
		key, kerr := m.Expand(a.IdentityFile)
		if !filepath.IsAbs(key) {
			key = filepath.Join(filepath.Dir(path), key)
		}
		if _, serr := os.Stat(m.Path(key)); kerr == nil && serr != nil && !m.Foresees() {
			return "", perms, fmt.Errorf("IdentityFile %s does not exist", a.IdentityFile)
		}
	}
	return path, perms, err
}
