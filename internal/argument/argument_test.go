package argument

import (
	"testing"

	"fleet/internal/playbook"
	"fleet/internal/source"
	"fleet/internal/spec"
)

func task(t *testing.T, action string) *playbook.Task {
	t.Helper()
	docs, err := source.ParseYAML("p.yml", []byte("copy:"+action))
	if err != nil {
		t.Fatal(err)
	}
	return &playbook.Task{Module: "copy", ModulePos: docs[0].Pos(), Action: docs[0].Get("copy")}
}

func TestErrorPointsAtWhatIsWritten(t *testing.T) {
	for _, c := range []struct{ action, key, want string }{
		{"\n  mod: 1\n", "mod", `p.yml:2:3: copy: wrong`},
		{"\n  ports:\n    - target: 1\n    - taget: 2\n", "ports[1].taget", `p.yml:4:7: copy: wrong`},
		{"\n  ports:\n    - a\n    - b\n", "ports[1]", `p.yml:4:7: copy: wrong`},
		{"\n  ports: {a: 1}\n", "ports.b", `p.yml:2:3: copy: wrong`},
		{" src=a mod=1", "mod", `p.yml:1:13: copy: wrong`},
		{"\n  mod: 1\n", "", `p.yml:1:1: copy: wrong`},
	} {
		err := Error(task(t, c.action), &spec.Module{Name: "copy"}, &spec.Error{Key: c.key, Msg: "wrong"})
		if err.Error() != c.want {
			t.Errorf("%q %s: got %s, want %s", c.action, c.key, err, c.want)
		}
		if err.Hint != "`fleet doc copy` lists the arguments" {
			t.Errorf("hint: %s", err.Hint)
		}
	}
}

func TestFreeForm(t *testing.T) {
	for _, c := range []struct {
		module, free, action string
		want                 map[string]string
		template, fails      bool
	}{
		{"copy", "", " src=a dest='b c'", map[string]string{"src": "a", "dest": "b c"}, false, false},
		{"copy", "", ` "{{ all }}"`, nil, true, false},
		{"copy", "", " some text", nil, false, true},
		{"command", "cmd", " make x=1 chdir=/srv", map[string]string{"cmd": "make x=1", "chdir": "/srv"}, false, false},
		{"command", "cmd", ` echo "a`, nil, false, true},
	} {
		pairs, template, err := FreeForm(task(t, c.action), &spec.Module{Name: c.module, FreeForm: c.free})
		if (err != nil) != c.fails || template != c.template || len(pairs) != len(c.want) {
			t.Errorf("%s: %v %v %v", c.action, pairs, template, err)
		}
		for _, p := range pairs {
			if c.want[p.Key] != p.Value {
				t.Errorf("%s: %s is %q", c.action, p.Key, p.Value)
			}
		}
	}
}

func TestShortName(t *testing.T) {
	for name, want := range map[string]string{
		"ansible.builtin.copy": "copy", "community.docker.docker_login": "docker_login", "apt": "apt", "other.thing.copy": "other.thing.copy",
	} {
		if got := ShortName(name); got != want {
			t.Errorf("%s: got %s", name, got)
		}
	}
}
