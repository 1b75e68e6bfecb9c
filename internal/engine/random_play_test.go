package engine_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

type object = map[string]any

// writer makes up a playbook. What it makes is mostly well, and sometimes fails
// at every place where a playbook can fail.
type writer struct {
	*rand.Rand
	hosts int
	tasks int // made so far
	files map[string]any
	depth int
	quiet bool // it reads no variables whose names are not known before the run
	role  bool // it is inside of a role, which includes no other
}

func (w *writer) chance(percent int) bool { return w.IntN(100) < percent }

func pick[T any](w *writer, from ...T) T { return from[w.IntN(len(from))] }

// register returns the name of a result, of few, so that tasks meet.
func (w *writer) register() string { return fmt.Sprint("r", w.IntN(4)) }
func (w *writer) fact() string     { return fmt.Sprint("f", w.IntN(3)) }
func (w *writer) file() string     { return fmt.Sprint("file", w.IntN(4)) }
func (w *writer) host() string     { return fmt.Sprint("h", w.IntN(w.hosts)+1) }
func (w *writer) handler() string  { return fmt.Sprint("handler ", w.IntN(4)) }

// known picks an expression, of those that it may.
func (w *writer) known(from ...string) string {
	for {
		if one := pick(w, from...); !w.quiet || !strings.Contains(one, "vars[") {
			return one
		}
	}
}

// condition returns an expression that is true or false, or fails.
func (w *writer) condition() string {
	r := w.register()
	return w.known("true", "inventory_hostname != 'h1'", "inventory_hostname == 'h2'",
		r+" is changed", r+" is failed", r+" is defined and "+r+".text is defined", "not ("+r+".changed | default(false))",
		w.fact()+" | default(0) | int > 1", w.fact()+" is defined", "ansible_files | default(0) | int < 3", "ansible_files is defined",
		"hostvars['"+w.host()+"']."+r+" is defined", "(hostvars['"+w.host()+"']."+w.fact()+" | default(1)) | int > 0",
		"lazy | int > 0", r+".long is defined", "ansible_calls is defined", "ansible_play_hosts | length > 1", "vars['"+r+"'] is defined", "nowhere.at_all", "ansible_facts.files is defined")
}

// text returns a template.
func (w *writer) text() string {
	r := w.register()
	return w.known("plain", "{{ inventory_hostname }}", "{{ "+r+".text | default('none') }}", "{{ "+w.fact()+" | default('none') }}",
		"{{ lazy }}", "{{ "+r+".results | default([]) | length }}", "{{ hostvars['"+w.host()+"']['"+r+"'].text | default('none') }}",
		"{{ ansible_files | default('unknown') }}", "{{ "+r+".long | default('short') }}", "{{ ansible_facts.files | default('unknown') }}", "{{ item | default('no item') }}", "{{ "+r+".changed | default('never') }}",
		"{{ lookup('sequence', 'end=2') }}", "{{ role_default | default('no role') }}", "{{ stated }}", "{{ undefined_everywhere }}",
		strings.Repeat("long ", w.IntN(2000)))
}

// call returns a task that does nothing but its module's work.
func (w *writer) call() object {
	by := "{{ inventory_hostname }}"
	switch w.IntN(16) {
	case 0, 1, 2:
		return object{"put": object{"name": w.file(), "text": w.text(), "by": by}}
	case 3, 4:
		return object{"note": object{"text": w.text(), "by": by}}
	case 5:
		return object{"look": object{"name": w.file(), "by": by}}
	case 6:
		return object{"break": object{"if": w.file(), "by": by}}
	case 7:
		return object{"note": object{"text": w.text(), "rc": pick(w, 0, 0, 1), "by": by}}
	case 8, 9:
		return object{"set_fact": object{w.fact(): pick[any](w, 1, 2, w.text(), "{{ ("+w.fact()+" | default(0) | int) + 1 }}")}}
	case 10:
		return object{"debug": object{"msg": w.text()}}
	case 11:
		return object{"assert": object{"that": []any{pick(w, "true", w.condition())}, "quiet": true}}
	case 12:
		return object{"copy": object{"content": w.text(), "dest": w.file()}}
	case 13:
		return object{"copy": object{"src": pick(w, "small", "large"), "dest": w.file()}}
	case 14:
		return object{"template": object{"src": "page.j2", "dest": w.file()}}
	}
	if w.chance(30) {
		return object{"setup": object{}}
	}
	return object{"debug": object{"var": pick(w, w.register(), w.fact(), "lazy")}}
}

// task returns a task with keywords.
func (w *writer) task() object {
	w.tasks++
	t := w.call()
	if !w.role && w.chance(2) {
		return pick(w, object{"include_role": object{"name": pick(w, "one", "two"), "allow_duplicates": w.chance(50)}},
			object{"import_role": object{"name": pick(w, "one", "two")}})
	}
	if w.chance(4) {
		return pick(w, object{"meta": "flush_handlers"}, object{"meta": "noop"}, object{"meta": "clear_facts"},
			object{"meta": "end_host", "when": []any{w.condition()}}, object{"fail": object{"msg": "as asked"}, "when": w.condition()},
			object{"include_tasks": object{"file": w.included()}, "when": w.condition()}, object{"import_tasks": w.included()},
			object{"group_by": object{"key": "made_{{ " + w.fact() + " | default('x') }}"}})
	}
	t["name"] = fmt.Sprintf("task %d", w.tasks)
	if w.chance(45) {
		t["register"] = w.register()
	}
	for _, k := range []struct {
		percent int
		key     string
		value   func() any
	}{
		{25, "when", func() any { return w.condition() }},
		{10, "ignore_errors", func() any { return pick[any](w, true, true, "{{ "+w.condition()+" }}") }},
		{6, "failed_when", func() any { return pick[any](w, false, true, w.condition()) }},
		{10, "changed_when", func() any { return pick[any](w, false, true, w.condition()) }},
		{20, "notify", func() any { return pick[any](w, w.handler(), "topic", w.handler(), "{{ 'handler 1' }}") }},
		{1, "notify", func() any { return "{{ {'no': 'name'} }}" }},
		{3, "no_log", func() any { return true }},
		{4, "check_mode", func() any { return w.chance(50) }},
		{5, "become", func() any { return true }},
		{3, "run_once", func() any { return pick[any](w, true, true, "{{ "+w.condition()+" }}") }},
		{3, "delegate_to", func() any { return w.host() }},
		{3, "environment", func() any { return object{"A": w.text()} }},
		{4, "vars", func() any { return object{"stated": w.text()} }},
		{2, "ignore_unreachable", func() any { return true }},
		{2, "throttle", func() any { return 1 }},
		{1, "any_errors_fatal", func() any { return true }},
	} {
		if w.chance(k.percent) {
			t[k.key] = k.value()
		}
	}
	if t["delegate_to"] != nil { // hosts that are at the same task do not meet in a file
		for _, module := range []string{"put", "look", "break", "copy", "template"} {
			for _, arg := range []string{"name", "if", "dest"} {
				if args, ok := t[module].(object); ok && args[arg] != nil {
					args[arg] = fmt.Sprint(args[arg], " of {{ inventory_hostname }}")
				}
			}
		}
	}
	if w.chance(3) {
		t["until"], t["retries"], t["delay"], t["register"] = w.condition(), 1, 0, w.register()
	}
	if w.chance(20) {
		w.loop(t)
	}
	return t
}

func (w *writer) loop(t object) {
	long := []any{}
	for i := range 30 {
		long = append(long, i)
	}
	t["loop"] = pick[any](w, []any{1, 2, 3}, []any{"a", "{{ " + w.fact() + " | default('b') }}"}, long, []any{},
		"{{ "+w.register()+".results | default([1]) | map(attribute='text', default='x') | list }}", "{{ range(5) | list }}", "{{ nowhere_to_loop }}")
	if w.chance(20) {
		t["when"] = pick(w, "item != 2", "item is defined and "+w.register()+" is defined")
	}
	if w.chance(25) {
		t["loop_control"] = pick(w, object{"index_var": "n"}, object{"label": w.text()}, object{"extended": true}, object{"pause": 0}, object{"loop_var": "item"}, object{"parallel": 1})
	}
}

func (w *writer) list(n int) []any {
	var out []any
	for range 1 + w.IntN(n) {
		out = append(out, w.entry())
	}
	return out
}

func (w *writer) entry() object {
	if w.depth > 2 || w.chance(82) {
		return w.task()
	}
	w.depth++
	defer func() { w.depth-- }()
	b := object{"block": w.list(4)}
	if w.chance(60) {
		b["rescue"] = append([]any{object{"debug": object{"msg": "{{ ansible_failed_task.name }}: {{ ansible_failed_result.msg | default('no message') }}"}}}, w.list(2)...)
	}
	if w.chance(40) {
		b["always"] = w.list(2)
	}
	if w.chance(7) {
		b["when"] = w.condition()
	}
	if w.chance(7) {
		b[pick(w, "ignore_errors", "become")] = true
	}
	return b
}

// included writes a file of tasks and returns its name.
func (w *writer) included() string {
	name := fmt.Sprintf("included%d.yml", len(w.files))
	w.files[name] = nil
	w.depth++
	defer func() { w.depth-- }()
	if w.depth > 3 {
		w.files[name] = []any{object{"debug": object{"msg": "deep"}}}
	} else {
		w.files[name] = w.list(3)
	}
	return name
}

func (w *writer) play() object {
	p := object{"hosts": pick(w, "all", "all", "all", "h1", "all:!h1"), "gather_facts": w.chance(40),
		"vars":  object{"lazy": w.text(), "stated": "of the play"},
		"tasks": w.list(12)}
	if w.chance(60) {
		p["become"] = false
	}
	var handlers []any
	for i := range 4 {
		h := w.call()
		if h["debug"] == nil && h["set_fact"] == nil && w.chance(20) {
			h["register"] = w.register()
		}
		h["name"] = fmt.Sprint("handler ", i)
		if w.chance(30) {
			h["listen"] = "topic"
		}
		if w.chance(20) {
			h["notify"] = w.handler()
		}
		handlers = append(handlers, h)
	}
	p["handlers"] = handlers
	for _, k := range []struct {
		percent int
		key     string
		value   any
	}{
		{15, "force_handlers", true}, {10, "serial", pick(w, 1, 2)}, {5, "any_errors_fatal", true}, {5, "max_fail_percentage", 40},
		{15, "roles", []any{"one", "two", "one"}}, {10, "pre_tasks", w.list(3)}, {10, "post_tasks", w.list(3)},
		{5, "ignore_errors", true}, {5, "strategy", "free"},
	} {
		if w.chance(k.percent) {
			p[k.key] = k.value
		}
	}
	return p
}

// playbook writes a random playbook into a new folder, and returns the folder and
// the text.
func (w *writer) playbook(t *testing.T) (dir, text string) {
	t.Helper()
	w.files = map[string]any{}
	w.hosts = 1 + w.IntN(3)
	w.quiet = w.chance(60)
	w.depth, w.role = 1, true
	w.files["roles/one/tasks/main.yml"], w.files["roles/two/tasks/main.yml"] = []any{w.task(), w.task()}, []any{w.task()}
	w.depth, w.role = 0, false
	w.files["roles/one/defaults/main.yml"] = object{"role_default": "of role one"}
	plays := []any{w.play()}
	if w.chance(40) {
		plays = append(plays, w.play())
	}
	w.files["play.yml"] = plays
	hosts := object{}
	for i := range w.hosts {
		hosts[fmt.Sprint("h", i+1)] = object{"ansible_connection": "ssh", "stock": i}
	}
	if w.chance(10) {
		hosts["down1"] = object{}
	}
	w.files["inventory.yml"] = object{"all": object{"hosts": hosts}}
	dir = t.TempDir()
	for name, content := range w.files {
		path := filepath.Join(dir, name)
		data, err := json.MarshalIndent(content, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		write(t, path, string(data))
		text += "--- " + name + "\n" + string(data) + "\n"
	}
	write(t, filepath.Join(dir, "files/small"), "small\n")
	write(t, filepath.Join(dir, "files/large"), strings.Repeat("large\n", 5000))
	write(t, filepath.Join(dir, "templates/page.j2"), "{{ inventory_hostname }} {{ f1 | default('-') }} {{ r1.text | default('-') }}\n")
	return dir, text
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
