package engine

import (
	"cmp"
	"path"
	"strings"

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
// name, or its module's where it has none, with its role's before it or not, or a
// glob of these.
func StartsAt(t *playbook.Task, at string) bool {
	name := cmp.Or(t.Name.Text(), t.Module)
	if role := playbook.RoleOf(t); role != nil {
		if inRole := " : " + name; matches(role.Name+inRole, at) || matches(role.FullName()+inRole, at) {
			return true
		}
		name = t.Name.Text()
	}
	return name != "" && matches(name, at)
}

// matches reports whether a name is the one that is wanted, or the glob's. No
// character of it ends a "*".
func matches(name, glob string) bool {
	flat := strings.NewReplacer("/", "\x00")
	ok, err := path.Match(flat.Replace(glob), flat.Replace(name))
	return name == glob || ok && err == nil
}
