package engine

import (
	"testing"

	"fleet/internal/playbook"
	"fleet/internal/source"
)

func TestStartsAt(t *testing.T) {
	docs, err := source.ParseYAML("p.yml", []byte("Copy a/b to c"))
	if err != nil {
		t.Fatal(err)
	}
	named := &playbook.Task{Module: "copy", Keywords: playbook.Keywords{Name: docs[0]}}
	bare := &playbook.Task{Module: "ansible.builtin.copy"}
	role := &playbook.Block{Role: &playbook.Role{Name: "web"}}
	inRole := &playbook.Task{Module: "copy", Parent: role}
	for _, c := range []struct {
		task *playbook.Task
		at   string
		want bool
	}{
		{named, "Copy a/b to c", true}, {named, "Copy*", true}, {named, "*/b ?o c", true}, {named, "copy", false}, {named, "*d", false},
		{bare, "ansible.builtin.copy", true}, {bare, "copy", false}, {bare, "*copy", true},
		{inRole, "web : copy", true}, {inRole, "web*", true}, {inRole, "copy", false},
	} {
		if got := StartsAt(c.task, c.at); got != c.want {
			t.Errorf("%s at %q: %v", c.task.Module, c.at, got)
		}
	}
}
