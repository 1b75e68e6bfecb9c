package engine

import (
	"cmp"
	"context"
	"slices"

	"fleet/internal/event"
	"fleet/internal/jinja"
	"fleet/internal/playbook"
	"fleet/internal/source"
	"fleet/internal/spec"
)

// showsArguments is the verbosity from which reports show what modules were given.
const showsArguments = 3

// attempt is one try at a task, or at one item of its loop.
type attempt struct {
	*turn
	c      *jinja.Context
	locals map[string]any
	label  string

	spec     *spec.Module
	action   *action // nil: the module runs on the target as it is
	target   string  // the inventory's host whose machine is used
	delegate string  // target where it is another host, else empty
	job      *job    // nil: the module runs while the task waits
	check    bool
	diff     bool
	noLog    bool
	lesser   bool // the module ran as a user who is not to be become root
	try      int  // which try of a task that is repeated until a condition holds
	// evaluated are the arguments as the template language gave them.
	evaluated *jinja.Map
}

// item begins the task once, in a context with the variables of a loop's item.
func (u *turn) item(ctx context.Context, c *jinja.Context, locals map[string]any, label string) *part {
	a := u.attempt(c)
	a.locals, a.label = locals, label
	p := &part{attempt: a, res: a.run(ctx), label: label}
	if p.res.pending == nil {
		a.finish(p.res)
	}
	return p
}

func (u *turn) attempt(c *jinja.Context) *attempt {
	a := &attempt{turn: u, c: c, target: u.host}
	noLog, err := u.engine.truth(c, a.keyword(func(k *playbook.Keywords) source.Node { return k.NoLog }), u.engine.Options.NoLog)
	a.noLog = noLog || err != nil
	return a
}

// fail is the result of a task whose loop cannot begin.
func (u *turn) fail(c *jinja.Context, err error) *taskResult { return u.attempt(c).finish(failed(err)) }

// finish adds to a result what the task's keywords say about it.
func (a *attempt) finish(res *taskResult) *taskResult {
	res.noLog, res.noDiff = a.noLog || res.noLog, !a.diff
	res.delegate = a.delegate
	if a.engine.Options.Verbosity >= showsArguments && (a.action == nil || a.action.spec == nil) && res.outcome != event.Unreachable {
		res.invoked = a.evaluated
	}
	_, final := aborts(res.err)
	if !final && (res.outcome == event.Failed || res.outcome == event.Unreachable) {
		get := func(k *playbook.Keywords) source.Node { return k.IgnoreErrors }
		if res.outcome == event.Unreachable {
			get = func(k *playbook.Keywords) source.Node { return k.IgnoreUnreachable }
		}
		// The result is there already: a mistake in the keyword cannot hide it.
		res.ignored, _ = a.engine.truth(a.c, a.keyword(get), false)
	}
	return res
}

// arrived waits for the result of a call that was sent ahead, and judges it.
func (a *attempt) arrived(ctx context.Context, p *pendingCall) *taskResult {
	res, err := a.receive(ctx, p)
	if err == nil {
		for _, change := range p.changes {
			change(res)
		}
	}
	res = a.received(ctx, res, err)
	return a.redefined(res)
}

func (a *attempt) keyword(get func(*playbook.Keywords) source.Node) source.Node {
	return a.engine.inForce(a.c, a.Play, a.task, get)
}

func (a *attempt) run(ctx context.Context) *taskResult {
	// The conditions see the other host's variables; what is wrong with delegate_to
	// fails the task where they hold.
	wrong := a.nameDelegate()
	cond, err := a.engine.firstFalse(a.c, a.conditions())
	if err != nil {
		return failed(err)
	}
	if cond != nil {
		a.target, a.delegate = a.host, "" // where it would have run is of no interest
		return a.passedOver(cond)
	}
	if err := cmp.Or(wrong, a.prepare()); err != nil {
		return failed(err)
	}
	if a.task.Loop != nil && a.task.Loop.Parallel.Exists() && a.action != nil && a.action.behind {
		return failed(a.task.Loop.Parallel.Errorf("%s cannot run for several items in parallel", a.spec.Name))
	}
	return a.until(ctx)
}

// prepare finds the module, and evaluates the keywords.
func (a *attempt) prepare() error {
	if err := a.nameModule(); err != nil {
		return err
	}
	var err error
	if a.action, a.spec, err = a.engine.module(a.task); err != nil {
		return err
	}
	o := &a.engine.Options
	if a.check, err = a.engine.truth(a.c, a.keyword(func(k *playbook.Keywords) source.Node { return k.CheckMode }), o.Check); err != nil {
		return err
	}
	a.diff, err = a.engine.truth(a.c, a.keyword(func(k *playbook.Keywords) source.Node { return k.Diff }), o.Diff)
	return err
}

// nameDelegate finds out on which host the task runs.
func (a *attempt) nameDelegate() error {
	delegate := a.keyword(func(k *playbook.Keywords) source.Node { return k.DelegateTo })
	to, err := a.engine.text(a.c, delegate, a.host)
	switch {
	case err != nil:
		return err
	case to == "":
		return delegate.Errorf("delegate_to is empty").WithHint("{{ omit }} is nobody else")
	case delegate.Exists():
		a.seeDelegate(to)
	}
	if to != a.host {
		a.target, a.delegate = to, to
	}
	return nil
}

// module finds what a task runs: a step of the controller's, or a module of the target's.
func (e *Engine) module(t *playbook.Task) (*action, *spec.Module, error) {
	name := shortName(t.Module)
	if act := e.actions[name]; act != nil {
		if act.spec != nil {
			return act, act.spec, nil
		}
		if m, ok := e.Modules.Find(name); ok {
			return act, m, nil
		}
	}
	if m, ok := e.Modules.Find(t.Module); ok {
		if m.File != "" {
			return e.actions["own_module"], m, nil
		}
		return nil, m, nil
	}
	if t.Lacks != nil {
		return nil, nil, t.Lacks
	}
	names := e.Modules.Names()
	for n := range e.actions {
		names = append(names, n)
	}
	slices.Sort(names)
	return nil, nil, source.Errorf(t.ModulePos, "no module is called %q", t.Module).
		WithHint("%s", cmp.Or(source.DidYouMean(name, names), "`fleet doc --list` names all modules"))
}

// timed runs the action within the task's timeout and judges what it returned.
func (a *attempt) timed(ctx context.Context) *taskResult {
	seconds, err := a.engine.number(a.c, a.keyword(func(k *playbook.Keywords) source.Node { return k.Timeout }), a.engine.Options.TaskTimeout)
	if err != nil {
		return failed(err)
	}
	if seconds <= 0 {
		res := a.act(ctx)
		if res.pending != nil {
			return res
		}
		return a.redefined(res)
	}
	inner, cancel := context.WithTimeout(ctx, lasting(seconds))
	defer cancel()
	c := *a.c
	c.Ctx = inner
	a.c = &c
	res := a.act(inner)
	if ctx.Err() == nil && inner.Err() != nil {
		res = failed(source.Errorf(source.Pos{}, "The %s action failed to execute in the expected time frame (%g) and was terminated", a.spec.Name, seconds))
		res.value.Set("timedout", jinja.NewMap("period", int(seconds)))
	}
	return a.redefined(res)
}

// act evaluates the arguments and runs the module.
func (a *attempt) act(ctx context.Context) *taskResult {
	args, err := a.args()
	if err != nil {
		return failedOption(err)
	}
	if a.job, err = a.newJob(); err != nil {
		return failed(err)
	}
	var res *taskResult
	if a.action != nil {
		res, err = a.action.run(ctx, a, args)
	} else {
		a.tellLess(args)
		res, err = a.module(ctx, a.spec.Name, args, nil)
	}
	if err == nil && res.pending != nil {
		return res
	}
	if err == nil && a.job != nil {
		res, err = a.awaitJob(ctx, res)
	}
	return a.received(ctx, res, err)
}
