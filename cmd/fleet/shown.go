package main

import (
	"encoding/json"
	"math"
	"path/filepath"
	"strings"

	"gopkg.in/yaml.v3"

	"fleet/internal/inventory"
	"fleet/internal/jinja"
)

// shownVars gives variables as `fleet inventory` shows them: templates as they are
// written, encrypted values encrypted.
type shownVars struct {
	*setup
	dir    string // of a playbook, or ""
	export bool   // only what is set at the host itself
	text   bool   // values are for asText
}

func (s *setup) shown(f *inventoryFlags) shownVars {
	dir := f.playbookDir
	if dir != "" {
		dir = filepath.Clean(dir)
	}
	return shownVars{s, dir, f.export, !f.list && f.host == ""}
}

// host returns the variables that the inventory and the command line have for a
// host.
func (s shownVars) host(name string) (map[string]any, error) {
	layers, err := s.inventory.Layers(name, s.dir)
	if err != nil {
		return nil, err
	}
	out := jinja.NewMap()
	for _, l := range layers {
		own := l.Kind == inventory.HostInventory || l.Kind == inventory.HostFiles || l.Kind == inventory.HostPlaybook
		if own || !s.export {
			s.put(out, l)
		}
	}
	if !s.export {
		s.store.Put(out, s.extra)
	}
	for _, name := range internal {
		out.Delete(name)
	}
	return s.values(out), nil
}

// internal are the names that mean something of their own in a run, whatever an
// inventory says.
var internal = []string{
	"ansible_config_file", "ansible_diff_mode", "ansible_facts", "ansible_forks", "ansible_inventory_sources", "ansible_limit",
	"ansible_play_batch", "ansible_play_hosts", "ansible_play_hosts_all", "ansible_play_role_names", "ansible_playbook_python",
	"ansible_role_name", "ansible_role_names", "ansible_run_tags", "ansible_skip_tags", "ansible_verbosity", "ansible_version",
	"group_names", "groups", "hostvars", "inventory_dir", "inventory_file", "inventory_hostname", "inventory_hostname_short",
	"omit", "play_hosts", "playbook_dir", "role_name", "role_names", "role_path", "role_uuid",
}

// group returns the variables of a group.
func (s shownVars) group(name string) (map[string]any, error) {
	layers, err := s.inventory.GroupLayers(name, s.dir)
	if err != nil {
		return nil, err
	}
	out := jinja.NewMap()
	for _, l := range layers {
		s.put(out, l)
	}
	if g, ok := s.inventory.Group(name); ok && g.Priority != 1 {
		out.Set("ansible_group_priority", g.Priority)
	}
	return s.values(out), nil
}

func (s shownVars) put(out *jinja.Map, l inventory.Layer) {
	s.store.Put(out, s.store.Map(l.Vars)) // which marks the secrets
}

// values returns variables as values to print.
func (s shownVars) values(vars *jinja.Map) map[string]any {
	if !s.text {
		return shownMap(vars)
	}
	m := make(map[string]any, vars.Len())
	for k, v := range vars.All() {
		m[jinja.Str(k)] = v
	}
	return m
}

func shownMap(v *jinja.Map) map[string]any {
	m := make(map[string]any, v.Len())
	for k, e := range v.All() {
		m[shownKey(k)] = shownValue(e)
	}
	return m
}

// shownKey is a key as JSON has it.
func shownKey(k any) string {
	switch k.(type) {
	case nil:
		return "null"
	case bool:
		return strings.ToLower(jinja.Str(k))
	}
	return jinja.Str(k)
}

// shownValue returns a value that encoding/json and YAML write as Ansible does.
func shownValue(v any) any {
	switch v := v.(type) {
	case *jinja.Map:
		return shownMap(v)
	case []any:
		list := make([]any, len(v))
		for i, e := range v {
			list[i] = shownValue(e)
		}
		return list
	case *jinja.Vaulted:
		return sealed(v.Vault())
	case interface{ Source() string }: // a template
		return v.Source()
	case float64:
		return fraction(v)
	case string:
		if jinja.IsTemplate(v) {
			return unsafeText(v)
		}
	}
	return v
}

// unsafeText is a text that looks like a template and is none, which whoever reads
// the inventory again has to know.
type unsafeText string

// MarshalJSON writes it as Ansible does.
func (t unsafeText) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]string{"__ansible_unsafe": string(t)})
}

// MarshalYAML writes it as it is read.
func (t unsafeText) MarshalYAML() (any, error) {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!unsafe", Style: yaml.TaggedStyle | yaml.SingleQuotedStyle, Value: string(t)}, nil
}

// sealed is an encrypted value.
type sealed string

// MarshalJSON writes it as Ansible does.
func (s sealed) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]string{"__ansible_vault": string(s)})
}

// MarshalYAML writes it as it is read.
func (s sealed) MarshalYAML() (any, error) {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!vault", Style: yaml.TaggedStyle | yaml.LiteralStyle, Value: string(s)}, nil
}

// fraction is a number with a fraction, which stays one where it is 0.
type fraction float64

// MarshalJSON writes it as Python does.
func (f fraction) MarshalJSON() ([]byte, error) {
	if math.IsInf(float64(f), 0) || math.IsNaN(float64(f)) { // for which JSON has no number
		return json.Marshal(jinja.Str(float64(f)))
	}
	return jinja.ToJSON(float64(f))
}

// MarshalYAML writes it as Python does.
func (f fraction) MarshalYAML() (any, error) {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!float", Value: jinja.Str(float64(f))}, nil
}

// asText writes a value as Python's str() does.
func asText(v any) string { return jinja.Str(written(v)) }

// written returns a value with templates as they are written.
func written(v any) any {
	switch v := v.(type) {
	case *jinja.Map:
		m := jinja.NewMap()
		for k, e := range v.All() {
			m.Set(k, written(e))
		}
		return m
	case []any:
		list := make([]any, len(v))
		for i, e := range v {
			list[i] = written(e)
		}
		return list
	case *jinja.Vaulted:
		return "(encrypted)"
	case interface{ Source() string }: // a template
		return v.Source()
	}
	return v
}
