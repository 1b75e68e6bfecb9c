package playbook

import (
	"cmp"
	"strings"

	"fleet/internal/source"
)

// entries reads a list of tasks and blocks; what names the list in errors.
func (r *reader) entries(what string, n source.Node, s scope) []Entry {
	if n.IsNull() {
		return nil
	}
	if !n.IsList() {
		r.fail(n.Errorf("A malformed block was encountered while loading %s: %s should be a list or None", what, cmp.Or(n.Text(), kind(n))).WithHint(`start each task with "- "`))
		return nil
	}
	var out []Entry
	for _, item := range n.Items() {
		out = append(out, r.entry(item, s)...)
	}
	return out
}

// handlers reads a list of handlers.
func (r *reader) handlers(n source.Node, s scope) []*Task {
	s.handler = true
	return tasksOf(r.entries("handlers", n, s))
}

// tasksOf returns the tasks among the entries and those that imports among them
// brought in.
func tasksOf(entries []Entry) []*Task {
	var tasks []*Task
	for _, e := range entries {
		switch e := e.(type) {
		case *Task:
			tasks = append(tasks, e)
		case *Block:
			tasks = append(tasks, tasksOf(e.Body)...)
		}
	}
	return tasks
}

// entry reads a task, a block or an import; none where it is too broken.
func (r *reader) entry(n source.Node, s scope) []Entry {
	if !n.IsMap() {
		r.fail(n.Errorf("a task is a mapping, not %s", kind(n)).WithHint(`write "- module: arguments"`))
		return nil
	}
	for _, p := range n.Pairs() {
		switch p.Key.Text() {
		case "block", "rescue", "always":
			if s.handler {
				return r.handlerBlock(n, p, s)
			}
			return []Entry{r.block(n, s)}
		}
	}
	return r.task(n, s)
}

// handlerBlock reads a block among handlers, where p is one of its parts. It only
// gives keywords to the handlers in it, each of which is notified for itself.
func (r *reader) handlerBlock(n source.Node, p source.Pair, s scope) []Entry {
	if s.parent != nil && s.parent.Import == nil && s.parent.Role == nil {
		r.gap(s, p.Key.Errorf("Using a block as a handler is not supported: a handler is one task").WithHint(`give the handlers the same "listen" topic`))
		return nil
	}
	b := r.block(n, s)
	for _, part := range n.Pairs() {
		if name := part.Key.Text(); name == "rescue" || name == "always" {
			b.Idle = append(b.Idle, part.Key.Errorf("%q means nothing among handlers: they run one by one", name).
				WithHint("what stands under it never runs"))
		}
	}
	b.Rescue, b.Always = nil, nil
	return []Entry{b}
}

// block reads a block with its rescue and always parts.
func (r *reader) block(n source.Node, s scope) *Block {
	b := &Block{Parent: s.parent}
	b.Pos = n.Pos()
	inner := s.inside(b)
	defer r.knowing(n.Get("vars"))()
	for _, p := range n.Pairs() { // first, because the tasks inherit it
		if p.Key.Text() == "notify" {
			b.notify = r.texts("notify", "a name or a list of names", p.Value)
		}
	}
	for _, p := range n.Pairs() {
		k, known, ok := r.word(p.Key, inBlock)
		switch {
		case known && !ok, k.name == "notify":
		case !ok && r.Modules != nil && r.knownModule(p.Key.Text()):
			r.fail(p.Key.Errorf("a block cannot have a module (%q) of its own", p.Key.Text()).WithHint(`make it a task under "block"`))
		case !ok:
			r.unknown(p.Key, inBlock)
		case k.name == "block":
			b.Body = r.entries("block", p.Value, inner)
		case k.name == "rescue":
			b.Rescue = r.entries("rescue", p.Value, inner)
		case k.name == "always":
			b.Always = r.entries("always", p.Value, inner)
		default:
			r.common(k, p.Value, &b.Keywords)
		}
	}
	r.checkBlock(n)
	return b
}

func (r *reader) checkBlock(n source.Node) {
	body := n.Get("block")
	if !body.Exists() {
		for _, p := range n.Pairs() {
			if name := p.Key.Text(); name == "rescue" || name == "always" {
				r.fail(p.Key.Errorf(`%q needs a "block" beside it`, name).WithHint(`put the tasks that it belongs to under "block"`))
				return
			}
		}
	}
	if body.IsNull() || body.IsList() && len(body.Items()) == 0 {
		r.errorf(n.Pos(), "the block has no tasks")
	}
}

// task reads one task; an import becomes the block of what it brings in.
func (r *reader) task(n source.Node, s scope) []Entry {
	t := &Task{Parent: s.parent, Dir: s.dir, Handler: s.handler, play: s.play}
	t.Pos = n.Pos()
	in := inTask
	if s.handler {
		in = inHandler
	}
	defer r.knowing(n.Get("vars"))()
	var actions, strange []source.Pair
	for _, p := range n.Pairs() {
		k, known, ok := r.word(p.Key, in)
		switch {
		case ok && (k.name == "action" || k.name == "local_action"):
			actions = append(actions, p)
		case ok:
			r.taskKeyword(k, p, t)
		case known:
		case strings.HasPrefix(p.Key.Text(), "with_"):
			r.with(p, t)
		case r.knownModule(p.Key.Text()):
			actions = append(actions, p)
		default:
			strange = append(strange, p)
		}
	}
	r.finishLoop(n, t)
	if !r.module(n, t, actions, strange, in) {
		if t.Notify == nil {
			t.Notify = s.parent.notified()
		}
		return []Entry{t} // what it registers and notifies, and what notifies it, is known
	}
	return r.finishTask(n, t, s)
}

// finishTask does what depends on the module: imports are followed, includes
// checked.
func (r *reader) finishTask(n source.Node, t *Task, s scope) []Entry {
	name := builtin(t.Module)
	switch name {
	case "include":
		r.gap(s, source.Errorf(t.ModulePos, `"include" is not supported`).
			WithHint(`use "import_tasks", or "include_tasks" where the file depends on the run`))
		return nil
	case "import_playbook":
		r.fail(source.Errorf(t.ModulePos, "import_playbook cannot be a task").WithHint("it stands at the top of a playbook, beside the plays"))
		return nil
	case "import_role", "include_role":
		if s.handler {
			r.gap(s, source.Errorf(t.ModulePos, "Using '%s' as a handler is not supported: a role brings its own", name).WithHint("use include_tasks"))
			return nil
		}
	}
	if name == "meta" && s.handler {
		r.metaHandler(t)
	}
	switch name {
	case "import_tasks":
		return r.importTasks(n, t, s)
	case "import_role":
		return r.importRole(n, t, s)
	case "include_tasks", "include_role":
		r.checkInclude(n, t, name)
		return []Entry{t}
	}
	r.checkFreeForm(t)
	r.checkInternal(t)
	if t.Notify == nil {
		t.Notify = s.parent.notified()
	}
	return []Entry{t}
}

// checkInternal refuses arguments that only Ansible itself may give.
func (r *reader) checkInternal(t *Task) {
	for _, args := range []source.Node{t.Action, t.Args} {
		for _, p := range args.Pairs() {
			if strings.HasPrefix(p.Key.Text(), "_ansible_") {
				r.fail(p.Key.Errorf("%s: invalid parameter %q: the prefix '_ansible_' is reserved for internal use only.", t.Module, p.Key.Text()))
			}
		}
	}
}

// metaHandler refuses what no handler can do.
func (r *reader) metaHandler(t *Task) {
	switch t.Action.Text() {
	case "flush_handlers":
		r.fail(t.Action.Errorf("flush_handlers cannot be used as a handler"))
	case "end_role":
		r.fail(t.Action.Errorf("Cannot execute 'end_role' from a handler"))
	}
}

// notified returns what the tasks in a block notify where they say nothing.
func (b *Block) notified() []source.Node {
	for ; b != nil; b = b.Parent {
		if b.notify != nil {
			return b.notify
		}
	}
	return nil
}

// taskKeyword reads one keyword of a task or handler.
func (r *reader) taskKeyword(k keyword, p source.Pair, t *Task) {
	switch k.name {
	case "register", "notify", "until", "changed_when", "failed_when", "retries", "delay":
		if p.Value.IsNull() {
			t.Idle = append(t.Idle, withoutValue(k, p.Value))
			return
		}
	}
	value := p.Value
	switch k.name {
	case "register":
		r.register(value, t)
	case "until":
		t.Until = r.conditions(k.name, value)
	case "changed_when":
		t.ChangedWhen = r.conditions(k.name, value)
	case "failed_when":
		t.FailedWhen = r.conditions(k.name, value)
	case "retries":
		r.check(k, value)
		t.Retries = value
	case "delay":
		r.check(k, value)
		t.Delay = value
	case "async":
		r.check(k, value)
		t.Async = value
	case "poll":
		r.check(k, value)
		t.Poll = value
	case "notify":
		t.Notify = r.texts(k.name, "a name or a list of names", value)
	case "listen":
		r.listen(value, t)
	case "args":
		r.args(value, t)
	case "loop":
		r.loop(p, t)
	case "loop_control": // read once the loop is known
	default:
		r.common(k, value, &t.Keywords)
	}
}

func (r *reader) register(n source.Node, t *Task) {
	if !isPlainText(n) {
		r.errorf(n.Pos(), `"register" must be the name of a variable, not %s`, kind(n))
		return
	}
	name := n.Text()
	switch {
	case isTemplate(n):
		r.errorf(n.Pos(), `"register" must be the name of a variable, not a template`)
	case magicNames[name]:
		r.fail(n.Errorf("the variable %q is set by the run itself", name).WithHint("register the result under another name"))
	case r.variable(n, "Invalid variable name in 'register': %q"):
		t.Register = name
	}
}

func (r *reader) listen(n source.Node, t *Task) {
	for _, topic := range r.texts("listen", "a topic or a list of topics", n) {
		t.Listen = append(t.Listen, topic.Text())
	}
}

func (r *reader) args(n source.Node, t *Task) {
	if !n.IsMap() && !n.IsNull() && !isTemplate(n) {
		r.fail(n.Errorf(`"args" must be a mapping, not %s`, kind(n)).WithHint(`as in "args: {chdir: /tmp}"`))
		return
	}
	if !n.IsNull() {
		t.Args = n
	}
}
