package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"fleet/internal/event"
	"fleet/internal/jinja"
	"fleet/internal/playbook"
	"fleet/internal/source"
	"fleet/internal/spec"
	"fleet/internal/vars"
)

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
	check    bool
	diff     bool
	noLog    bool
	lesser   bool // the module ran as a user who is not to be become root
	// evaluated are the arguments as the template language gave them.
	evaluated *jinja.Map
}

// item begins the task once, in a context with the variables of a loop's item.
func (u *turn) item(ctx context.Context, c *jinja.Context, locals map[string]any, label string) *part {
	a := &attempt{turn: u, c: c, locals: locals, label: label, target: u.host}
	noLog, err := u.engine.truth(c, a.keyword(func(k *playbook.Keywords) source.Node { return k.NoLog }), false)
	a.noLog = noLog || err != nil
	p := &part{attempt: a, res: a.run(ctx), label: label}
	if p.res.pending == nil {
		a.finish(p.res)
	}
	return p
}

// finish adds to a result what the task's keywords say about it.
func (a *attempt) finish(res *taskResult) *taskResult {
	res.noLog = a.noLog
	res.delegate = a.delegate
	if res.outcome == event.Failed || res.outcome == event.Unreachable {
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
	return given(a.Play, a.task, get)
}

func (a *attempt) run(ctx context.Context) *taskResult {
	cond, err := a.engine.firstFalse(a.c, a.conditions())
	if err != nil {
		return failed(err)
	}
	if cond != "" {
		return skipped(cond)
	}
	if err := a.prepare(); err != nil {
		return failed(err)
	}
	if a.task.Loop != nil && a.task.Loop.Parallel.Exists() && a.action != nil && a.action.behind {
		return failed(a.task.Loop.Parallel.Errorf("%s cannot run for several items in parallel", a.spec.Name))
	}
	return a.until(ctx)
}

// prepare finds the module, and evaluates the keywords.
func (a *attempt) prepare() error {
	var err error
	if a.action, a.spec, err = a.engine.module(a.task); err != nil {
		return err
	}
	o := &a.engine.Options
	if a.check, err = a.engine.truth(a.c, a.keyword(func(k *playbook.Keywords) source.Node { return k.CheckMode }), o.Check); err != nil {
		return err
	}
	if a.diff, err = a.engine.truth(a.c, a.keyword(func(k *playbook.Keywords) source.Node { return k.Diff }), o.Diff); err != nil {
		return err
	}
	to, err := a.engine.text(a.c, a.keyword(func(k *playbook.Keywords) source.Node { return k.DelegateTo }), "")
	if err != nil {
		return err
	}
	if to != "" && to != a.host {
		if _, ok := a.engine.Inventory.Host(to); !ok {
			return a.keyword(func(k *playbook.Keywords) source.Node { return k.DelegateTo }).
				Errorf("delegate_to names %q, which is no host of the inventory", to)
		}
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
		return nil, m, nil
	}
	names := e.Modules.Names()
	for n := range e.actions {
		names = append(names, n)
	}
	slices.Sort(names)
	return nil, nil, source.Errorf(t.ModulePos, "no module is called %q", t.Module).
		WithHint("%s", cmp.Or(source.DidYouMean(name, names), "`fleet doc --list` names all modules"))
}

// until repeats the task until its condition holds.
func (a *attempt) until(ctx context.Context) *taskResult {
	tries, delay, err := a.patience()
	if err != nil {
		return failed(err)
	}
	for n := 1; ; n++ {
		res := a.timed(ctx)
		if res.pending != nil || tries == 1 && a.task.Until == nil || ctx.Err() != nil || res.outcome == event.Skipped || res.outcome == event.Unreachable {
			return res
		}
		res.data = nil
		res.value.Set("attempts", n)
		enough, err := a.enough(res)
		if err != nil {
			return failed(err)
		}
		if enough {
			return res
		}
		if n >= tries {
			res.value.Set("attempts", n-1) // the number of retries, as Ansible counts here
			res.value.Set("failed", true)
			if orEmpty(res.value, "msg") == "" {
				res.value.Set("msg", fmt.Sprintf("the condition of until did not hold after %d tries", n))
			}
			res.outcome = event.Failed
			return res
		}
		shown := *res
		shown.noLog = a.noLog
		a.engine.Events.Emit(event.Retried{Host: a.hostRun.host, Task: a.event, Label: a.label, Attempt: n, Left: tries - n, Result: shown.show()})
		if err := sleep(ctx, delay); err != nil {
			return failed(err)
		}
	}
}

// patience returns how often to try at most, and how long to wait between tries.
func (a *attempt) patience() (tries int, delay time.Duration, err error) {
	if a.task.Until == nil && !a.task.Retries.Exists() {
		return 1, 0, nil
	}
	retries, err := a.engine.number(a.c, a.task.Retries, 3)
	if err != nil {
		return 0, 0, err
	}
	seconds, err := a.engine.number(a.c, a.task.Delay, 5)
	if err != nil {
		return 0, 0, err
	}
	return max(1, int(retries)+1), time.Duration(max(0, seconds) * float64(time.Second)), nil
}

// enough reports whether `until` holds; without one, whether the task succeeded.
func (a *attempt) enough(res *taskResult) (bool, error) {
	if a.task.Until == nil {
		return res.outcome != event.Failed, nil
	}
	cond, err := a.engine.firstFalse(a.after(res), a.task.Until)
	return cond == "" && err == nil, err
}

// after returns the context in which a condition looks at the result.
func (a *attempt) after(res *taskResult) *jinja.Context {
	scope, ok := a.c.Scope.(*vars.Scope)
	if !ok {
		return a.c
	}
	locals := map[string]any{}
	if a.task.Register != "" {
		locals[a.task.Register] = res.value
	}
	for _, f := range res.facts {
		for k, v := range f.values.All() {
			locals[jinja.Str(k)] = v
		}
	}
	return a.c.With(scope.With(locals))
}

// timed runs the action within the task's timeout and judges what it returned.
func (a *attempt) timed(ctx context.Context) *taskResult {
	seconds, err := a.engine.number(a.c, a.keyword(func(k *playbook.Keywords) source.Node { return k.Timeout }), 0)
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
	inner, cancel := context.WithTimeout(ctx, time.Duration(seconds*float64(time.Second)))
	defer cancel()
	c := *a.c
	c.Ctx = inner
	a.c = &c
	res := a.act(inner)
	if ctx.Err() == nil && inner.Err() != nil {
		res = failed(fmt.Errorf("the task took longer than its timeout of %g s", seconds))
	}
	return a.redefined(res)
}

// redefined returns the result as changed_when and failed_when want it.
func (a *attempt) redefined(res *taskResult) *taskResult {
	if res.outcome == event.Skipped || res.outcome == event.Unreachable {
		return res
	}
	if err := a.redefine(res); err != nil {
		return failed(err)
	}
	return res
}

// act evaluates the arguments and runs the module.
func (a *attempt) act(ctx context.Context) *taskResult {
	args, err := a.args()
	if err != nil {
		return failed(err)
	}
	var res *taskResult
	if a.action != nil {
		res, err = a.action.run(ctx, a, args)
	} else {
		res, err = a.module(ctx, a.spec.Name, args, nil)
	}
	if err == nil && res.pending != nil {
		return res
	}
	return a.received(ctx, res, err)
}

// received returns what a step came to, from what it returned.
func (a *attempt) received(ctx context.Context, res *taskResult, err error) *taskResult {
	if err != nil {
		return a.lost(ctx, err)
	}
	a.complete(res)
	return res
}

// lost tells a host that did not answer from a mistake.
func (a *attempt) lost(ctx context.Context, err error) *taskResult {
	var gone *unreachableError
	if errors.As(err, &gone) && ctx.Err() == nil {
		return unreachable(gone.err)
	}
	return failed(err)
}

// complete adds what Ansible's controller adds to every result.
func (a *attempt) complete(res *taskResult) {
	v := res.value
	for _, stream := range []string{"stdout", "stderr"} {
		text, ok := v.Get(stream)
		s, isText := text.(string)
		if ok && isText && !v.Has(stream+"_lines") {
			v.Set(stream+"_lines", lines(s))
		}
	}
	if !v.Has("changed") {
		v.Set("changed", false)
	}
	if !v.Has("failed") {
		v.Set("failed", false)
	}
	if found, ok := v.Get("ansible_facts"); ok && a.action == nil {
		if m, ok := found.(*jinja.Map); ok {
			res.facts = append(res.facts, facts{host: a.factsHost(), values: m})
		}
	}
	res.judge()
	if res.outcome == event.Failed && a.lesser && strings.Contains(strings.ToLower(jinja.Str(orEmpty(v, "msg"))), "permission denied") {
		res.hint = "become: true runs the task as root"
	}
}

// factsHost returns the host that facts belong to: with delegate_facts the one
// that the task ran on.
func (a *attempt) factsHost() string {
	if a.delegate == "" {
		return ""
	}
	if yes, err := a.engine.truth(a.c, a.keyword(func(k *playbook.Keywords) source.Node { return k.DelegateFacts }), false); err == nil && yes {
		return a.delegate
	}
	return ""
}

// redefine applies changed_when and failed_when.
func (a *attempt) redefine(res *taskResult) error {
	if a.task.ChangedWhen != nil {
		cond, err := a.engine.firstFalse(a.after(res), a.task.ChangedWhen)
		if err != nil {
			return err
		}
		res.data = nil
		res.value.Set("changed", cond == "")
	}
	if a.task.FailedWhen != nil {
		cond, err := a.engine.firstFalse(a.after(res), a.task.FailedWhen)
		if err != nil {
			return err
		}
		res.data = nil
		res.value.Set("failed", cond == "")
		res.value.Set("failed_when_result", cond == "")
		if cond == "" && orEmpty(res.value, "msg") == "" {
			res.value.Set("msg", "the condition of failed_when holds")
		}
	}
	res.judge()
	return nil
}
