package engine

import (
	"context"
	"slices"
	"strings"

	"fleet/internal/jinja"
	"fleet/internal/source"
	"fleet/internal/vars"
)

// dialogue is the operator's commands about one result.
type dialogue struct {
	*debugger
	res  *taskResult
	last string
}

// begin takes up the arguments of the last try: as they are written where they were
// not evaluated, or once for each item.
func (s *dialogue) begin() {
	if s.tried != nil && s.tried.evaluated != nil {
		s.shown = s.tried.evaluated.Clone()
		return
	}
	s.shown = s.asWritten()
}

// asWritten returns the arguments before they are evaluated.
func (s *dialogue) asWritten() *jinja.Map {
	m, isMap := jinja.Plain(s.writtenArgs()).(*jinja.Map)
	if !isMap {
		return jinja.NewMap()
	}
	return m.Clone()
}

// update is the command update_task: the task as it is written, with its arguments
// evaluated anew. Those of a loop are evaluated for each item.
func (s *dialogue) update(ctx context.Context) error {
	s.edited = s.task
	s.shown = s.asWritten()
	if s.task.Loop != nil {
		return nil
	}
	c, err := s.newContext(ctx, s.task, s.vars)
	if err != nil {
		return err
	}
	a := (&turn{hostRun: s.hostRun, task: s.task, event: s.event, order: s.order, flight: s.flight}).attempt(c)
	if err := a.prepare(); err != nil {
		return err
	}
	args, err := a.args()
	if err == nil {
		s.shown = args.Clone()
	}
	return err
}

// debuggerHelp is what the command help prints.
const debuggerHelp = `p EXPR                     print a value (also: pprint)
task.args[KEY] = VALUE     set an argument for the next try
task_vars[KEY] = VALUE     set a variable for the next try
del task.args[KEY]         leave an argument out
u, update_task             forget what was set in task.args, and evaluate the
                           arguments with the variables as they are now
r, redo                    run the task again
c, continue                go on with this result
q, quit                    end the run (also: Ctrl-D)
h, help                    this text
An empty line repeats the last command.

EXPR and VALUE are Jinja expressions, as in "when". They see
  task       name, action, args, vars, when, register
  task_vars  the task's variables; their names alone will do too
  host       name, address, groups
  result     _result is what the task returned
Python is not run.
`

// command does what a line says, and returns what to print.
func (s *dialogue) command(ctx context.Context, line string) (said string, what verdict) {
	line = strings.TrimSpace(line)
	if line == "" {
		line = s.last
	}
	s.last = line
	word, rest := firstWord(line)
	switch word {
	case "":
		if strings.HasPrefix(line, "?") {
			return debuggerHelp, undecided
		}
	case "c", "continue":
		return "", goOn
	case "r", "redo":
		return "", again
	case "q", "quit", "EOF":
		return "", quit
	case "h", "help":
		return debuggerHelp, undecided
	case "u", "update_task":
		return s.complaint(s.update(ctx)), undecided
	case "p", "pprint":
		return s.print(ctx, rest, true), undecided
	}
	if line == "" {
		return "", undecided
	}
	return s.statement(ctx, line), undecided
}

// firstWord splits a line behind its first name.
func firstWord(line string) (word, rest string) {
	n := strings.IndexFunc(line, func(r rune) bool {
		return r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
	if n < 0 {
		return line, ""
	}
	return line[:n], strings.TrimSpace(line[n:])
}

// statement sets or takes away something, or else prints what a line stands for.
func (s *dialogue) statement(ctx context.Context, line string) string {
	if name, isDel := strings.CutPrefix(line, "del "); isDel {
		return s.complaint(s.remove(ctx, name))
	}
	if name, value, isSet := assignment(line); isSet {
		return s.complaint(s.set(ctx, name, value))
	}
	return s.print(ctx, line, false)
}

// complaint returns an error as the debugger says it.
func (s *dialogue) complaint(err error) string {
	if err == nil {
		return ""
	}
	text := "*** " + sentence(err) + "\n"
	if hint := source.HintOf(err); hint != "" {
		text += "hint: " + hint + "\n"
	}
	return printable(text)
}

// print returns an expression's value, laid out or on one line.
func (s *dialogue) print(ctx context.Context, text string, pretty bool) string {
	switch text {
	case "":
		return s.complaint(source.Errorf(source.Pos{}, "p prints a value, as in: p task.args"))
	case "task":
		return printable(title(s.event)) + "\n"
	case "host":
		return printable(s.host) + "\n"
	case "result":
		text = "result._result"
	}
	c, err := s.context(ctx)
	if err != nil {
		return s.complaint(err)
	}
	v, err := s.value(c, text)
	if err == nil {
		v, err = spelledOut(c, v)
	}
	if err != nil {
		return s.complaint(err)
	}
	if pretty {
		v, err = c.Filter("pprint", v)
		if err != nil {
			return s.complaint(err)
		}
		return printable(jinja.Str(v)) + "\n"
	}
	return printable(jinja.Repr(v)) + "\n"
}

// value evaluates an expression of the operator's.
func (s *dialogue) value(c *jinja.Context, text string) (any, error) {
	expr, err := jinja.ParseExpr(text, source.Pos{})
	if err != nil {
		return nil, source.Errorf(source.Pos{}, "%s", sentence(err)).
			WithHint("this is neither a command nor a Jinja expression; help lists what is understood")
	}
	v, err := expr.Value(c)
	if jinja.IsUndefined(err) && source.HintOf(err) == "" {
		err = source.Errorf(source.Pos{}, "%s", sentence(err)).WithHint("an expression sees task, task_vars, host, result and the variables; help lists the commands")
	}
	return v, err
}

// context returns an evaluation that sees what the operator may look at.
func (s *dialogue) context(ctx context.Context) (*jinja.Context, error) {
	c, err := s.contextFor(ctx, s.host, s.edited, s.vars)
	if err != nil {
		return nil, err
	}
	scope, ok := c.Scope.(*vars.Scope)
	if !ok {
		return c, nil
	}
	return c.With(scope.With(map[string]any{
		"task": s.taskMap(), "task_vars": scopeMapping{scope, false}, "host": s.hostMap(c), "result": s.resultMap(),
	})), nil
}

func (s *dialogue) taskMap() *jinja.Map {
	t := s.edited
	when := []any{}
	for _, n := range t.When {
		when = append(when, jinja.Plain(n))
	}
	return jinja.NewMap("name", s.event.Name, "action", t.Module, "args", s.shownArgs(), "vars", jinja.Plain(t.Vars), "when", when, "register", t.Register)
}

func (s *dialogue) hostMap(c *jinja.Context) *jinja.Map {
	address := any(s.host)
	if v, ok := c.Scope.Lookup("ansible_host"); ok {
		address = v
	}
	return jinja.NewMap("name", s.host, "address", address, "groups", list(s.engine.Inventory.GroupNames(s.host)))
}

// resultMap is the variable result. What no_log hides from reports it hides here.
func (s *dialogue) resultMap() *jinja.Map {
	value := s.res.value
	if s.res.noLog {
		value = s.res.censored()
	}
	return jinja.NewMap("_result", value, "_host", s.host, "_task", title(s.event), "task_name", s.event.Name)
}

// spelledOut returns a value with the dictionaries in it that are computed on demand
// written out, as far as they can be.
func spelledOut(c *jinja.Context, v any) (any, error) {
	m, isMapping := v.(jinja.Mapping)
	if _, plain := v.(*jinja.Map); plain || !isMapping {
		return jinja.Deep(c, v)
	}
	out := jinja.NewMap()
	for _, key := range m.Keys() {
		if slices.Contains([]any{"hostvars", "omit"}, key) {
			continue // all of the others' variables: to be asked for by name
		}
		e, ok, err := m.Lookup(c, key)
		if err == nil && ok {
			e, err = spelledOut(c, e)
		}
		switch {
		case err != nil:
			out.Set(key, "("+sentence(err)+")")
		case ok:
			out.Set(key, e)
		}
	}
	return out, nil
}
