package engine

import (
	"path"

	"fleet/internal/playbook"
)

// Listed is a task as --list-tasks shows it.
type Listed struct {
	Name string // with its role before it
	Tags []string
	Task *playbook.Task
}

// Tasks returns the play's tasks in their order, without handlers and without
// what dynamic includes bring in at run time.
func Tasks(p *playbook.Play) []Listed {
	var out []Listed
	var walk func(entries []playbook.Entry)
	walk = func(entries []playbook.Entry) {
		for _, e := range entries {
			switch e := e.(type) {
			case *playbook.Task:
				l := Listed{listName(e), Tags(p, e), e}
				for _, open := range OpenTags(p, e) {
					l.Tags = append(l.Tags, open.Text())
				}
				out = append(out, l)
			case *playbook.Block:
				walk(e.Body)
				walk(e.Rescue)
				walk(e.Always)
			}
		}
	}
	for _, section := range [][]playbook.Entry{p.PreTasks, p.Roles, p.Tasks, p.PostTasks} {
		walk(section)
	}
	return out
}

func listName(t *playbook.Task) string {
	name := t.Name.Text()
	if name == "" {
		name = t.Module
	}
	if role := playbook.RoleOf(t); role != nil {
		return role.Name + " : " + name
	}
	return name
}

// StartsAt reports whether a run of --start-at-task starts at the task: at is its
// name, with its role's before it or not, or a glob of its name.
func StartsAt(t *playbook.Task, at string) bool {
	name := t.Name.Text()
	if role := playbook.RoleOf(t); name == at || role != nil && at == role.Name+" : "+name {
		return true
	}
	ok, err := path.Match(at, name)
	return ok && err == nil
}
