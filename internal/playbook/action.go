package playbook

import (
	"fmt"
	"strconv"
	"strings"

	"fleet/internal/nearest"
	"fleet/internal/source"
)

// builtin returns a name without the prefix of the collections that everything
// here belongs to.
func builtin(name string) string {
	name = strings.TrimPrefix(name, "ansible.builtin.")
	return strings.TrimPrefix(name, "ansible.legacy.")
}

// structural are the modules that the playbook package itself knows.
var structural = map[string]bool{
	"import_playbook": true, "import_role": true, "import_tasks": true, "include": true,
	"include_role": true, "include_tasks": true, "meta": true,
}

func (r *reader) knownModule(name string) bool {
	if structural[builtin(name)] {
		return true
	}
	if r.Modules == nil {
		_, keyword := r.words[name]
		return !keyword || name == "user"
	}
	return r.Modules.Known(name)
}

func (r *reader) moduleNames() []string {
	names := []string{"import_role", "import_tasks", "include_role", "include_tasks", "meta"}
	if r.Modules != nil {
		names = append(names, r.Modules.Names()...)
	}
	return names
}

// noModule is the mistake that a name is no module.
func (r *reader) noModule(name source.Node) *source.Error {
	text := name.Text()
	e := name.Errorf("unknown module %q", text)
	known := r.moduleNames()
	short := text[strings.LastIndexByte(text, '.')+1:]
	if e.Hint = source.DidYouMean(text, known); e.Hint == "" && short != text {
		if e.Hint = source.DidYouMean(short, known); has(known, short) {
			e.WithHint("did you mean %q?", short)
		}
	}
	if e.Hint == "" {
		e.Hint = `"fleet doc --list" names all modules`
	}
	return e
}

// lacks notes that nothing here has the name that a task names. Where a condition
// keeps the task to machines that have such a thing, only what is reached fails:
// err decides that, when the conditions around it are read too.
func (r *reader) lacks(t *Task, e *source.Error) {
	t.Lacks = e
	r.fail(&lack{t, e})
}

// lack is a mistake as long as no condition stands on the way to its task.
type lack struct {
	task *Task
	err  *source.Error
}

func (l *lack) Error() string { return l.err.Error() }

// conditional reports whether a condition stands on the way to the task.
func (t *Task) conditional() bool {
	if t.When != nil {
		return true
	}
	for b := t.Parent; b != nil; b = b.Parent {
		if b.When != nil {
			return true
		}
	}
	return false
}

// module finds the one module of a task among its actions. strange are the keys
// that are neither keywords nor modules.
func (r *reader) module(n source.Node, t *Task, actions, strange []source.Pair, in place) bool {
	if len(actions) == 0 {
		r.missingModule(n, t, strange, in)
		return false
	}
	for _, p := range strange {
		e := r.unknown(p.Key, in)
		if e.Hint == "" {
			e.Hint = fmt.Sprintf("indent it more if it is an argument of %q", actions[0].Key.Text())
		}
	}
	if len(actions) > 1 {
		r.fail(actions[1].Key.Errorf("two modules in one task: %q and %q", actions[0].Key.Text(), actions[1].Key.Text()).
			WithHint(`start the second task with "- "`))
	}
	p := actions[0]
	switch p.Key.Text() {
	case "action":
		return r.action(p, t)
	case "local_action":
		if t.DelegateTo.Exists() {
			r.errorf(p.Key.Pos(), `"local_action" and "delegate_to" in one task`)
		}
		t.DelegateTo = textAt(p.Key, "localhost", p.Key.Pos())
		return r.action(p, t)
	}
	if p.Value.IsList() {
		r.errorf(p.Value.Pos(), "the arguments of %q must be a mapping or key=value text, not a list", p.Key.Text())
		return false
	}
	t.Module, t.ModulePos, t.Action = p.Key.Text(), p.Key.Pos(), p.Value
	return true
}

// missingModule tells a misspelled module, a misspelled keyword and a task
// without a module apart.
func (r *reader) missingModule(n source.Node, t *Task, strange []source.Pair, in place) {
	for _, p := range strange {
		name := p.Key.Text()
		_, likeKeyword := nearest.Name(name, keywordNames(in))
		_, likeModule := nearest.Name(name, r.moduleNames())
		_, isKeyword := r.words[name]
		if t.Module != "" || isKeyword || likeKeyword && !likeModule && !p.Value.IsMap() {
			r.unknown(p.Key, in)
			continue
		}
		t.Module, t.ModulePos, t.Action = name, p.Key.Pos(), p.Value
		r.lacks(t, r.noModule(p.Key))
	}
	if len(strange) == 0 {
		r.fail(n.Errorf("no module in this %s", strings.TrimPrefix(in.String(), "a ")).
			WithHint(`a task needs one module, as in "- command: uptime"`))
	}
}

// action reads the forms `action: module args` and `action: {module: m, ...}`.
func (r *reader) action(p source.Pair, t *Task) bool {
	value, key := p.Value, p.Key.Text()
	if value.IsMap() {
		module := value.Get("module")
		if !isPlainText(module) {
			r.errorf(value.Pos(), "%q needs %q, the name of a module", key, "module")
			return false
		}
		rest := without(value, "module", "args")
		if args := value.Get("args"); args.IsMap() {
			rest = mergeMaps(rest, args)
		}
		t.Module, t.ModulePos, t.Action = module.Text(), module.TextPos(), rest
	} else if !isPlainText(value) || strings.TrimSpace(value.Text()) == "" {
		r.errorf(p.Key.Pos(), "%q needs the name of a module", key)
		return false
	} else {
		text := value.Text()
		start := len(text) - len(strings.TrimLeft(text, " \n\t"))
		end := (&splitter{text: text}).word(start)
		next := end + len(text[end:]) - len(strings.TrimLeft(text[end:], " \n\t"))
		t.Module, t.ModulePos = text[start:end], value.TextPos().At(text, start)
		t.Action = textAt(value, text[next:], value.TextPos().At(text, next))
	}
	if !isTemplate(textAt(value, t.Module, t.ModulePos)) && !r.knownModule(t.Module) {
		r.lacks(t, r.noModule(textAt(value, t.Module, t.ModulePos)))
		return false
	}
	return true
}

// rawModules take a command's text, and freeModules some other text, that is
// no key=value.
var (
	rawModules  = map[string]bool{"command": true, "shell": true, "script": true, "raw": true}
	freeModules = map[string]bool{
		"add_host": true, "group_by": true, "import_role": true, "import_tasks": true, "include_role": true,
		"include_tasks": true, "include_vars": true, "meta": true, "set_fact": true,
	}
)

// IsRaw reports whether the module's text is a command (see FreeForm).
func IsRaw(module string) bool { return rawModules[builtin(module)] }

// checkFreeForm notes mistakes in arguments that are written as one text.
func (r *reader) checkFreeForm(t *Task) {
	if !t.Action.IsString() {
		if isPlainText(t.Action) && !strings.Contains(t.Module, "{") && !IsRaw(t.Module) && !freeModules[builtin(t.Module)] {
			r.errorf(t.Action.Pos(), "%q takes key=value text or a mapping, not %q", t.Module, t.Action.Text())
		}
		return
	}
	raw := IsRaw(t.Module)
	_, rest, err := FreeForm(t.Action.Text(), t.Action.TextPos(), raw)
	if err != nil {
		r.fail(err)
		return
	}
	if isTemplate(textAt(t.Action, t.Module, t.ModulePos)) { // the engine knows the module
		return
	}
	if rest != "" && !raw && !freeModules[builtin(t.Module)] && !strings.Contains(rest, "{{") {
		r.fail(t.Action.Errorf("%q takes key=value text or a mapping, not %q", t.Module, rest).
			WithHint("quote a value that holds a space, or write the arguments as a mapping"))
	}
}

func quote(s string) string { return strconv.Quote(s) }
