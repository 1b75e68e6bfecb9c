package playbook

import (
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"fleet/internal/source"
)

const runTime = `
-- p.yml --
- hosts: all
  roles: [outer]
  tasks:
    - name: tasks
      include_tasks: {file: more.yml, apply: {become: true, vars: {b: 2}, notify: hook}}
      vars: {a: 1, b: 1}
      when: no_effect
    - name: role
      include_role: {name: late, apply: {tags: [applied]}}
      vars: {c: 3}
  handlers:
    - name: handler
      include_tasks: hooks.yml
-- more.yml --
- ping:
- import_tasks: deep/x.yml
- import_role: {name: late}
-- deep/x.yml --
- import_tasks: y.yml
-- deep/y.yml --
- debug: msg=y
-- hooks.yml --
- name: hook
  ping:
  listen: topic
-- broken.yml --
- pign:
- ping:
  whne: x
-- roles/outer/tasks/main.yml --
- include_tasks: part.yml
- include_role: {name: late, tasks_from: other}
-- roles/outer/tasks/part.yml --
- debug: msg=part
-- roles/late/tasks/main.yml --
- debug: msg=late
-- roles/late/tasks/other.yml --
- debug: msg=other
-- roles/late/handlers/main.yml --
- name: late handler
  ping:
-- roles/late/meta/main.yml --
dependencies: [base]
-- roles/base/tasks/main.yml --
- debug: msg=base
-- roles/base/handlers/main.yml --
- name: base handler
  ping:
`

// loadRunTime loads the playbook above and returns its play.
func loadRunTime(t *testing.T) (*Loader, *Play) {
	t.Helper()
	for _, c := range casesOf(t, prefixed(runTime)) {
		t.Chdir(c.dir)
	}
	l := &Loader{Modules: testModules}
	pb, err := l.Load("p.yml")
	if err != nil {
		t.Fatal(show(pb, err))
	}
	return l, pb.Plays[0]
}

func prefixed(text string) *txtar.Archive {
	a := txtar.Parse([]byte(text))
	for i := range a.Files {
		a.Files[i].Name = "case/" + a.Files[i].Name
	}
	return a
}

func dumpBlock(b *Block) string {
	var d dumper
	d.block(b)
	return d.String()
}

func expect(t *testing.T, got, want string) {
	t.Helper()
	if want = strings.TrimPrefix(want, "\n"); got != want {
		t.Errorf("got:\n%swant:\n%s", got, want)
	}
}

func TestIncludeTasks(t *testing.T) {
	l, p := loadRunTime(t)
	b, err := l.Tasks("more.yml", p.Tasks[0].(*Task), nil)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, dumpBlock(b), `
block p.yml:4:7
  import: include_tasks {file: "more.yml", apply: {become: true, vars: {b: 2}, notify: "hook"}}
  params: {a: 1, b: 1}
  vars: {a: 1, b: 2}
  become: true
  body
    more.yml:1:3 ping in .: null
      notify: ["hook"]
    block more.yml:2:3
      import: import_tasks "deep/x.yml"
      body
        block deep/x.yml:1:3
          import: import_tasks "y.yml"
          body
            deep/y.yml:1:3 debug in deep: "msg=y"
              notify: ["hook"]
    use of role late more.yml:3:3
      import: import_role {name: "late"}
      body
        use of role base roles/late/meta/main.yml:1:16
          body
            role base roles/late/meta/main.yml:1:16 duplicates=false parents=1 dependencies=0
              body
                roles/base/tasks/main.yml:1:3 debug in roles/base/tasks: "msg=base"
                  role: base
                  notify: ["hook"]
        role late more.yml:3:3 duplicates=true parents=0 dependencies=1
          body
            roles/late/tasks/main.yml:1:3 debug in roles/late/tasks: "msg=late"
              role: late
              notify: ["hook"]
  handlers
    roles/base/handlers/main.yml:1:3 ping in roles/base/handlers: null
      role: base
      name: "base handler"
      notify: ["hook"]
    roles/late/handlers/main.yml:1:3 ping in roles/late/handlers: null
      role: late
      name: "late handler"
      notify: ["hook"]
`)
}

func TestIncludeRole(t *testing.T) {
	l, p := loadRunTime(t)
	b, handlers, err := l.Role("late", RoleOptions{Play: p}, p.Tasks[1].(*Task))
	if err != nil {
		t.Fatal(err)
	}
	expect(t, dumpBlock(b), `
block p.yml:8:7
  import: include_role {name: "late", apply: {tags: ["applied"]}}
  params: {c: 3}
  tags: applied
  vars: {c: 3}
  body
    use of role late 
      body
        use of role base roles/late/meta/main.yml:1:16
          body
            role base roles/late/meta/main.yml:1:16 duplicates=false parents=1 dependencies=0
              body
                roles/base/tasks/main.yml:1:3 debug in roles/base/tasks: "msg=base"
                  role: base
        role late  duplicates=true parents=0 dependencies=1
          body
            roles/late/tasks/main.yml:1:3 debug in roles/late/tasks: "msg=late"
              role: late
`)
	if len(handlers) != 2 || handlers[1].Name.Text() != "late handler" || RoleOf(handlers[1]).Name != "late" {
		t.Errorf("handlers: %v", handlers)
	}
	again, handlers, err := l.Role("late", RoleOptions{Play: p}, p.Tasks[1].(*Task))
	if err != nil || len(handlers) != 0 || again.Body[0].(*Block).Use.Key != b.Body[0].(*Block).Use.Key {
		t.Errorf("the second use has another key, or has handlers: %v, %v", handlers, err)
	}
}

func TestIncludeInsideRole(t *testing.T) {
	l, p := loadRunTime(t)
	own := p.Roles[0].(*Block).Body[0].(*Block)
	b, err := l.Tasks("part.yml", own.Body[0].(*Task), nil)
	if err != nil {
		t.Fatal(err)
	}
	if task := b.Body[0].(*Task); task.Dir != "roles/outer/tasks" || RoleOf(task) != own.Role {
		t.Errorf("%s is in %s", task.Pos, task.Dir)
	}
	inner, _, err := l.Role("late", RoleOptions{TasksFrom: "other", Play: p}, own.Body[1].(*Task))
	if err != nil {
		t.Fatal(err)
	}
	if use := inner.Body[0].(*Block).Use; len(use.Parents) != 1 || use.Parents[0] != own.Role {
		t.Errorf("parents: %v", use.Parents)
	}
}

func TestIncludeInHandler(t *testing.T) {
	l, p := loadRunTime(t)
	b, err := l.Tasks("hooks.yml", p.Handlers[len(p.Handlers)-1], nil)
	if err != nil {
		t.Fatal(err)
	}
	if h := b.Body[0].(*Task); !h.Handler || h.Listen[0] != "topic" {
		t.Errorf("not a handler: %v", h)
	}
}

func TestIncludeMistakes(t *testing.T) {
	l, p := loadRunTime(t)
	include := p.Tasks[0].(*Task)
	_, err := l.Tasks("broken.yml", include, nil)
	expect(t, show(nil, err), `
broken.yml:1:3: unknown module "pign"
hint: did you mean "ping"?
broken.yml:3:3: unknown keyword "whne" in a task
hint: did you mean "when"?
`)
	_, err = l.Tasks("mor.yml", include, nil)
	expect(t, show(nil, err), `
p.yml:5:7: cannot find the file "mor.yml"
hint: did you mean "more.yml"? looked for mor.yml, tasks/mor.yml
`)
	_, _, err = l.Role("lat", RoleOptions{Play: p}, include)
	expect(t, show(nil, err), `
p.yml:5:7: cannot find the role "lat"
hint: did you mean "late"? looked for roles/lat, lat
`)
}

func TestIncludesAtTheSameTime(t *testing.T) {
	l, p := loadRunTime(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := l.Tasks("more.yml", p.Tasks[0].(*Task), nil); err != nil {
				t.Error(err)
			}
			if _, _, err := l.Role("late", RoleOptions{Play: p}, p.Tasks[1].(*Task)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func FuzzLoad(f *testing.F) {
	f.Add("- hosts: all\n  roles: [{role: x, a: 1}]\n  tasks: [{block: [{ping: , loop: [1]}], rescue: []}, {local_action: {module: copy}}]")
	f.Add("- import_playbook: p\n- hosts: a\n  vars_prompt: [{name: x}]\n  handlers: [{shell: 'a b=c', listen: x}]")
	f.Add("- hosts: [a]\n  tasks: [{import_role: name=x}, {include_tasks: {file: a, apply: {tags: b}}}, {with_items: 1, ping: 2}]")
	f.Fuzz(func(_ *testing.T, text string) {
		l := &Loader{Modules: testModules}
		node, err := single(source.ParseYAML("p.yml", []byte(text)))
		l.files = map[string]document{"p.yml": {node, err}}
		pb, err := l.Load("p.yml")
		show(pb, err)
	})
}
