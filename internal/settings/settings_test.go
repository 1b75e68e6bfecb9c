package settings

import (
	"os"
	"slices"
	"strings"
	"testing"
)

func TestTable(t *testing.T) {
	names, keys := []string{}, map[string]bool{}
	for _, row := range Table() {
		names = append(names, row.Name)
		if row.About == "" {
			t.Errorf("%s: nothing says what it does", row.Name)
		}
		for _, section := range sections() {
			for _, key := range row.keys(section) {
				if keys[section+"."+key] {
					t.Errorf("%s.%s stands twice", section, key)
				}
				keys[section+"."+key] = true
			}
		}
		if err := row.check(value{text: row.Default}); err != nil && row.Default != "" {
			t.Error(err)
		}
	}
	if !slices.IsSorted(names) {
		t.Error("the table is not sorted by name")
	}
}

func load(t *testing.T, text string) (*Settings, []string, error) {
	t.Helper()
	t.Chdir(t.TempDir())
	t.Setenv("HOME", t.TempDir())
	if err := os.WriteFile("ansible.cfg", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s, warnings, err := Load()
	var said []string
	for _, w := range warnings {
		said = append(said, w.Error())
	}
	return s, said, err
}

func TestLoad(t *testing.T) {
	t.Setenv("ANSIBLE_TIMEOUT", "3")
	s, said, err := load(t, `
[defaults]
inventory = a.yml, /b/hosts ; where hosts are
roles_path: r1:~/r2
  :/r3
remote_user = "some one"
timeout=8
pipelining = yes
log_path = x.log
[privilege_escalation]
become = True
[colors]
error = red
`)
	if err != nil {
		t.Fatal(err)
	}
	home := os.Getenv("HOME")
	for got, want := range map[string]string{
		strings.Join(s.Paths("DEFAULT_HOST_LIST"), " "):  "a.yml /b/hosts",
		strings.Join(s.Paths("DEFAULT_ROLES_PATH"), " "): "r1 " + home + "/r2 /r3",
		s.Text("DEFAULT_REMOTE_USER"):                    "some one",
		s.Text("DEFAULT_TIMEOUT"):                        "3",
		s.Origin("DEFAULT_REMOTE_USER"):                  "ansible.cfg:6:1",
		s.Origin("DEFAULT_TIMEOUT"):                      "ANSIBLE_TIMEOUT",
		s.Origin("DEFAULT_FORKS"):                        "default",
		strings.Join(said, "\n"):                         "ansible.cfg:9:1: the setting log_path (section [defaults]) is ignored",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if !s.Bool("DEFAULT_BECOME") || s.Bool("DEFAULT_NO_LOG") {
		t.Error("yes and no")
	}
}

func TestMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"forks = 3":                              "ansible.cfg:1:1: the setting stands in no section",
		"[defaults\n":                            `ansible.cfg:1:1: "[defaults" is not a section`,
		"[defaults]\nforks":                      `ansible.cfg:2:1: "forks" is not key = value`,
		"[defaults]\nforks = x":                  `ansible.cfg:2:1: forks (section [defaults]): want a whole number, not "x"`,
		"[defaults]\ngathering = lazy":           `ansible.cfg:2:1: gathering (section [defaults]): "lazy" is not supported`,
		"[defaults]\nerror_on_undefined_vars=no": "ansible.cfg:2:1: the setting error_on_undefined_vars (section [defaults]) is not supported",
		"[defaults]\nfact_caching = redis":       `ansible.cfg:2:1: fact_caching (section [defaults]): "redis" is not supported`,
		"[privilege_escalation]\nbecome=ja":      `ansible.cfg:2:1: become (section [privilege_escalation]): want yes or no, not "ja"`,
	} {
		if _, _, err := load(t, text); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("[defaults]\na = b ; c\n d\n")
	f.Fuzz(func(_ *testing.T, text string) { _, _ = parse("f", text) })
}
