package facts

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"fleet/internal/tasks/sys"
)

func TestContainer(t *testing.T) {
	for _, c := range []struct {
		name  string
		files map[string]string
		want  []string
	}{
		{"none", nil, nil},
		{"by its file", map[string]string{".dockerenv": ""}, []string{"docker"}},
		{"by its group", map[string]string{"proc/1/cgroup": "0::/docker/1f\n", ".dockerenv": ""}, []string{"docker"}},
		{"a docker that says so", map[string]string{"proc/1/environ": "A=b\x00container=docker\x00", ".dockerenv": ""}, []string{"container", "docker"}},
		{"an lxc", map[string]string{"proc/1/environ": "container=lxc\x00"}, []string{"lxc"}},
		{"of systemd", map[string]string{"run/systemd/container": "systemd-nspawn\n"}, []string{"systemd-nspawn"}},
		{"a podman", map[string]string{"run/.containerenv": ""}, []string{"podman"}},
	} {
		root := t.TempDir()
		for name, text := range c.files {
			file := filepath.Join(root, name)
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		g := &gatherer{m: &sys.Machine{Root: root}}
		if got := g.container(); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}
