package main

import (
	"encoding/json"
	"path/filepath"

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
}

func (s *setup) shown(f *inventoryFlags) shownVars {
	dir := f.playbookDir
	if dir != "" {
		dir = filepath.Clean(dir)
	}
	return shownVars{s, dir, f.export}
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
	return shownMap(out), nil
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
	return shownMap(out), nil
}

func (s shownVars) put(out *jinja.Map, l inventory.Layer) {
	s.store.Put(out, s.store.Map(l.Vars)) // which marks the secrets
}

func shownMap(v *jinja.Map) map[string]any {
	m := make(map[string]any, v.Len())
	for k, e := range v.All() {
		m[jinja.Str(k)] = shownValue(e)
	}
	return m
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
	}
	return v
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
func (f fraction) MarshalJSON() ([]byte, error) { return jinja.ToJSON(float64(f)) }

// MarshalYAML writes it as Python does.
func (f fraction) MarshalYAML() (any, error) {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!float", Value: jinja.Str(float64(f))}, nil
}

// asText writes a value as Python's str() does.
func asText(v any) string {
	switch v := v.(type) {
	case sealed:
		return "(encrypted)"
	case fraction:
		return jinja.Str(float64(v))
	case string:
		return v
	}
	data, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	read, err := jinja.FromJSON(data)
	if err != nil {
		return string(data)
	}
	return jinja.Str(read)
}
