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
	return u.all(ctx, items)
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

// all runs the task for every item, and sums up.
func (u *turn) all(ctx context.Context, items []any) *taskResult {
	loop := u.task.Loop
	sum := &taskResult{loop: true, value: jinja.NewMap()}
	var results []any
	for i, item := range items {
		locals := map[string]any{loop.Var: item, "ansible_loop_var": loop.Var}
		if loop.IndexVar != "" {
			locals[loop.IndexVar] = i
			locals["ansible_index_var"] = loop.IndexVar
		}
		c, err := u.newContext(ctx, u.task, locals)
		if err != nil {
			return failed(err)
		}
		if ext, err := u.engine.truth(c, loop.Extended, false); err == nil && ext {
			locals["ansible_loop"] = extended(items, i)
		}
		if i > 0 {
			if err := u.pause(ctx, c, loop.Pause); err != nil {
				return failed(err)
			}
		}
		label := u.label(c, item)
		res := u.item(ctx, locals, label)
		if ctx.Err() != nil {
			return res
		}
		res.value.Set(loop.Var, item)
		res.value.Set("ansible_loop_var", loop.Var)
		u.reportItem(res, label)
		results = append(results, res.value)
		sum.add(res)
		if res.outcome == event.Unreachable || res.then != nil {
			break
		}
	}
	sum.finishLoop(results)
	return sum
}

// extended is the variable ansible_loop.
func extended(items []any, i int) *jinja.Map {
	m := jinja.NewMap("allitems", items, "index", i+1, "index0", i, "first", i == 0, "last", i == len(items)-1,
		"length", len(items), "revindex", len(items)-i, "revindex0", len(items)-i-1)
	if i > 0 {
		m.Set("previtem", items[i-1])
	}
	if i+1 < len(items) {
		m.Set("nextitem", items[i+1])
	}
	return m
}

func (u *turn) pause(ctx context.Context, c *jinja.Context, n source.Node) error {
	seconds, err := u.engine.number(c, n, 0)
	if err != nil {
		return err
	}
	return sleep(ctx, time.Duration(seconds*float64(time.Second)))
}

// sleep waits, or returns ctx's error as soon as it ends.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// label returns what to call an item in reports.
func (u *turn) label(c *jinja.Context, item any) string {
	if u.task.Loop.Label.Exists() {
		if s, err := u.engine.text(c, u.task.Loop.Label, ""); err == nil {
			return s
		}
	}
	return jinja.Str(item)
}

// items evaluates what a loop runs over.
func (u *turn) items(c *jinja.Context) ([]any, error) {
	loop := u.task.Loop
	if loop.Lookup == "first_found" {
		return u.firstFound(c)
	}
	v, err := u.engine.value(c, loop.Items)
	if err != nil {
		return nil, err
	}
	switch loop.Lookup {
	case "":
		if m, ok := v.(jinja.Tuple); ok {
			return m, nil
		}
		l, ok := v.([]any)
		if !ok {
			return nil, loop.Items.Errorf("loop wants a list, not %s", short(jinja.Repr(v))).
				WithHint("a mapping becomes a list with `| dict2items`, text with `| split`")
		}
		return l, nil
	case "items", "list":
		return flatten(v, loop.Lookup == "items"), nil
	}
	return u.lookup(c, loop, v)
}

func short(s string) string {
	if len(s) > 80 {
		return s[:77] + "..."
	}
	return s
}

// flatten makes a list of v; with one, lists in it lose one level.
func flatten(v any, one bool) []any {
	l, ok := v.([]any)
	if !ok {
		return []any{v}
	}
	if !one {
		return l
	}
	var out []any
	for _, e := range l {
		if inner, ok := e.([]any); ok {
			out = append(out, inner...)
		} else {
			out = append(out, e)
		}
	}
	return out
}

// lookup runs the lookup behind with_NAME.
func (u *turn) lookup(c *jinja.Context, loop *playbook.Loop, terms any) ([]any, error) {
	expr, err := jinja.ParseExpr("query('"+strings.ReplaceAll(loop.Lookup, "'", "")+"', *fleet_terms)", loop.Pos)
	if err != nil {
		return nil, err
	}
	if _, ok := terms.([]any); !ok {
		terms = []any{terms}
	}
	scope, ok := c.Scope.(*vars.Scope)
	if !ok {
		return nil, errors.New("no variables here")
	}
	v, err := expr.Value(c.With(scope.With(map[string]any{"fleet_terms": terms})))
	if err != nil {
		return nil, err
	}
	l, ok := v.([]any)
	if !ok {
		return nil, fmt.Errorf("with_%s gives no list", loop.Lookup)
	}
	return l, nil
}

// firstFound keeps the terms of with_first_found together: they may be a list of
// names or a mapping.
func (u *turn) firstFound(c *jinja.Context) ([]any, error) {
	v, err := u.engine.value(c, u.task.Loop.Items)
	if err != nil {
		return nil, err
	}
	return u.lookup(c, u.task.Loop, v)
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
