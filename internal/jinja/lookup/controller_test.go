package lookup

import (
	"os"
	"path/filepath"
	"testing"

	"fleet/internal/jinja"
)

// TestController: what the lookups say of the inventory, the settings, and files
// in other encodings.
func TestController(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.WriteFile("old.ini", []byte("[global]\nword=\xe9t\xe9 \xa4\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	all := New(Options{
		Hosts: func(patterns []string) ([]string, error) { return append([]string{"web1"}, patterns...), nil },
		Setting: func(name string) (any, string, bool) {
			return []string{"a", "b"}, "ansible.cfg:2:1", name == "TAGS_RUN"
		},
		Plugin: func(_, plugin, name string) (s PluginSetting, known, ok bool) {
			switch name {
			case "port":
				s = PluginSetting{Vars: []string{"ansible_port", "ansible_ssh_port"}, Number: true}
			case "user":
				s = PluginSetting{Value: "root", Origin: "default"}
			}
			return s, plugin == "ssh", name != "gone"
		},
	})
	ssh := func(more ...any) *jinja.Map {
		return jinja.NewMap(append([]any{"plugin_type", "connection", "plugin_name", "ssh"}, more...)...)
	}
	scope := jinja.NewContext(t.Context(), nil, jinja.Vars{"ansible_port": 1, "ansible_ssh_port": "2022"})
	for _, c := range []struct {
		lookup string
		terms  []any
		kw     *jinja.Map
		want   string
	}{
		{"inventory_hostnames", []any{"db"}, nil, "['web1', 'db']"},
		{"config", []any{"TAGS_RUN"}, nil, "[['a', 'b']]"},
		{"config", []any{"TAGS_RUN"}, jinja.NewMap("show_origin", true), "[(['a', 'b'], 'ansible.cfg:2:1')]"},
		{"config", []any{"GONE"}, nil, `Unable to find setting GONE: it is no setting that fleet knows`},
		{"config", []any{"GONE"}, jinja.NewMap("on_missing", "skip"), "[]"},
		{"config", []any{"GONE"}, jinja.NewMap("on_missing", "maybe"), `the lookup "config": on_missing is "maybe", valid values are: error, skip, warn`},
		{"config", []any{"port"}, jinja.NewMap("plugin_type", "connection"), `the lookup "config": plugin_type and plugin_name go together`},
		{"config", []any{1337}, nil, `Invalid setting identifier, "1337" is not a string`},
		{"config", []any{"port", "user"}, ssh(), "[2022, 'root']"},
		{"config", []any{"port"}, ssh("show_origin", true), "[(2022, 'var: ansible_ssh_port')]"},
		{"config", []any{"user"}, ssh("show_origin", true), "[('root', 'default')]"},
		{"config", []any{"gone"}, ssh(), `Unable to find setting gone of the connection plugin "ssh"`},
		{"config", []any{"port"}, jinja.NewMap("plugin_type", "connection", "plugin_name", "winrm"), `Unable to load connection plugin "winrm": fleet has none of this name`},
		{"ini", []any{"word"}, jinja.NewMap("file", "old.ini", "encoding", "ISO8859-15"), "['été €']"},
		{"ini", []any{"word"}, jinja.NewMap("file", "old.ini", "encoding", "latin_1"), "['été ¤']"},
		{"ini", []any{"word"}, jinja.NewMap("file", "old.ini", "encoding", "ebcdic"), `the encoding "ebcdic" is not supported`},
		{"fileglob", []any{"*.ini"}, nil, "['" + filepath.Join(dir, "old.ini") + "']"},
		{"first_found", []any{"new.ini", "old.ini"}, nil, "['" + filepath.Join(dir, "old.ini") + "']"},
		{"unvault", []any{"none"}, nil, `the lookup "unvault" cannot find the file "none": No such file or directory`},
	} {
		got, err := all[c.lookup](scope, c.terms, c.kw)
		said := jinja.Repr(got)
		if err != nil {
			said = err.Error()
		}
		if said != c.want {
			t.Errorf("%s %v: %s, want %s", c.lookup, c.terms, said, c.want)
		}
	}
}
