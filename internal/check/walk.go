package check

import (
	"slices"
	"strings"

	"fleet/internal/argument"
	"fleet/internal/jinja"
	"fleet/internal/playbook"
	"fleet/internal/source"
)

// site is a place in a play at which things are evaluated.
type site struct {
	entry   playbook.Entry // nil: the play itself
	locals  names          // a loop's variables
	tested  names          // variables that conditions around have tested
	certain bool           // the place is reached whenever the playbook runs
	lenient bool           // something undefined does no harm
	guessed bool           // in a file that an include may bring in
	never   bool           // a condition says no in so many words
	// items are those of the loops around, by the names of their variables, where
	// they are known; turns is the word for the innermost: "" is "loop".
	items map[string][]any
	turns string
	own   *playbook.Task // whose result is looked at while it runs
}

// at returns the site for an entry inside.
func (s site) at(e playbook.Entry) site {
	s.entry = e
	return s
}

// perhaps returns the site where it is not sure that the place is reached.
func (s site) perhaps() site {
	s.certain = false
	return s
}

func (p *play) entries(entries []playbook.Entry, s site) {
	for _, e := range entries {
		if p.ctx.Err() != nil {
			return
		}
		switch e := e.(type) {
		case *playbook.Block:
			p.block(e, s)
		case *playbook.Task:
			p.task(e, s)
		}
	}
}

func (p *play) block(b *playbook.Block, s site) {
	p.see(b.Pos.File)
	s = s.at(b)
	if b.Role != nil {
		p.definitions(p.Vars.Map(b.Role.Defaults))
		p.definitions(p.Vars.Map(b.Role.Vars))
		p.overrides(b.Role.Vars)
		p.connectionVars(b.Role.Defaults)
		p.connectionVars(b.Role.Vars)
	}
	p.definitions(p.Vars.Map(b.Vars))
	p.definitions(p.Vars.Map(b.Params))
	p.overrides(b.Vars)
	p.connectionVars(b.Vars)
	own := s
	own.certain = s.certain && !p.ended && p.runs(b)
	own = p.conditions(b.When, own)
	p.keywords(&b.Keywords, own)
	s.tested = own.tested
	s.certain = s.certain && unconditional(b.When)
	body := s
	if len(b.Rescue) > 0 {
		body = s.perhaps()
		p.forgiving++
	}
	p.entries(b.Body, body)
	if len(b.Rescue) > 0 {
		p.forgiving--
	}
	p.entries(b.Rescue, s.perhaps())
	p.entries(b.Always, s)
}

// task checks a task with all that belongs to it.
func (p *play) task(t *playbook.Task, s site) {
	p.see(t.Pos.File)
	s = s.at(t)
	s.certain = s.certain && !p.ended && p.runs(t)
	p.definitions(p.Vars.Map(t.Vars))
	p.overrides(t.Vars)
	p.connectionVars(t.Vars)
	p.name(t.Name, s)
	if p.forgiven(t) { // also what its loop and its conditions do wrong
		s = s.perhaps()
		p.forgiving++
		defer func() { p.forgiving-- }()
	}
	g := p.given(t)
	p.habits(t, g, s)
	s = p.loop(t, s)
	s = p.conditions(t.When, s)
	p.keywords(&t.Keywords, s)
	p.moduleName(t, s)
	p.own(t, s)
	if t.Lacks != nil {
		p.refuse(t.Lacks, s.certain)
	}
	p.arguments(t, g, s)
	p.forms(t, g, s)
	p.needed(t, g, s)
	p.values(t, g, s)
	p.localFiles(t, g, s)
	p.sets(t)
	p.results(t, s)
	p.notifies(t, s)
	p.notifiedBy(t)
	p.special(t, g, s)
}

// moduleName checks the template that a module's name may be.
func (p *play) moduleName(t *playbook.Task, s site) {
	if jinja.IsTemplate(t.Module) {
		p.value(jinja.NewText(t.Module, t.ModulePos), s)
	}
}

// name checks the templates of a name, without which the task goes on.
func (p *play) name(n source.Node, s site) {
	if t := p.template(n); n.IsString() && t != nil && t.err != nil {
		p.add(t.err, false)
	}
}

// runs reports whether the command line's tags let the entry run.
func (p *play) runs(e playbook.Entry) bool { return p.Selected == nil || p.Selected(p.src, e) }

// forgiven reports whether the run goes on where the task fails.
func (p *play) forgiven(t *playbook.Task) bool {
	n := inherited(p.src, t, func(k *playbook.Keywords) source.Node { return k.IgnoreErrors })
	if n.Exists() {
		v, isBool := source.Scalar(n).(bool)
		return !isBool || v
	}
	for _, c := range t.FailedWhen {
		if source.Scalar(c) == false || strings.EqualFold(c.Text(), "false") {
			return true
		}
	}
	return false
}

// inherited returns a keyword of the entry, or of the nearest block around it
// that has it, or of the play.
func inherited(p *playbook.Play, e playbook.Entry, get func(*playbook.Keywords) source.Node) source.Node {
	for e != nil {
		if n := get(e.Common()); n.Exists() {
			return n
		}
		up := e.Up()
		if up == nil {
			break
		}
		e = up
	}
	return get(&p.Keywords)
}

// loop checks a task's loop and returns the site of one turn.
func (p *play) loop(t *playbook.Task, s site) site {
	l := t.Loop
	if l == nil {
		return s
	}
	items := s
	if len(t.When) > 0 {
		items = s.perhaps() // where the condition says no, a bad loop is skipped
		for _, n := range t.When {
			if n.IsString() {
				items.tested = items.tested.with(tests(p.judged(n))...)
			}
		}
	}
	items.lenient = items.lenient || l.Lookup == "first_found" // such a name is passed over
	p.evaluated(l.Items, items)
	s = p.turnsOf(t, items.certain, s)
	s.locals = s.locals.with(l.VarName(), l.IndexVar.Text())
	if !l.Items.IsList() || len(l.Items.Items()) == 0 || !slices.Contains([]string{"", "items", "list"}, l.Lookup) {
		s = s.perhaps() // there may be no turn at all
	}
	p.evaluated(l.Extended, s)
	p.evaluated(l.Parallel, s)
	p.evaluated(l.Pause, s.perhaps())
	p.evaluated(l.Label, s.perhaps())
	return s
}

// results checks the conditions that look at a task's result.
func (p *play) results(t *playbook.Task, s site) {
	s.own = t
	for _, list := range [][]source.Node{t.Until, t.ChangedWhen, t.FailedWhen} {
		p.conditions(list, s)
	}
	for _, n := range []source.Node{t.Retries, t.Delay, t.Async, t.Poll} {
		p.evaluated(n, s)
	}
}

// special checks what belongs to one module only.
func (p *play) special(t *playbook.Task, g *given, s site) {
	switch argument.ShortName(t.Module) {
	case "assert":
		p.assertion(t, s)
	case "fail":
		p.asserted = p.asserted.with(conditionTests(p, t)...)
		p.ended = p.ended || s.certain // what stands behind it is not reached
	case "set_fact":
		p.setFact(t, g, s)
	case "validate_argument_spec":
		p.uses(varNames(t.Argument("argument_spec"))...)
	case "meta":
		if t.Action.Text() == "end_role" && playbook.RoleOf(t) == nil {
			p.add(t.Action.Errorf("Cannot execute 'end_role' from outside of a role"), s.certain)
		}
		if strings.HasPrefix(t.Action.Text(), "end_") {
			p.ended = true
		}
	case "include_tasks", "include_role":
		p.follow(t, s)
	}
}

// follow checks what a task includes.
func (p *play) follow(t *playbook.Task, s site) {
	inc := p.include(t)
	s.certain, s.guessed = s.certain && inc.sure, s.guessed || !inc.sure
	for _, part := range inc.parts {
		if part.err != nil && part.vague {
			continue // hardly meant
		}
		if part.err != nil {
			for _, e := range playbook.Errors(part.err) {
				if s.never && part.block == nil {
					p.doubt(located(e, t.ModulePos), false) // switched off, with what it names
					continue
				}
				p.refuse(located(e, t.ModulePos), s.certain)
			}
		}
		key := step{part.key, strings.Join(varNames(t.Vars), ",")}
		certain, before := p.followed[key]
		if part.block == nil || before && (certain || !s.certain) {
			continue
		}
		p.followed[key] = s.certain
		p.block(part.block, s)
	}
}
