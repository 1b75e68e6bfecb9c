package engine

import (
	"context"
	"errors"

	"fleet/internal/event"
	"fleet/internal/playbook"
)

// gone takes the host out of the run.
func (h *hostRun) gone(err error, reason string) {
	h.engine.stats.lose(h.host, reason)
	h.engine.Events.Emit(event.HostGone{Host: h.host, Unreachable: errors.Is(err, errUnreachable), Reason: reason})
}

// task runs one task, together with the others where it concerns all. Tags choose
// among tasks, not among handlers: what was notified runs.
func (h *hostRun) task(ctx context.Context, t *playbook.Task, order []int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if !h.startsHere(t) || !t.Handler && !h.selected(ctx, t) {
		return nil
	}
	if h.profileOf(t).early {
		return h.goAhead(ctx, t, order)
	}
	if err := h.land(ctx); err != nil {
		return err
	}
	h.order = order
	h.air.number++
	h.crowd.advance(h.host, order)
	err := h.perform(ctx, t, order)
	if err != nil {
		h.air.end(h.air.number)
	}
	return err
}

// perform runs a task to its end.
func (h *hostRun) perform(ctx context.Context, t *playbook.Task, order []int) error {
	if h.together(t) {
		return h.jointly(ctx, t, order)
	}
	res, err := h.alone(ctx, t, order)
	return h.settle(ctx, t, res, err)
}

// goAhead begins a task, and leaves it in the air where it is sure to succeed if
// those on the target do. An error may be that of a task in front of it.
func (h *hostRun) goAhead(ctx context.Context, t *playbook.Task, order []int) error {
	h.order = order
	f, err := h.depart(ctx, t, order, true)
	if h.air.fallen != nil {
		f.drop()
		h.air.rest()
		return h.air.fell()
	}
	h.air.flights = append(h.air.flights, f)
	if err != nil {
		f.broken = err
		return h.land(ctx)
	}
	if !f.certain() {
		return h.land(ctx)
	}
	return h.landReady(ctx)
}

// settle decides what a task's result means for the host.
func (h *hostRun) settle(ctx context.Context, t *playbook.Task, res *taskResult, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil || res == nil {
		return err
	}
	if end, ok := aborts(res.err); ok {
		h.gone(errFailed, res.reason())
		return end
	}
	switch {
	case res.ignored:
		return h.follow(ctx, t, res)
	case res.outcome == event.Failed:
		if !h.rescues(t) {
			h.gone(errFailed, res.reason())
		}
		if t.Handler {
			return errHandler
		}
		return errFailed
	case res.outcome == event.Unreachable:
		h.gone(errUnreachable, res.reason())
		return errUnreachable
	}
	return h.follow(ctx, t, res)
}

// follow does what a task asked for behind itself: run included tasks, end the
// host's way.
func (h *hostRun) follow(ctx context.Context, t *playbook.Task, res *taskResult) error {
	outer := h.locals
	h.nested++
	defer func() { h.locals, h.nested = outer, h.nested-1 }()
	for _, inc := range res.include {
		h.locals = inc.locals
		if err := h.block(ctx, inc.block, inc.order); err != nil {
			return err
		}
	}
	h.forgiven = h.forgiven || res.forgives
	if res.flush {
		if err := h.flushFor(ctx, t); err != nil {
			return err
		}
	}
	if _, there := h.engine.Inventory.Host(h.host); res.refreshed && !there {
		return errEndHost
	}
	return res.then
}
