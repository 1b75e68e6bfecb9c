package engine

import (
	"context"
	"strings"

	"fleet/internal/argument"
	"fleet/internal/jinja"
	"fleet/internal/playbook"
	"fleet/internal/source"
)

// rawParams is Ansible's name for the text behind a module's name.
const rawParams = "_raw_params"

// assignment splits `NAME = VALUE`.
func assignment(line string) (name, value string, ok bool) {
	var quote byte
	depth := 0
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case quote != 0 && c == '\\':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case c == '[' || c == '(' || c == '{':
			depth++
		case c == ']' || c == ')' || c == '}':
			depth--
		case c == '=' && depth == 0:
			if i == 0 || strings.HasPrefix(line[i:], "==") || strings.IndexByte("!<>", line[i-1]) >= 0 {
				return "", "", false
			}
			return strings.TrimSpace(line[:i]), strings.TrimSpace(line[i+1:]), true
		}
	}
	return "", "", false
}

// settable is what can be set: an entry of the arguments or of the variables, or one
// inside of it.
type settable struct {
	vars bool
	path []any // the first is a text
}

// settable reads the name in front of "=" or behind "del".
func (s *dialogue) settable(c *jinja.Context, name string) (settable, error) {
	rest, isArgs := strings.CutPrefix(name, "task.args")
	var out settable
	if !isArgs {
		if rest, out.vars = strings.CutPrefix(name, "task_vars"); !out.vars {
			return out, cannotSet(name)
		}
	}
	for rest = strings.TrimSpace(rest); rest != ""; rest = strings.TrimSpace(rest) {
		end := closing(rest)
		if end < 0 {
			return out, cannotSet(name)
		}
		key, err := s.value(c, rest[1:end])
		if err != nil {
			return out, err
		}
		out.path = append(out.path, key)
		rest = rest[end+1:]
	}
	if len(out.path) == 0 {
		return out, cannotSet(name)
	}
	if _, isText := out.path[0].(string); !isText {
		return out, source.Errorf(source.Pos{}, "%s is no name", jinja.Repr(out.path[0]))
	}
	return out, nil
}

func cannotSet(name string) error {
	return source.Errorf(source.Pos{}, "%q cannot be set", name).
		WithHint("what can be set is task.args['NAME'] and task_vars['NAME'], and entries in these")
}

// closing returns where the bracket ends that a text begins with, or -1.
func closing(text string) int {
	if text[0] != '[' {
		return -1
	}
	var quote byte
	depth := 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case c == '[':
			depth++
		case c == ']':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// set gives an argument or a variable a value. What the operator writes out may be a
// template; what is computed is data.
func (s *dialogue) set(ctx context.Context, name, text string) error {
	c, err := s.context(ctx)
	if err != nil {
		return err
	}
	to, err := s.settable(c, name)
	if err != nil {
		return err
	}
	v, err := s.value(c, text)
	if err == nil {
		v, err = spelledOut(c, v)
	}
	if err != nil {
		return err
	}
	value, err := s.node(v, isWrittenOut(text))
	if err != nil {
		return err
	}
	if to.vars {
		return s.setVar(c, to.path, value)
	}
	return s.setArg(to.path, value)
}

// isWrittenOut reports whether a text is a literal: nothing in it is computed.
func isWrittenOut(text string) bool {
	_, ok := jinja.Literal("[" + text + "]")
	return ok
}

// node returns a value as if it stood in the playbook, where the task does.
func (s *dialogue) node(v any, template bool) (source.Node, error) {
	data, err := jinja.ToJSON(v)
	if err != nil {
		return source.Node{}, err
	}
	nodes, err := source.ParseYAML("debugger", data)
	if err != nil {
		return source.Node{}, err
	}
	if !template {
		return nodes[0].Unsafe(), nil
	}
	return nodes[0], nil
}

// setArg sets an argument, or something in it.
func (s *dialogue) setArg(path []any, value source.Node) error {
	args := s.writtenArgs()
	if path[0] == rawParams && s.freeForm() != "" {
		path = append([]any{s.freeForm()}, path[1:]...)
	}
	out, err := putNode(args, path, value)
	if err != nil {
		return err
	}
	s.replaceArgs(out)
	s.shown.Set(path[0], jinja.Plain(out.Get(jinja.Str(path[0]))))
	return nil
}

// remove takes an argument away.
func (s *dialogue) remove(ctx context.Context, name string) error {
	c, err := s.context(ctx)
	if err != nil {
		return err
	}
	from, err := s.settable(c, strings.TrimSpace(name))
	if err != nil {
		return err
	}
	key, _ := from.path[0].(string)
	args := s.writtenArgs()
	if key == rawParams && s.freeForm() != "" {
		key = s.freeForm()
	}
	if from.vars || len(from.path) > 1 || !args.Get(key).Exists() {
		return source.Errorf(source.Pos{}, "%q cannot be taken away", strings.TrimSpace(name)).WithHint("only an argument of the task can: p task.args shows them")
	}
	s.replaceArgs(args.Without(key))
	s.shown.Delete(key)
	return nil
}

// replaceArgs gives the task other arguments.
func (s *dialogue) replaceArgs(args source.Node) {
	t := *s.edited
	switch {
	case t.Args.IsMap():
		t.Args = source.Node{}
	case jinja.IsTemplate(t.Action.Text()) && !t.Args.Exists() && len(s.pairs(&t)) == 0:
		t.Args = t.Action // gives the other ones
	}
	t.Action = args
	s.edited = &t
}

// putNode returns a node in which something has another value.
func putNode(n source.Node, path []any, value source.Node) (source.Node, error) {
	if len(path) == 0 {
		return value, nil
	}
	switch key := path[0].(type) {
	case string:
		if len(path) > 1 && !n.Get(key).Exists() {
			return n, source.Errorf(source.Pos{}, "there is no %q to set something in", key)
		}
		inner, err := putNode(n.Get(key), path[1:], value)
		return n.With(key, inner), err
	case int:
		items := n.Items()
		if key < 0 {
			key += len(items)
		}
		if key < 0 || key >= len(items) {
			return n, source.Errorf(source.Pos{}, "there is no element %s to set", jinja.Repr(path[0]))
		}
		inner, err := putNode(items[key], path[1:], value)
		if err != nil {
			return n, err
		}
		return n.WithItem(key, inner), nil
	}
	return n, source.Errorf(source.Pos{}, "%s is neither a name nor a number", jinja.Repr(path[0]))
}

// setVar sets a variable, or something in it.
func (s *dialogue) setVar(c *jinja.Context, path []any, value source.Node) error {
	name := path[0].(string)
	if len(path) > 1 {
		old, err := s.value(c, "task_vars["+jinja.Repr(name)+"]")
		if err == nil {
			old, err = spelledOut(c, old)
		}
		if err != nil {
			return err
		}
		around, err := s.node(old, false)
		if err != nil {
			return err
		}
		if value, err = putNode(around, path[1:], value); err != nil {
			return err
		}
	}
	s.vars[name] = s.engine.Vars.Value(value)
	return nil
}

// freeForm is the argument that the text behind the module's name stands for; empty:
// there is none.
func (s *dialogue) freeForm() string {
	_, m, err := s.engine.module(s.edited)
	if err != nil {
		return ""
	}
	return m.FreeForm
}

// writtenArgs returns the task's arguments as a mapping.
func (s *dialogue) writtenArgs() source.Node {
	t := s.edited
	args := t.Action
	if !t.Action.IsMap() {
		args = t.Action.Without("") // an empty one
		for _, kv := range s.pairs(t) {
			args = args.With(kv.Key, t.Action.NewText(kv.Value))
		}
	}
	for _, p := range t.Args.Pairs() {
		if !args.Get(p.Key.Text()).Exists() {
			args = args.With(p.Key.Text(), p.Value)
		}
	}
	return args
}

// pairs returns the arguments that stand as text behind the module's name.
func (s *dialogue) pairs(t *playbook.Task) []playbook.KV {
	_, m, err := s.engine.module(t)
	if err != nil || !t.Action.IsString() {
		return nil
	}
	pairs, _, _ := argument.FreeForm(t, m) // what cannot be read, the task has failed with
	return pairs
}

// shownArgs is what task.args shows.
func (s *dialogue) shownArgs() *jinja.Map {
	out := s.shown.Clone()
	if s.res.noLog {
		for _, k := range out.Keys() {
			out.Set(k, hiddenWord)
		}
	}
	if free := s.freeForm(); free != "" && s.task.Action.IsString() && out.Has(free) {
		v, _ := out.Get(free)
		out.Delete(free)
		out.Set(rawParams, v)
	}
	return out
}
