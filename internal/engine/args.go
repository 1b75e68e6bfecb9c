package engine

import (
	"cmp"
	"strings"

	"fleet/internal/argument"
	"fleet/internal/jinja"
	"fleet/internal/playbook"
	"fleet/internal/source"
	"fleet/internal/spec"
	"fleet/internal/vars"
)

// shortName returns a module's name without its collection.
func shortName(name string) string { return argument.ShortName(name) }

// args evaluates and checks the task's arguments.
func (a *attempt) args() (*jinja.Map, error) {
	out := jinja.NewMap()
	for _, part := range []func(*jinja.Map) error{a.moduleDefaults, a.argsKeyword, a.ownArgs} {
		if err := part(out); err != nil {
			return nil, err
		}
	}
	a.textsStay(out)
	v, err := jinja.Deep(a.c, out)
	if err != nil {
		return nil, err
	}
	args, ok := jinja.DropOmit(v).(*jinja.Map)
	if !ok {
		return nil, a.task.Action.Errorf("the arguments are no mapping")
	}
	if a.action == nil || !a.action.open {
		if args, err = writeOut(a.spec.Args(), args); err != nil {
			return nil, err
		}
		if err := a.checkArgs(args); err != nil {
			return nil, err
		}
	}
	a.hide(args)
	a.evaluated = args
	return args, nil
}

// textsStay keeps what the task writes for an argument that is text from becoming
// the list that it looks like: a line such as "[{{ port }}]".
func (a *attempt) textsStay(args *jinja.Map) {
	for k, v := range args.All() {
		text, isText := v.(*jinja.Text)
		if !isText {
			continue
		}
		if arg, ok := spec.Find(a.spec.Args(), jinja.Str(k)); ok && (arg.Type == spec.Str || arg.Type == spec.Path) {
			args.Set(k, text.Plain())
		}
	}
}

// moduleDefaults adds what module_defaults says for the module, the outer first.
func (a *attempt) moduleDefaults(out *jinja.Map) error {
	var nodes []source.Node
	for e := playbook.Entry(a.task); ; {
		nodes = append(nodes, e.Common().ModuleDefaults)
		up := e.Up()
		if up == nil {
			break
		}
		e = up
	}
	nodes = append(nodes, a.Play.ModuleDefaults)
	behind := a.standsFor()
	for i := len(nodes) - 1; i >= 0; i-- {
		v, err := a.engine.value(a.c, nodes[i])
		if err != nil {
			return err
		}
		m, _ := v.(*jinja.Map)
		if m == nil {
			continue
		}
		for name, defaults := range m.All() {
			short := shortName(jinja.Str(name))
			d, ok := defaults.(*jinja.Map)
			if ok && (short == a.spec.Name || short == behind || playbook.InGroup(jinja.Str(name), a.spec.Name)) {
				merge(out, d)
			}
		}
	}
	return nil
}

// standsFor is the module that service and package stand for on this host, as far
// as its facts say: its defaults are theirs.
func (a *attempt) standsFor() string {
	fact := map[string]string{"service": "ansible_service_mgr", "package": "ansible_pkg_mgr"}[a.spec.Name]
	if fact == "" {
		return ""
	}
	r := &reader{engine: a.engine, c: a.c}
	return r.text(fact)
}

func merge(into, from *jinja.Map) {
	if into.Len() == 0 {
		*into = *from.Clone()
		return
	}
	for k, v := range from.All() {
		into.Set(k, v)
	}
}

func (a *attempt) argsKeyword(out *jinja.Map) error {
	return a.mergeNode(out, a.task.Args, "args")
}

// mergeNode adds the entries of a mapping, or of a template that gives one.
func (a *attempt) mergeNode(out *jinja.Map, n source.Node, what string) error {
	if !n.Exists() || n.IsNull() {
		return nil
	}
	if n.IsMap() {
		m, _ := a.engine.Vars.Value(n).(*jinja.Map)
		merge(out, m)
		return nil
	}
	v, err := a.engine.value(a.c, n)
	if err != nil {
		return err
	}
	m, ok := v.(*jinja.Map)
	if !ok {
		return n.Errorf("%s: invalid or malformed argument: %s", what, short(jinja.Repr(v))).
			WithHint("the template has to give a mapping of arguments")
	}
	merge(out, m)
	return nil
}

// ownArgs adds what stands behind the module's name.
func (a *attempt) ownArgs(out *jinja.Map) error {
	n := a.task.Action
	if !n.Exists() || n.IsNull() || n.IsMap() {
		return a.mergeNode(out, n, a.task.Module)
	}
	if n.IsList() {
		return n.Errorf("the arguments of %s have to be a mapping or text, not a list", a.spec.Name)
	}
	pairs, template, err := argument.FreeForm(a.task, a.spec)
	if err != nil {
		return err
	}
	if template {
		return a.mergeNode(out, n, a.spec.Name)
	}
	for _, p := range pairs {
		out.Set(p.Key, lazyText(p.Value, p.Pos))
	}
	return nil
}

func lazyText(s string, pos source.Pos) any {
	if jinja.IsTemplate(s) {
		return jinja.NewText(s, pos)
	}
	return s
}

// checkArgs holds the evaluated arguments against the module.
func (a *attempt) checkArgs(args *jinja.Map) error {
	errs := a.spec.Check(plainMap(args), nil)
	if len(errs) == 0 {
		return nil
	}
	err := argument.Error(a.task, a.spec, errs[0])
	if words := a.ansibleSays(errs[0]); words != "" {
		err.Msg = words
	}
	return err
}

// ansibleSays returns Ansible's words for a mistake, where playbooks look for them.
func (a *attempt) ansibleSays(e *spec.Error) string {
	unknown, isUnknown := strings.CutPrefix(e.Msg, "unknown argument ")
	name := strings.Trim(unknown, `"`)
	arg, _ := spec.Find(a.spec.Args(), e.Key)
	switch {
	case isUnknown && a.action != nil && a.action.spec != nil && a.spec.Name != "pause":
		return "Invalid options for " + a.spec.Name + ": " + name
	case isUnknown:
		return "Unsupported parameters for (" + a.spec.Name + ") module: " + name
	case strings.HasPrefix(e.Msg, "missing required arguments"):
		return e.Msg
	case arg.Plain:
		option := map[string]string{"src": "source"}
		return "Invalid type supplied for " + cmp.Or(option[e.Key], e.Key) + " option, it must be a string: " + e.Msg
	}
	return ""
}

// plainMap is plain of a mapping.
func plainMap(m *jinja.Map) map[string]any {
	out := make(map[string]any, m.Len())
	for k, e := range m.All() {
		out[jinja.Str(k)] = plain(e)
	}
	return out
}

// plain turns template values into what encoding/json would give.
func plain(v any) any {
	switch v := v.(type) {
	case *jinja.Map:
		return plainMap(v)
	case []any:
		l := make([]any, len(v))
		for i, e := range v {
			l[i] = plain(e)
		}
		return l
	case jinja.Tuple:
		return plain([]any(v))
	case nil, bool, int, float64, string:
		return v
	}
	return jinja.Str(v)
}

// hide gives secret arguments to the run's secrets: those that the module
// declares, and those in inner mappings whose names say so.
func (a *attempt) hide(args *jinja.Map) {
	for key, v := range args.All() {
		arg, ok := spec.Find(a.spec.Args(), jinja.Str(key))
		a.hideValue(v, ok && arg.Secret)
	}
}

func (a *attempt) hideValue(v any, secret bool) {
	switch v := v.(type) {
	case *jinja.Map:
		for k, e := range v.All() {
			a.hideValue(e, secret || vars.IsSecretName(jinja.Str(k)))
		}
	case []any:
		for _, e := range v {
			a.hideValue(e, secret)
		}
	case string, int:
		if text := jinja.Str(v); secret && text != "" && a.engine.Secrets != nil {
			a.engine.Secrets.Add(text)
		}
	}
}

func lines(s string) []any {
	out := []any{}
	if s == "" {
		return out
	}
	for line := range strings.Lines(s) {
		out = append(out, strings.TrimRight(line, "\r\n"))
	}
	return out
}
