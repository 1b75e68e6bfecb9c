package lookup

import (
	"slices"

	"fleet/internal/jinja"
)

// unvault returns what files hold, decrypted where they are vaults.
func (l lookups) unvault(_ *jinja.Context, terms []any, kw *jinja.Map) ([]any, error) {
	if err := only("unvault", kw); err != nil {
		return nil, err
	}
	out := []any{}
	for _, t := range terms {
		name, err := text("unvault", t)
		if err != nil {
			return nil, err
		}
		path, err := l.mustFind("unvault", "files", name)
		if err != nil {
			return nil, err
		}
		s, err := l.read(path)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

// inventoryHostnames returns the hosts that a pattern names.
func (l lookups) inventoryHostnames(_ *jinja.Context, terms []any, kw *jinja.Map) ([]any, error) {
	if err := only("inventory_hostnames", kw); err != nil {
		return nil, err
	}
	if l.o.Hosts == nil {
		return nil, failed("the lookup \"inventory_hostnames\" has no inventory here")
	}
	var patterns []string
	for _, t := range terms {
		p, err := text("inventory_hostnames", t)
		if err != nil {
			return nil, err
		}
		patterns = append(patterns, p)
	}
	hosts, err := l.o.Hosts(patterns)
	if err != nil {
		return nil, err
	}
	out := []any{}
	for _, h := range hosts {
		out = append(out, h)
	}
	return out, nil
}

// config returns Ansible's settings, by their names in Ansible.
func (l lookups) config(_ *jinja.Context, terms []any, kw *jinja.Map) ([]any, error) {
	if err := only("config", kw, "on_missing", "plugin_type", "plugin_name", "show_origin"); err != nil {
		return nil, err
	}
	missing := option(kw, "on_missing", "error")
	if words := []string{"error", "skip", "warn"}; !slices.Contains(words, missing) {
		return nil, failed("the lookup \"config\": on_missing is one of error, skip, warn, not %q", missing)
	}
	if option(kw, "plugin_type", "") != "" || option(kw, "plugin_name", "") != "" {
		return nil, failed("the lookup \"config\" knows no settings of plugins: there are none")
	}
	origin, err := flag(kw, "show_origin", false)
	if err != nil {
		return nil, err
	}
	out := []any{}
	for _, t := range terms {
		name, err := text("config", t)
		if err != nil {
			return nil, err
		}
		v, from, known := l.o.setting(name)
		switch {
		case !known && missing == "error":
			return nil, failed("there is no setting %q that fleet knows", name).WithHint("docs/ansible.md lists them")
		case !known:
		case origin:
			out = append(out, jinja.Tuple{v, from})
		default:
			out = append(out, v)
		}
	}
	return out, nil
}

// setting returns a setting as a value, and where it comes from.
func (o Options) setting(name string) (v any, from string, known bool) {
	if o.Setting == nil {
		return nil, "", false
	}
	v, from, known = o.Setting(name)
	if list, isList := v.([]string); isList {
		items := make([]any, len(list))
		for i, s := range list {
			items[i] = s
		}
		v = items
	}
	return v, from, known
}

// read returns a file's text, decrypted where it is a vault.
func (l lookups) read(path string) (string, error) { return read(l.o.Files, path) }
