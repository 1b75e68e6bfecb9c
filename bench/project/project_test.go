package project

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWriteIsDeterministicAndAsLarge(t *testing.T) {
	var texts []string
	for range 2 {
		dir := t.TempDir()
		if err := (Size{Roles: 3, TasksPerRole: 10, Hosts: 120}).Write(dir); err != nil {
			t.Fatal(err)
		}
		tasks, err := os.ReadFile(filepath.Join(dir, "roles/service002/tasks/main.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		hosts, err := os.ReadFile(filepath.Join(dir, "inventory.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(tasks), "- name: "); n != 10 {
			t.Errorf("%d tasks", n)
		}
		if n := strings.Count(string(hosts), "ansible_host"); n != 120 {
			t.Errorf("%d hosts", n)
		}
		texts = append(texts, string(tasks)+string(hosts))
	}
	if texts[0] != texts[1] {
		t.Error("two projects differ")
	}
}
