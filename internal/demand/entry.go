package demand

import (
	"reflect"
	"strings"

	"fleet/internal/argument"
	"fleet/internal/jinja"
	"fleet/internal/playbook"
	"fleet/internal/source"
)

// parts takes in every node that can be reached from an entry, a play or a role,
// whatever keyword it belongs to: a keyword that is new counts by itself.
func (r *run) parts(of any) { r.part(reflect.ValueOf(of)) }

func (r *run) part(v reflect.Value) {
	switch v.Kind() {
	case reflect.Interface:
		r.part(v.Elem())
	case reflect.Pointer:
		if v.IsNil() || !r.meets(v.Interface()) {
			return
		}
		r.part(v.Elem())
		if t, isTask := v.Interface().(*playbook.Task); isTask {
			r.task(t)
		}
	case reflect.Slice:
		for i := range v.Len() {
			if n, isNode := v.Index(i).Interface().(source.Node); isNode {
				r.condition(n)
			}
			r.part(v.Index(i))
		}
	case reflect.Struct:
		if n, isNode := v.Interface().(source.Node); isNode {
			r.node(n)
			return
		}
		if k, has := v.Interface().(playbook.Keywords); has {
			r.writes = r.writes || k.DelegateTo.Exists()
			r.connection(k.Connection)
			if k.Debugger.Exists() && k.Debugger.Text() != "never" {
				r.anything() // who knows what is asked for
			}
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				r.part(v.Field(i))
			}
		}
	}
}

// condition: a template in a condition may give the name of what it reads.
func (r *run) condition(n source.Node) {
	if n.IsString() && jinja.IsTemplate(n.Text()) {
		r.anything()
	}
}

// task takes in what a task reads besides its own texts.
func (r *run) task(t *playbook.Task) {
	if t.Loop != nil && t.Register != "" {
		r.demand.looped[t.Register] = true
	}
	if t.Loop != nil && t.Loop.Lookup != "" {
		r.lookup(t.Loop.Lookup)
	}
	name := argument.ShortName(t.Module)
	if jinja.IsTemplate(t.Module) {
		r.anything()
	}
	switch name {
	case "command", "shell", "raw", "script":
	default:
		if t.Action.IsString() {
			r.words(t.Action.Text())
		}
	}
	switch name {
	case "assert":
		that := t.Argument("that")
		r.condition(that)
		for _, n := range that.Items() {
			r.condition(n)
		}
	case "assemble", "copy", "fail", "gather_facts", "pause", "raw", "reboot", "script", "set_fact", "set_stats", "setup",
		"unarchive", "uri", "wait_for_connection": // their texts are all that they read
	case "fetch":
		r.writes = true
	case "meta":
		if strings.TrimSpace(t.Action.Text()) == "refresh_inventory" {
			r.anything() // the new one has other variables
		}
	case "debug":
		r.debug(t)
	case "include_role":
		r.includeRole(t)
	case "include_tasks":
		r.includeTasks(t)
	case "include_vars":
		r.includeVars(t)
	case "template":
		r.templateFile(t)
	default:
		if r.actions[name] { // other groups with other variables, or what is new here
			r.anything()
		}
	}
}

// debug: the value of `var` is an expression, which a template may make.
func (r *run) debug(t *playbook.Task) {
	text := t.Action.Text()
	if jinja.IsTemplate(t.Argument("var").Text()) || t.Args.IsString() || r.hasDefaults(t, "debug") ||
		t.Action.IsString() && jinja.IsTemplate(text) && strings.Contains(text, "var") {
		r.anything()
	}
}

func (r *run) includeTasks(t *playbook.Task) {
	n := t.IncludedFile()
	if !n.IsString() || jinja.IsTemplate(n.Text()) || t.Args.IsString() {
		r.anything()
		return
	}
	file, err := r.searchFor(t).Find("tasks", strings.TrimSpace(n.Text()))
	if err != nil {
		r.anything()
		return
	}
	type included struct{ play, file, role, around string }
	if !r.meets(included{r.dir, file, r.searchFor(t).Role, r.searchFor(t).Around}) {
		return
	}
	r.files = true
	b, err := r.Loader.Tasks(file, t, nil)
	if err != nil || b.Open {
		r.anything()
		return
	}
	r.parts(b)
}

func (r *run) includeRole(t *playbook.Task) {
	o := playbook.RoleOptions{Play: r.scratch}
	var name string
	for arg, to := range map[string]*string{"name": &name, "tasks_from": &o.TasksFrom, "vars_from": &o.VarsFrom,
		"defaults_from": &o.DefaultsFrom, "handlers_from": &o.HandlersFrom} {
		n := t.Argument(arg)
		if n.Exists() && (!n.IsString() || jinja.IsTemplate(n.Text())) {
			r.anything()
			return
		}
		*to = n.Text()
	}
	if name == "" || !t.Action.IsMap() || t.Args.Exists() {
		r.anything()
		return
	}
	if !r.meets([6]string{r.dir, name, o.TasksFrom, o.VarsFrom, o.DefaultsFrom, o.HandlersFrom}) {
		return
	}
	r.files = true
	b, handlers, err := r.Loader.Role(name, o, t)
	if err != nil || b.Open {
		r.anything()
		return
	}
	r.parts(b)
	r.parts(handlers)
}

func (r *run) includeVars(t *playbook.Task) {
	switch file := t.Argument("file"); {
	case t.Args.Exists() || t.Argument("dir").Exists() || strings.Contains(t.Action.Text(), "="):
		r.anything()
	case file.Exists():
		r.varFile(file, t)
	default:
		r.varFile(t.Action, t)
	}
}

// templateFile takes in the file of a template task.
func (r *run) templateFile(t *playbook.Task) {
	src := t.Argument("src")
	if !t.Action.IsMap() || t.Args.Exists() || !src.IsString() || jinja.IsTemplate(src.Text()) || r.hasDefaults(t, "template") {
		r.anything()
		return
	}
	for _, p := range t.Action.Pairs() {
		if strings.HasSuffix(p.Key.Text(), "_string") {
			r.anything() // delimiters of its own
			return
		}
	}
	file, err := r.searchFor(t).Find("templates", strings.TrimSpace(src.Text()))
	if err != nil {
		r.anything()
		return
	}
	r.file(file)
}

// hasDefaults reports whether module_defaults may give arguments to a task of a
// module.
func (r *run) hasDefaults(t *playbook.Task, module string) bool {
	given := []source.Node{r.defaults, t.ModuleDefaults}
	for b := t.Parent; b != nil; b = b.Parent {
		given = append(given, b.ModuleDefaults)
	}
	for i := 0; i < len(given); i++ {
		n := given[i]
		if n.IsString() {
			return true
		}
		given = append(given, n.Items()...)
		for _, p := range n.Pairs() {
			if argument.ShortName(p.Key.Text()) == module {
				return true
			}
		}
	}
	return false
}
