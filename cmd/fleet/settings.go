package main

import (
	"strconv"
	"strings"
	"sync"

	"github.com/spf13/pflag"

	"fleet/internal/jinja/lookup"
	"fleet/internal/settings"
	"fleet/internal/source"
)

// configuration returns Ansible's settings, which are read once.
func (a *app) configuration() (*settings.Settings, error) {
	if a.settings != nil {
		return a.settings, nil
	}
	s, warnings, err := settings.Load()
	for _, w := range warnings {
		a.warnOf(w)
	}
	if err != nil {
		return nil, err
	}
	a.settings = s
	switch {
	case s.Bool("ANSIBLE_NOCOLOR"):
		a.color = false
	case s.Bool("ANSIBLE_FORCE_COLOR"):
		a.color = true
	}
	return s, nil
}

// flagSettings are the settings that stand for flags which are not given.
var flagSettings = []struct{ flag, setting string }{
	{"ask-become-pass", "DEFAULT_BECOME_ASK_PASS"},
	{"ask-pass", "DEFAULT_ASK_PASS"},
	{"ask-vault-pass", "DEFAULT_ASK_VAULT_PASS"},
	{"become", "DEFAULT_BECOME"},
	{"become-method", "DEFAULT_BECOME_METHOD"},
	{"become-user", "DEFAULT_BECOME_USER"},
	{"connection", "DEFAULT_TRANSPORT"},
	{"diff", "DIFF_ALWAYS"},
	{"encrypt-vault-id", "DEFAULT_VAULT_ENCRYPT_IDENTITY"},
	{"export", "INVENTORY_EXPORT"},
	{"force-handlers", "DEFAULT_FORCE_HANDLERS"},
	{"forks", "DEFAULT_FORKS"},
	{"host-key-checking", "HOST_KEY_CHECKING"},
	{"playbook-dir", "PLAYBOOK_DIR"},
	{"private-key", "DEFAULT_PRIVATE_KEY_FILE"},
	{"skip-tags", "TAGS_SKIP"},
	{"tags", "TAGS_RUN"},
	{"timeout", "SSH_TIMEOUT"},
	{"timeout", "DEFAULT_TIMEOUT"},
	{"user", "DEFAULT_REMOTE_USER"},
	{"verbose", "DEFAULT_VERBOSITY"},
}

// fillFlags sets the flags that are not given from the settings that are.
func fillFlags(flags *pflag.FlagSet, s *settings.Settings) error {
	for _, f := range flagSettings {
		if flags.Lookup(f.flag) == nil || flags.Changed(f.flag) || !s.Given(f.setting) {
			continue
		}
		if err := flags.Set(f.flag, flagValue(s, f.flag, f.setting)); err != nil {
			return source.Errorf(source.Pos{File: s.Origin(f.setting)}, "--%s: %w", f.flag, err)
		}
	}
	return nil
}

// flagValue returns a setting as its flag is written.
func flagValue(s *settings.Settings, flag, setting string) string {
	v, _ := s.Value(setting)
	switch v := v.(type) {
	case bool:
		if flag == "host-key-checking" {
			return map[bool]string{true: "strict", false: "off"}[v]
		}
		return strconv.FormatBool(v)
	case int:
		return strconv.Itoa(v)
	case []string:
		return strings.Join(v, ",")
	case string:
		if flag == "connection" && (v == "smart" || v == "paramiko") {
			return "ssh"
		}
		if setting == "DEFAULT_PRIVATE_KEY_FILE" {
			return s.Path(setting)
		}
		return v
	}
	return ""
}

// setting returns a setting for the lookup config.
func (s *setup) setting(name string) (v any, origin string, known bool) {
	v, known = s.settings.Value(name)
	return v, s.settings.Origin(name), known
}

// pluginSetting returns a plugin's setting for the lookup config.
func (s *setup) pluginSetting(kind, plugin, name string) (out lookup.PluginSetting, known, ok bool) {
	o, known, ok := settings.PluginOption(kind, plugin, name)
	if !ok {
		return out, known, false
	}
	out = lookup.PluginSetting{Vars: o.Vars, Number: o.Kind == settings.Int, Origin: "default"}
	if o.Setting != "" {
		out.Value, out.Origin, _ = s.setting(o.Setting)
	}
	if out.Value == nil && o.Default != "" {
		out.Value = o.Default
	}
	return out, true, true
}

// duplicates returns what becomes of keys that stand twice in a mapping.
func (a *app) duplicates(conf *settings.Settings) func(*source.Error) error {
	switch conf.Text("DUPLICATE_YAML_DICT_KEY") {
	case "ignore":
		return func(*source.Error) error { return nil }
	case "warn":
		var said sync.Map // a file may be read more than once
		return func(e *source.Error) error {
			if _, before := said.LoadOrStore(e.Error(), true); !before {
				a.warn(e.Error() + "; the last one counts")
			}
			return nil
		}
	}
	return nil
}
