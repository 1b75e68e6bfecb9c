// Package argument reads the arguments that a task writes for its module, and
// gives what is wrong with them its place in the playbook. It runs on the
// controller, and evaluates nothing: whoever checks a playbook before the run
// and whoever runs it read the arguments by the same rules.
package argument

import (
	"strconv"
	"strings"

	"fleet/internal/jinja"
	"fleet/internal/playbook"
	"fleet/internal/source"
	"fleet/internal/spec"
)

// collections are those whose modules fleet has under their short names.
var collections = []string{"ansible.builtin.", "ansible.legacy.", "ansible.posix.", "community.general.", "community.docker.", "community.crypto.", "community.mysql.", "ansible.mysql.", "ansible.netcommon."}

// ShortName returns a module's name without its collection.
func ShortName(module string) string {
	for _, prefix := range collections {
		if rest, ok := strings.CutPrefix(module, prefix); ok {
			return rest
		}
	}
	return module
}

// rawText are the modules whose free text is a command line.
var rawText = map[string]bool{"command": true, "shell": true, "raw": true, "script": true}

// FreeForm splits the text behind the task's module into the arguments of m that
// it stands for. It reports a text that is one whole template, which has to give
// a mapping. The task's Action is text.
func FreeForm(t *playbook.Task, m *spec.Module) (pairs []playbook.KV, template bool, err error) {
	n := t.Action
	pairs, rest, err := playbook.FreeForm(n.Text(), n.TextPos(), rawText[m.Name])
	switch {
	case err != nil:
		return nil, false, err
	case rest == "":
		return pairs, false, nil
	case m.FreeForm != "":
		if !rawText[m.Name] {
			rest = strings.TrimRight(rest, "\n")
		}
		return append(pairs, playbook.KV{Key: m.FreeForm, Value: rest, Pos: n.TextPos()}), false, nil
	case jinja.IsTemplate(rest) && len(pairs) == 0:
		return nil, true, nil
	}
	return nil, false, n.Errorf("%s takes no free text: %q", m.Name, shorten(rest)).
		WithHint("write its arguments as a mapping below it; `fleet doc %s` lists them", m.Name)
}

func shorten(s string) string {
	if len(s) > 80 {
		return strings.ToValidUTF8(s[:77], "") + "..."
	}
	return s
}

// Error gives a mismatch of the task's arguments its place in the playbook and a
// hint.
func Error(t *playbook.Task, m *spec.Module, e *spec.Error) *source.Error {
	pos, value := written(t, m, e.Key)
	err := source.Errorf(pos, "%s: %s", m.Name, e.Msg)
	name := e.Key[strings.LastIndex(e.Key, ".")+1:]
	if !strings.HasPrefix(e.Msg, "unknown") {
		name = value
	}
	err.Hint = source.DidYouMean(name, e.Known)
	switch {
	case err.Hint != "":
	case playbook.IsKeyword(name) && name == e.Key && strings.HasPrefix(e.Msg, "unknown"):
		err.Hint = "it is a keyword of the task: indent it less"
	default:
		err.Hint = "`fleet doc " + m.Name + "` lists the arguments"
	}
	return err
}

// written returns where the argument with this key stands, and its value: as deep
// as the playbook writes it out. It is the module's name where nothing is.
func written(t *playbook.Task, m *spec.Module, key string) (source.Pos, string) {
	if t.Action.IsString() {
		pairs, _, _ := FreeForm(t, m)
		for _, kv := range pairs {
			if kv.Key == key {
				return kv.Pos, kv.Value
			}
		}
	}
	steps := strings.FieldsFunc(key, func(r rune) bool { return r == '.' || r == '[' || r == ']' })
	for _, n := range []source.Node{t.Action, t.Args} {
		if pos, value := descend(n, steps); !pos.IsZero() {
			return pos, value.Text()
		}
	}
	return t.ModulePos, ""
}

func descend(n source.Node, steps []string) (pos source.Pos, value source.Node) {
	for _, step := range steps {
		next, at := child(n, step)
		if !next.Exists() {
			return pos, source.Node{}
		}
		n, pos, value = next, at, next
	}
	return pos, value
}

// child returns the entry of a mapping or the element of a list that a step of a
// key names, and where it stands.
func child(n source.Node, step string) (source.Node, source.Pos) {
	for _, p := range n.Pairs() {
		if p.Key.Text() == step {
			return p.Value, p.Key.Pos()
		}
	}
	for i, item := range n.Items() {
		if strconv.Itoa(i) == step {
			return item, item.Pos()
		}
	}
	return source.Node{}, source.Pos{}
}
