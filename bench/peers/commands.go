package peers

import (
	"fmt"
	"path/filepath"
	"strconv"

	"fleet/bench/hosts"
)

// AnsibleEnv gives Ansible its quickest usual configuration, and folders that go.
func AnsibleEnv(dir string) []string {
	return []string{"ANSIBLE_CONFIG=" + filepath.Join(dir, "ansible.cfg"), "ANSIBLE_PIPELINING=1", "ANSIBLE_SSH_CONTROL_PATH_DIR=" + filepath.Join(dir, "c"),
		"ANSIBLE_LOCAL_TEMP=" + filepath.Join(dir, "ansible"), "ANSIBLE_NOCOLOR=1", "ANSIBLE_TIMEOUT=60"}
}

// MitogenEnv gives it Mitogen's strategy.
func MitogenEnv(dir string) []string {
	return append(AnsibleEnv(dir), "ANSIBLE_STRATEGY=mitogen_linear", "ANSIBLE_STRATEGY_PLUGINS="+Mitogen.File)
}

// PlaybookArgs runs a playbook with 50 forks.
func PlaybookArgs(inventory, playbook string) []string {
	return []string{Ansible.File, "-f", "50", "-i", inventory, playbook}
}

// RawArgs runs one command on all hosts of the inventory, without Python.
func RawArgs(inventory, command string) []string {
	return []string{"/usr/bin/ansible", "all", "-f", "100", "-i", inventory, "-m", "raw", "-a", command}
}

// ClushArgs runs one command on the first n hosts.
func ClushArgs(h *hosts.Hosts, n int, command string) []string {
	return []string{Clush.File, "-S", "-f", "100", "-o", "-F " + filepath.Join(h.Dir, "ssh_config"),
		"-w", fmt.Sprintf("%s.[1-%d]", h.Direct().Network, n), command}
}

// ParallelSSHArgs runs one command on the hosts of a list of addresses. It prints
// what they say.
func ParallelSSHArgs(h *hosts.Hosts, list, command string) []string {
	return []string{ParallelSSH.File, "-p", "100", "-t", "0", "-i", "-l", h.User, "-x", "-F " + filepath.Join(h.Dir, "ssh_config"), "-h", list, command}
}

// RsyncArgs copies a folder's content to a folder on host number i.
func RsyncArgs(h *hosts.Hosts, r hosts.Route, i int, from, to string) []string {
	return []string{Rsync.File, "-a", "-z", "-e", sshLine(h, r), from + "/", h.User + "@" + r.IP(i) + ":" + to}
}

// TarLine is a shell line that copies a folder's content with tar through ssh.
func TarLine(h *hosts.Hosts, r hosts.Route, i int, from, to string) []string {
	return []string{"/bin/sh", "-c", fmt.Sprintf("tar -C %s -czf - . | %s %s 'mkdir -p %s && tar -C %s -xzf -'", from, sshLine(h, r), r.IP(i), to, to)}
}

func sshLine(h *hosts.Hosts, r hosts.Route) string {
	return SSH.File + " -F " + filepath.Join(h.Dir, "ssh_config") + " -p " + strconv.Itoa(r.Port)
}
