package playbook

import (
	"path/filepath"
	"strings"

	"fleet/internal/source"
)

// importTasks follows a static import: a block that has the import's keywords.
func (r *reader) importTasks(n source.Node, t *Task, s scope) []Entry {
	if !r.checkImport(n, t, "import_tasks") {
		return nil
	}
	value := r.includedFile(t)
	if !value.Exists() {
		return nil
	}
	name, ok := r.static("the file of an import", value)
	if !ok {
		r.gap(s, nil)
		return nil
	}
	file, err := r.findTasks(strings.TrimSpace(name), value.Pos(), s)
	if err != nil {
		r.gap(s, err)
		return nil
	}
	b := &Block{Keywords: t.Keywords, Parent: s.parent, Import: t, notify: t.Notify}
	b.Body = r.taskFile(file, s.inside(b), value.Pos())
	return []Entry{b}
}

// includedFile returns the name of the file that import_tasks or include_tasks
// names.
func (r *reader) includedFile(t *Task) source.Node {
	value := t.IncludedFile()
	if !isPlainText(value) || strings.TrimSpace(value.Text()) == "" {
		name := builtin(t.Module)
		r.fail(source.Errorf(t.ModulePos, "No file specified for %s", t.Module).WithHint(`as in "%s: setup.yaml"`, name))
		return source.Node{}
	}
	return value
}

// IncludedFile returns the name of the file in the arguments of an
// include_tasks, or the zero Node.
func (t *Task) IncludedFile() source.Node {
	if isPlainText(t.Action) {
		text, isKey := strings.CutPrefix(t.Action.Text(), "file=")
		if isKey {
			pos := t.Action.TextPos().At(t.Action.Text(), len("file="))
			return textAt(t.Action, unquote(strings.TrimSpace(text)), pos)
		}
		return t.Action
	}
	if raw := t.Action.Get("_raw_params"); raw.Exists() {
		return raw
	}
	return t.Argument("file")
}

// taskFile reads a file of tasks.
func (r *reader) taskFile(file string, s scope, from source.Pos) []Entry {
	if loop := cycle(s.chain, file); loop != "" {
		r.errorf(from, "import_tasks imports itself: %s", loop)
		return nil
	}
	doc, ok := r.document(file, from)
	if !ok {
		r.gap(s, nil)
	}
	if !doc.Exists() || doc.IsNull() {
		return nil
	}
	if !doc.IsList() {
		what := kind(doc)
		if isPlainText(doc) {
			what += " (" + quote(shorten(doc.Text())) + ")"
		}
		r.gap(s, doc.Errorf("a file of tasks is a list of tasks, not %s", what).WithHint(`start each task with "- "`))
		return nil
	}
	s.chain = append(s.chain[:len(s.chain):len(s.chain)], file)
	s.dir = filepath.Dir(file)
	var out []Entry
	for _, item := range doc.Items() {
		out = append(out, r.entry(item, s)...)
	}
	return out
}

// notOnImports are the keywords that mean nothing on an import, because the
// tasks that it brings in do not inherit them.
var notOnImports = []string{"register", "until", "retries", "delay", "changed_when", "failed_when", "listen", "loop_control"}

// checkImport notes what a static import cannot have.
func (r *reader) checkImport(n source.Node, t *Task, name string) bool {
	dynamic := strings.Replace(name, "import", "include", 1)
	if t.Loop != nil {
		r.fail(source.Errorf(t.Loop.Pos, "%s cannot loop: it is read before the run", name).WithHint("use %s", dynamic))
		return false
	}
	for _, p := range n.Pairs() {
		for _, word := range notOnImports {
			if p.Key.Text() == word {
				t.Idle = append(t.Idle, p.Key.Errorf("%q means nothing on %s", word, name).WithHint("put it on the tasks themselves"))
			}
		}
	}
	if apply := t.Action.Get("apply"); apply.Exists() {
		r.fail(apply.Errorf("Invalid options for %s: apply", name).WithHint("write the keywords on the task itself: what it imports inherits them"))
	}
	return r.options(t, name)
}

// onIncludes are the keywords that an include may have; all others would be
// lost, because what it brings in does not inherit from it.
var onIncludes = map[string]bool{
	"action": true, "args": true, "collections": true, "debugger": true, "ignore_errors": true, "listen": true, "loop": true,
	"loop_control": true, "name": true, "no_log": true, "register": true, "run_once": true, "tags": true,
	"timeout": true, "vars": true, "when": true,
}

// checkInclude notes what an include at run time cannot have.
func (r *reader) checkInclude(n source.Node, t *Task, name string) {
	static := strings.Replace(name, "include", "import", 1)
	for _, p := range n.Pairs() {
		word := p.Key.Text()
		if k, isWord := r.words[word]; isWord && !onIncludes[word] && k.want != refused {
			r.fail(p.Key.Errorf("%q means nothing on %s", word, name).
				WithHint(`put it under "apply", or use %s`, static))
		}
	}
	if !r.options(t, name) {
		return
	}
	if name == "include_tasks" {
		r.includedFile(t)
	} else {
		r.roleName(t)
	}
	if apply := t.Action.Get("apply"); apply.Exists() {
		r.apply(apply, &Block{Parent: t.Parent})
	}
}

var (
	taskOptions = []string{"apply", "file"}
	roleOptions = []string{
		"allow_duplicates", "apply", "defaults_from", "handlers_from", "name", "public", "role", "rolespec_validate",
		"tasks_from", "vars_from",
	}
)

// options notes arguments that the imports and includes do not have.
func (r *reader) options(t *Task, name string) bool {
	good := true
	known := taskOptions
	if strings.HasSuffix(name, "_role") {
		known = roleOptions
	}
	for _, p := range append(t.Action.Pairs(), t.Args.Pairs()...) {
		ok := p.Key.Text() == "_raw_params"
		for _, k := range known {
			ok = ok || k == p.Key.Text()
		}
		if !ok {
			e := source.Errorf(p.Key.Pos(), "%s: unknown argument %q", name, p.Key.Text())
			if e.Hint = source.DidYouMean(p.Key.Text(), known); e.Hint == "" && r.words[p.Key.Text()].name != "" {
				e.Hint = "it is a keyword of the task: indent it less"
			}
			r.fail(e)
			good = false
		} else if strings.HasSuffix(p.Key.Text(), "_from") && kind(p.Value) != "text" {
			r.fail(p.Value.Errorf("Expected a string for %s but got %s instead", p.Key.Text(), kind(p.Value)).WithHint("it is one file of the role"))
			good = false
		}
	}
	return good
}

// apply reads the keywords that an include gives to what it brings in.
func (r *reader) apply(n source.Node, b *Block) {
	if !n.IsMap() {
		r.errorf(n.Pos(), `"apply" must be a mapping of keywords, not %s`, kind(n))
		return
	}
	for _, p := range n.Pairs() {
		k, known, ok := r.word(p.Key, inBlock)
		switch {
		case ok && k.name == "notify":
			b.notify = r.texts("notify", "a name or a list of names", p.Value)
		case ok && !r.common(k, p.Value, &b.Keywords), !known:
			r.fail(p.Key.Errorf("%q cannot be applied to included tasks", p.Key.Text()).
				WithHint(`"apply" takes the keywords of a block, such as "tags" and "become"`))
		}
	}
}
