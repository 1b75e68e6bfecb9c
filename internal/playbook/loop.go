package playbook

import (
	"strings"

	"fleet/internal/source"
)

// lookups are the lookups that `with_...` may name.
var lookups = []string{
	"cartesian", "csvfile", "dict", "env", "file", "fileglob", "filetree", "first_found", "flattened", "indexed_items", "ini",
	"inventory_hostnames", "items", "lines", "list", "nested", "password", "pipe", "random_choice", "sequence",
	"subelements", "template", "together", "url", "varnames", "vars",
}

var loopKeys = []string{"break_when", "extended", "extended_allitems", "index_var", "label", "loop_var", "parallel", "pause"}

// loop reads `loop`.
func (r *reader) loop(p source.Pair, t *Task) {
	value := p.Value
	if r.secondLoop(p, t) {
		return
	}
	switch {
	case value.IsMap():
		r.fail(value.Errorf(`"loop" must be a list or a template, not a mapping`).
			WithHint(`to loop over a mapping, write "{{ NAME | dict2items }}"`))
	case !value.IsList() && !isTemplate(value):
		what := kind(value)
		if value.IsString() {
			what = "the text " + quote(value.Text())
		}
		e := value.Errorf(`"loop" must be a list or a template, not %s`, what)
		if value.IsString() && isName(value.Text()) {
			e.WithHint(`for the variable write "{{ %s }}"`, value.Text())
		}
		r.fail(e)
	}
	t.Loop = &Loop{Pos: p.Key.Pos(), Items: value}
}

// with reads `with_...`.
func (r *reader) with(p source.Pair, t *Task) {
	name := strings.TrimPrefix(builtin(strings.TrimPrefix(p.Key.Text(), "with_")), "community.general.")
	if r.secondLoop(p, t) {
		return
	}
	switch {
	case !has(lookups, name):
		e := source.Errorf(p.Key.Pos(), "unknown lookup %q in %q", name, p.Key.Text())
		if near := source.DidYouMean(name, lookups); near != "" {
			e.Hint = strings.Replace(near, `"`, `"with_`, 1)
		}
		r.fail(e)
	case p.Value.IsNull():
		r.errorf(p.Key.Pos(), "%q is empty", p.Key.Text())
	}
	t.Loop = &Loop{Pos: p.Key.Pos(), Lookup: name, Items: p.Value}
}

func (r *reader) secondLoop(p source.Pair, t *Task) bool {
	if t.Loop == nil {
		return false
	}
	r.fail(p.Key.Errorf("a task has one loop, and this is the second (%q)", p.Key.Text()).
		WithHint("the first stands on line %d", t.Loop.Pos.Line))
	return true
}

// finishLoop reads loop_control.
func (r *reader) finishLoop(n source.Node, t *Task) {
	control := n.Get("loop_control")
	switch {
	case !control.Exists() || control.IsNull():
		return
	case !control.IsMap():
		r.errorf(control.Pos(), `"loop_control" must be a mapping, not %s`, kind(control))
		return
	case t.Loop == nil:
		t.Idle = append(t.Idle, control.Errorf(`"loop_control" without a loop`).WithHint(`"loop" beside it names the items`))
		return
	}
	for _, p := range control.Pairs() {
		value := p.Value
		switch name := p.Key.Text(); name {
		case "loop_var":
			r.loopName(name, value, &t.Loop.Var)
		case "index_var":
			r.loopName(name, value, &t.Loop.IndexVar)
		case "label":
			t.Loop.Label = value
		case "pause":
			r.check(keyword{name: name, want: wantNumber}, value)
			t.Loop.Pause = value
		case "extended":
			r.check(keyword{name: name, want: wantBool}, value)
			t.Loop.Extended = value
		case "parallel":
			r.check(keyword{name: name, want: wantCount}, value)
			t.Loop.Parallel = value
		case "extended_allitems":
			r.check(keyword{name: name, want: wantBool}, value)
			t.Loop.AllItems = value
		case "break_when":
			t.Loop.Break = r.conditions(name, value)
		default:
			e := source.Errorf(p.Key.Pos(), "unknown key %q in loop_control", name)
			e.Hint = source.DidYouMean(name, loopKeys)
			r.fail(e)
		}
	}
	if len(t.Loop.Break) > 0 && t.Loop.Parallel.Exists() {
		r.fail(t.Loop.Parallel.Errorf("loop_control has both break_when and parallel").
			WithHint("break_when looks at one item after the other: leave one of them out"))
	}
	if t.Loop.Pause.Exists() && t.Loop.Parallel.Exists() {
		r.fail(t.Loop.Pause.Errorf("loop_control has both pause and parallel").
			WithHint("pause waits between items that run one after the other: leave one of them out"))
	}
}

// loopName reads the name of a loop's variable.
func (r *reader) loopName(key string, n source.Node, to *source.Node) {
	if !isPlainText(n) {
		r.errorf(n.Pos(), "%q must be the name of a variable, not %s", key, kind(n))
		return
	}
	if isTemplate(n) || r.varName(n) {
		*to = n
	}
}
