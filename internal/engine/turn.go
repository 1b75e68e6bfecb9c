package engine

import (
	"cmp"
	"context"
	"slices"

	"fleet/internal/event"
	"fleet/internal/jinja"
	"fleet/internal/playbook"
	"fleet/internal/source"
	"fleet/internal/vars"
)

// turn is one task on one host, with all items of its loop.
type turn struct {
	*hostRun
	task   *playbook.Task
	event  *event.Task
	order  []int
	flight *flight
	ahead  bool // calls are sent ahead
	// includes counts what the task has included so far.
	includes int

	items    []any  // of the loop
	loopVar  string // the variable with the item
	indexVar string // the one with its number; empty: none
	broken   bool   // break_when says that no item comes any more
	// gained are the variables that items have set: those behind them see these.
	gained map[string]any

	parts   []*part       // that were begun and have not landed, in order
	results []*taskResult // of those that have
	early   *taskResult   // set where the task has a result without any item
	tried   *attempt      // the latest one that has landed; nil where there is a loop
	free    func()        // gives back what `throttle` counts
}

// part is a task's work for one item of its loop, or all of it.
type part struct {
	*attempt // nil where it came to nothing
	res      *taskResult
	item     any
	label    string
}

// alone runs a task on the host, and reports and keeps its result.
func (h *hostRun) alone(ctx context.Context, t *playbook.Task, order []int) (*taskResult, error) {
	f, err := h.depart(ctx, t, order, false)
	if err != nil {
		f.drop()
		h.air.rest()
		return nil, err
	}
	defer h.air.rest()
	return f.land(ctx)
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

// taskName returns what to call a task: its own name, or its module as it is written.
func (h *hostRun) taskName(c *jinja.Context, t *playbook.Task) string {
	if t == factsTask {
		return "Gathering Facts"
	}
	return cmp.Or(h.givenName(c, t), t.Module)
}

// givenName returns a task's own name, or "".
func (h *hostRun) givenName(c *jinja.Context, t *playbook.Task) string {
	name, err := h.engine.text(c, t.Name, "")
	if err != nil {
		return t.Name.Text()
	}
	return name
}

// startsHere reports whether the host has come to the task of --start-at-task.
// Each host comes to it by itself; the plays behind begin at their beginning.
func (h *hostRun) startsHere(t *playbook.Task) bool {
	if h.begun || t == factsTask {
		return true
	}
	if !StartsAt(t, h.engine.Options.StartAt) {
		return false
	}
	h.begun = true
	h.mu.Lock()
	defer h.mu.Unlock()
	h.engine.started = true
	return true
}

// start begins the task, once or for every item of its loop. Unless it is sent
// ahead, it is done then.
func (u *turn) start(ctx context.Context, c *jinja.Context) {
	if _, err := u.openTags(ctx, u.task); err != nil && !u.task.Handler {
		u.early = u.fail(c, err)
		return
	}
	if u.task.Loop == nil {
		u.begun(ctx, u.item(ctx, c, nil, ""))
		return
	}
	items, err := u.loopItems(c)
	if err != nil {
		u.early = u.fail(c, err)
		// A loop over something undefined is no mistake where the condition says no.
		if cond, werr := u.engine.firstFalse(c, u.conditions()); werr == nil && cond != nil {
			u.early = skipped(cond)
		}
		return
	}
	u.items = items
	if err := u.nameLoop(c); err != nil {
		u.early = u.fail(c, err)
		return
	}
	u.all(ctx, c)
}

// begun takes a part that was begun, and its result where it is there.
func (u *turn) begun(ctx context.Context, p *part) {
	u.parts = append(u.parts, p)
	u.gain(p.res)
	if !u.ahead {
		u.landPart(ctx)
	}
}

// landPart waits for the result of the first part in the air, and reports it
// where it is an item of a loop.
func (u *turn) landPart(ctx context.Context) {
	p := u.parts[0]
	u.parts[0] = nil
	u.parts = u.parts[1:]
	if p.res.pending != nil {
		p.res = p.finish(p.arrived(ctx, p.res.pending))
	}
	u.results = append(u.results, p.res)
	if u.task.Loop == nil {
		u.tried = p.attempt
	}
	if u.task.Loop != nil && ctx.Err() == nil {
		u.reportItem(p)
	}
	if p.res.outcome == event.Unreachable {
		u.dropParts()
	}
	if u.task.Loop != nil && len(u.task.Loop.Break) > 0 && p.attempt != nil {
		u.breakBehind(p)
	}
}

// dropParts gives up the calls in the air.
func (u *turn) dropParts() {
	for _, p := range u.parts {
		if p.res.pending != nil {
			p.res.pending.Drop()
			u.air.free(u.engine, p.res.pending.size)
		}
	}
	u.parts = nil
}

// sum returns the task's result once all its parts have landed.
func (u *turn) sum() *taskResult {
	switch {
	case u.early != nil:
		return u.early
	case u.task.Loop == nil:
		return u.results[0]
	}
	sum := &taskResult{loop: true, value: jinja.NewMap()}
	values := []any{}
	for _, res := range u.results {
		values = append(values, res.value)
		sum.add(res)
	}
	sum.finishLoop(values)
	return sum
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

// withoutConnection returns the facts that say nothing about how to reach a host.
func withoutConnection(values *jinja.Map) *jinja.Map {
	var out *jinja.Map
	for k := range values.All() {
		if name, ok := k.(string); ok && isConnectionVariable(name) {
			if out == nil {
				out = values.Clone()
			}
			out.Delete(name)
		}
	}
	if out == nil {
		return values
	}
	return out
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
		default:
			h.engine.cache(cmp.Or(f.host, h.host), f)
			if f.later != nil {
				to.SetFactsLater(mayBeGathered, func() jinja.Scope { return gatheredFacts{f.later} }, at)
			} else {
				to.SetFacts(withoutConnection(f.values), at)
			}
		}
	}
	if t.Register != "" {
		store.Set(t.Register, res.value, at)
	}
}
