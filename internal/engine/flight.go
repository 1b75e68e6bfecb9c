package engine

import (
	"context"
	"time"

	"fleet/internal/event"
	"fleet/internal/jinja"
	"fleet/internal/playbook"
)

// flight is a task on one host from its beginning to its landing.
type flight struct {
	turn
	own     hostRun // the host as it was when the task was begun
	context *jinja.Context
	profile *profile
	since   time.Time // when its turn came; zero before
	broken  error     // why it could not be begun
}

// depart begins a task. Where nothing is in the air its turn has come.
func (h *hostRun) depart(ctx context.Context, t *playbook.Task, order []int, ahead bool) (*flight, error) {
	a := h.air
	a.number++
	f := &flight{own: *h, profile: h.profileOf(t)}
	f.own.number, f.own.order = a.number, order
	f.turn = turn{hostRun: &f.own, task: t, order: order, ahead: ahead, flight: f}
	a.busy = true
	defer func() { a.busy = false }()
	c, err := f.newContext(ctx, t, nil)
	if err != nil {
		return f, err
	}
	f.context = c
	f.event = h.playRun.task(t, order, func() string { return f.taskName(c, t) })
	if a.fallen != nil {
		return f, errFallen
	}
	free, err := h.throttled(ctx, c, t, f.event)
	if err != nil {
		return f, err
	}
	f.free = free
	if err := h.acquire(ctx); err != nil {
		return f, err
	}
	if len(a.flights) == 0 {
		f.begin()
	}
	f.start(ctx, c)
	if a.fallen != nil {
		return f, errFallen
	}
	return f, nil
}

// begin is called when the task's turn has come. A second call does nothing.
func (f *flight) begin() {
	if !f.since.IsZero() {
		return
	}
	f.since = time.Now()
	f.crowd.advance(f.host, f.order)
	f.engine.stats.begin(f.host, f.event.Name)
	f.engine.Events.Emit(event.TaskStarted{Host: f.host, Task: f.event, Time: f.since})
}

// clear lets everything in front of the task's next item land.
func (f *flight) clear(ctx context.Context) error {
	if err := f.AwaitAll(); err != nil {
		return err
	}
	f.begin()
	for len(f.parts) > 0 && ctx.Err() == nil {
		f.landPart(ctx)
	}
	return ctx.Err()
}

// makeRoom lets the first call in the air land, of this task or of one in front.
func (f *flight) makeRoom(ctx context.Context) error {
	a := f.air
	switch {
	case a.fallen != nil:
		return errFallen
	case len(a.flights) == 0:
		f.begin()
		f.landPart(ctx)
	case !a.flights[0].landSome(ctx):
		a.next(ctx)
	}
	if a.fallen != nil {
		return errFallen
	}
	return ctx.Err()
}

// landSome lets the first of several items land.
func (f *flight) landSome(ctx context.Context) bool {
	if len(f.parts) < 2 {
		return false
	}
	f.begin()
	f.landPart(ctx)
	return true
}

// ready reports whether the task's landing need not be waited for.
func (f *flight) ready() bool {
	if f.broken != nil {
		return true
	}
	for _, p := range f.parts {
		if p.res.pending != nil && !p.res.pending.Ready() {
			return false
		}
	}
	return true
}

// certain reports whether it is known that the task succeeds if its calls do, and
// that this is known on the target.
func (f *flight) certain() bool {
	if !f.profile.heard || f.profile.debugged {
		return false
	}
	if f.early != nil && bad(f.early) {
		return false
	}
	for _, res := range f.results {
		if bad(res) {
			return false
		}
	}
	for _, p := range f.parts {
		if p.res.pending == nil && bad(p.res) || p.res.pending != nil && !f.profile.passes {
			return false
		}
	}
	return true
}

func bad(res *taskResult) bool {
	return res.outcome == event.Unreachable || res.outcome == event.Failed && !res.ignored
}

// drop gives up a task that was begun and whose turn will not come.
func (f *flight) drop() {
	f.dropParts()
	if f.task.Handler && f.since.IsZero() {
		f.notified[f.task] = true
	}
	if f.free != nil {
		f.free()
		f.free = nil
	}
}

// land waits for the task's calls, and reports and keeps its result. All in front
// of it has landed.
func (f *flight) land(ctx context.Context) (*taskResult, error) {
	if f.broken != nil {
		f.drop()
		return nil, f.broken
	}
	f.begin()
	for len(f.parts) > 0 && ctx.Err() == nil {
		f.landPart(ctx)
	}
	defer f.drop()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	word, err := "", error(nil)
	if f.profile.debugged {
		word, err = f.debuggerWord()
	}
	res := f.sum()
	if err != nil {
		res = f.fail(f.context, err)
	}
	if res = f.conclude(res); !f.profile.debugged {
		return res, nil
	}
	return f.debug(ctx, word, res)
}

// conclude keeps and reports the task's result.
func (f *flight) conclude(res *taskResult) *taskResult {
	h := f.air.host
	h.engine.stats.end(h.host)
	h.learn(f.task, res, f.order)
	if role := playbook.RoleOf(f.task); role != nil && res.outcome != event.Skipped && res.outcome != event.Unreachable {
		h.worked[role.Key] = true
	}
	if res.outcome == event.Changed {
		if err := f.notify(f.context, f.task); err != nil {
			res = failed(err)
		}
	}
	_, final := aborts(res.err)
	res.rescued = !final && res.outcome == event.Failed && !res.ignored && h.rescues(f.task)
	if res.rescued {
		h.failure = map[string]any{"ansible_failed_result": res.value,
			"ansible_failed_task": jinja.NewMap("name", f.givenName(f.context, f.task), "action", f.event.Module)}
	}
	h.report(f.event, res, time.Since(f.since))
	return res
}
