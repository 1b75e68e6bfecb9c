package lookup

import (
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

// read returns a file's text, decrypted where it is a vault.
func (l lookups) read(path string) (string, error) { return read(l.o.Files, path) }
