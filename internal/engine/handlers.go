package engine

import (
	"context"
	"slices"

	"fleet/internal/playbook"
)

// flush runs the host's notified handlers in the order of their definition. One
// that is notified by a handler behind it waits for the next flush, as in Ansible.
func (h *hostRun) flush(ctx context.Context, prefix []int) error {
	h.air.await(0, func(p *profile) bool { return p.notifies })
	if err := h.air.fell(); err != nil {
		return err
	}
	h.markNoted()
	for _, hd := range h.handlers() {
		h.air.await(0, func(p *profile) bool { return p.notifies })
		if err := h.air.fell(); err != nil {
			return err
		}
		if !h.notified[hd.task] {
			continue
		}
		delete(h.notified, hd.task)
		first := h.air.number + 1
		if err := h.task(ctx, hd.task, slices.Concat(prefix, hd.order)); err != nil {
			if h.air.failed < first { // of a task in front of the handler
				h.notified[hd.task] = true
			}
			return err
		}
	}
	return nil
}

// flushFor runs the notified handlers for a task that asks for it. A rescue section
// around it takes their failures too.
func (h *hostRun) flushFor(ctx context.Context, t *playbook.Task) error {
	outer := h.flushing
	h.flushing = t
	defer func() { h.flushing = outer }()
	if err := h.flush(ctx, h.order); err != nil || !rescued(t) {
		return err
	}
	return h.land(ctx)
}

// handler is a handler and its place among those of the play.
type handler struct {
	task  *playbook.Task
	order []int
}

// handlers returns the play's handlers, and behind them those that includes
// brought in, in the order of the includes.
func (r *playRun) handlers() []handler {
	out := make([]handler, 0, len(r.Handlers))
	for i, t := range r.Handlers {
		out = append(out, handler{t, []int{i}})
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return append(out, r.extra...)
}

// addHandlers takes the handlers that an include at this order brought in. The
// host that comes there first need not be the first in the play's order.
func (r *playRun) addHandlers(handlers []*playbook.Task, order []int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, t := range handlers {
		if slices.ContainsFunc(r.extra, func(h handler) bool { return h.task == t }) {
			continue
		}
		r.extra = append(r.extra, handler{t, slices.Concat([]int{len(r.Handlers)}, order, []int{i})})
	}
	slices.SortStableFunc(r.extra, func(a, b handler) int { return slices.Compare(a.order, b.order) })
}
