package engine

import (
	"cmp"
	"context"
	"slices"
	"time"

	"fleet/internal/event"
	"fleet/internal/jinja"
	"fleet/internal/playbook"
	"fleet/internal/source"
	"fleet/internal/vars"
)

// turn is one task on one host, with all items of its loop.
type turn struct {
	*hostRun
	task  *playbook.Task
	event *event.Task
	order []int
	// includes counts what the task has included so far.
	includes int
}

// alone runs a task on the host, and reports and keeps its result.
func (h *hostRun) alone(ctx context.Context, t *playbook.Task, order []int) (*taskResult, error) {
	c, err := h.newContext(ctx, t, nil)
	if err != nil {
		return nil, err
	}
	et := h.playRun.task(t, order, func() string { return h.taskName(c, t) })
	free, err := h.throttled(ctx, c, t, et)
	if err != nil {
		return nil, err
	}
	defer free()
	if err := h.acquire(ctx); err != nil {
		return nil, err
	}
	defer h.release()
	begin := time.Now()
	h.engine.stats.begin(h.host, et.Name)
	h.engine.Events.Emit(event.TaskStarted{Host: h.host, Task: et, Time: begin})
	u := &turn{hostRun: h, task: t, event: et, order: order}
	res := u.run(ctx, c)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	h.engine.stats.end(h.host)
	h.learn(t, res, order)
	if res.outcome == event.Changed {
		if err := h.notify(c, t); err != nil {
			res = failed(err)
		}
	}
	res.rescued = res.outcome == event.Failed && !res.ignored && rescued(t)
	if res.rescued {
		h.locals = with(h.locals, "ansible_failed_result", res.value, "ansible_failed_task", jinja.NewMap("name", h.givenName(c, t), "action", et.Module))
	}
	h.report(et, res, time.Since(begin))
	return res, nil
}

// with returns a copy of m with further entries, given in turn.
func with(m map[string]any, pairs ...any) map[string]any {
	out := make(map[string]any, len(m)+len(pairs)/2)
	for k, v := range m {
		out[k] = v
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		out[pairs[i].(string)] = pairs[i+1]
	}
	return out
}

// taskName returns what to call a task: its own name, or its module's.
func (h *hostRun) taskName(c *jinja.Context, t *playbook.Task) string {
	if t == factsTask {
		return "Gathering Facts"
	}
	return cmp.Or(h.givenName(c, t), shortName(t.Module))
}

// givenName returns a task's own name, or "".
func (h *hostRun) givenName(c *jinja.Context, t *playbook.Task) string {
	name, err := h.engine.text(c, t.Name, "")
	if err != nil {
		return t.Name.Text()
	}
	return name
}

// throttled waits until the task's `throttle` lets one more host run it, and
// returns what to call behind it.
func (h *hostRun) throttled(ctx context.Context, c *jinja.Context, t *playbook.Task, et *event.Task) (free func(), err error) {
	limit, err := h.engine.number(c, given(h.Play, t, func(k *playbook.Keywords) source.Node { return k.Throttle }), 0)
	if err != nil || limit < 1 {
		return func() {}, err
	}
	h.mu.Lock()
	slots := h.throttle[et]
	if slots == nil {
		slots = make(chan struct{}, int(limit))
		h.throttle[et] = slots
	}
	h.mu.Unlock()
	select {
	case slots <- struct{}{}:
		return func() { <-slots }, nil
	case <-ctx.Done():
		return func() {}, ctx.Err()
	}
}

// acquire takes one of the run's slots, release gives it back.
func (h *hostRun) acquire(ctx context.Context) error {
	if h.engine.slots == nil {
		return nil
	}
	select {
	case h.engine.slots <- struct{}{}:
		h.slot = true
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (h *hostRun) release() {
	if h.slot {
		<-h.engine.slots
		h.slot = false
	}
}

// waitFor waits, inside of an evaluation, until the hosts have done everything
// before the task that this host is at. Others need the slot meanwhile.
func (h *hostRun) waitFor(hosts []string) {
	held := h.slot
	h.release()
	// A cancelled wait ends the evaluation by its own context.
	_ = h.crowd.wait(h.ctx, hosts, h.order)
	if held {
		_ = h.acquire(h.ctx)
	}
}

// startsHere reports whether the run has come to the task of --start-at-task.
func (e *Engine) startsHere(r *playRun, t *playbook.Task) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e.started || t == factsTask {
		return true
	}
	e.started = StartsAt(t, e.Options.StartAt)
	return e.started
}

// run runs the task, once or for every item of its loop.
func (u *turn) run(ctx context.Context, c *jinja.Context) *taskResult {
	if u.task.Loop == nil {
		return u.item(ctx, nil, "")
	}
	items, err := u.items(c)
	if err != nil {
		// A loop over something undefined is no mistake where the condition says no.
		if cond, werr := u.engine.firstFalse(c, u.conditions()); werr == nil && cond != "" {
			return skipped(cond)
		}
		return failed(err)
	}
	return u.all(ctx, c, items)
}

// conditions returns the conditions of the task, of the blocks around it and of
// the play's import, the outer first.
func (u *turn) conditions() []source.Node {
	var chain [][]source.Node
	for e := playbook.Entry(u.task); e != nil; {
		chain = append(chain, e.Common().When)
		up := e.Up()
		if up == nil {
			break
		}
		e = up
	}
	chain = append(chain, u.Play.When)
	slices.Reverse(chain)
	return slices.Concat(chain...)
}

// learn keeps what the playbook wants to know of a result.
func (h *hostRun) learn(t *playbook.Task, res *taskResult, order []int) {
	at := vars.Place{Play: h.id, Order: order}
	store := h.engine.Vars.Host(h.host)
	for _, f := range res.facts {
		to := store
		if f.host != "" {
			to = h.engine.Vars.Host(f.host)
		}
		switch f.kind {
		case factIncluded:
			to.Include(f.values, at)
		case factSet:
			for k, v := range f.values.All() {
				to.Set(jinja.Str(k), v, at)
			}
		case factAdded:
			to.Define(f.values, at)
		default:
			to.SetFacts(f.values, at)
		}
	}
	if t.Register != "" {
		store.Set(t.Register, res.value, at)
	}
}
