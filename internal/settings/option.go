package settings

import "strings"

// Option is a setting of one of Ansible's plugins, as the lookup config asks for
// it: a variable of the host decides, or else a setting.
type Option struct {
	Type, Plugin string   // "connection", "ssh"
	Name         string   // "remote_user"
	Vars         []string // variables of a host; the last one that is set decides
	Setting      string   // in the table; "" for none
	Kind         Kind
	Default      string // where there is no setting
}

// PluginOption returns the option of a plugin. known is false where fleet does
// not know the plugin itself.
func PluginOption(kind, plugin, name string) (option Option, known, ok bool) {
	plugin = strings.TrimPrefix(strings.TrimPrefix(plugin, "ansible.builtin."), "ansible.legacy.")
	for _, o := range pluginOptions {
		if o.Type != kind || o.Plugin != plugin {
			continue
		}
		if known = true; o.Name == name {
			return o, true, true
		}
	}
	return Option{}, known, false
}

// pluginOptions are the options that fleet's own ways to reach a host and to
// become another user have, by type, plugin and name.
var pluginOptions = []Option{
	{Type: "become", Plugin: "doas", Name: "become_exe", Vars: []string{"ansible_become_exe", "ansible_doas_exe"}, Setting: "DEFAULT_BECOME_EXE", Default: "doas"},
	{Type: "become", Plugin: "doas", Name: "become_flags", Vars: []string{"ansible_become_flags", "ansible_doas_flags"}, Setting: "DEFAULT_BECOME_FLAGS"},
	{Type: "become", Plugin: "doas", Name: "become_user", Vars: []string{"ansible_become_user", "ansible_doas_user"}, Setting: "DEFAULT_BECOME_USER"},
	{Type: "become", Plugin: "su", Name: "become_exe", Vars: []string{"ansible_become_exe", "ansible_su_exe"}, Setting: "DEFAULT_BECOME_EXE", Default: "su"},
	{Type: "become", Plugin: "su", Name: "become_flags", Vars: []string{"ansible_become_flags", "ansible_su_flags"}, Setting: "DEFAULT_BECOME_FLAGS"},
	{Type: "become", Plugin: "su", Name: "become_user", Vars: []string{"ansible_become_user", "ansible_su_user"}, Setting: "DEFAULT_BECOME_USER"},
	{Type: "become", Plugin: "sudo", Name: "become_exe", Vars: []string{"ansible_become_exe", "ansible_sudo_exe"}, Setting: "DEFAULT_BECOME_EXE", Default: "sudo"},
	{Type: "become", Plugin: "sudo", Name: "become_flags", Vars: []string{"ansible_become_flags", "ansible_sudo_flags"}, Setting: "DEFAULT_BECOME_FLAGS", Default: "-H -S -n"},
	{Type: "become", Plugin: "sudo", Name: "become_user", Vars: []string{"ansible_become_user", "ansible_sudo_user"}, Setting: "DEFAULT_BECOME_USER"},
	{Type: "connection", Plugin: "ssh", Name: "host", Vars: []string{"inventory_hostname", "ansible_host", "ansible_ssh_host"}},
	{Type: "connection", Plugin: "ssh", Name: "host_key_checking", Vars: []string{"ansible_host_key_checking", "ansible_ssh_host_key_checking"}, Setting: "HOST_KEY_CHECKING", Kind: Bool},
	{Type: "connection", Plugin: "ssh", Name: "port", Vars: []string{"ansible_port", "ansible_ssh_port"}, Setting: "DEFAULT_REMOTE_PORT", Kind: Int},
	{Type: "connection", Plugin: "ssh", Name: "private_key_file", Vars: []string{"ansible_private_key_file", "ansible_ssh_private_key_file"}, Setting: "DEFAULT_PRIVATE_KEY_FILE", Kind: Path},
	{Type: "connection", Plugin: "ssh", Name: "remote_user", Vars: []string{"ansible_user", "ansible_ssh_user"}, Setting: "DEFAULT_REMOTE_USER"},
	{Type: "connection", Plugin: "ssh", Name: "ssh_args", Vars: []string{"ansible_ssh_args"}, Setting: "SSH_ARGS"},
	{Type: "connection", Plugin: "ssh", Name: "ssh_common_args", Vars: []string{"ansible_ssh_common_args"}, Setting: "SSH_COMMON_ARGS"},
	{Type: "connection", Plugin: "ssh", Name: "ssh_extra_args", Vars: []string{"ansible_ssh_extra_args"}, Setting: "SSH_EXTRA_ARGS"},
	{Type: "connection", Plugin: "ssh", Name: "timeout", Vars: []string{"ansible_ssh_timeout"}, Setting: "DEFAULT_TIMEOUT", Kind: Int},
	{Type: "shell", Plugin: "sh", Name: "remote_tmp", Vars: []string{"ansible_remote_tmp"}, Setting: "REMOTE_TMP"},
}
