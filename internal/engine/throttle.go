package engine

import (
	"context"

	"fleet/internal/event"
	"fleet/internal/jinja"
	"fleet/internal/playbook"
	"fleet/internal/source"
)

// throttled waits until the task's `throttle` lets one more host run it, and
// returns what to call behind it.
func (h *hostRun) throttled(ctx context.Context, c *jinja.Context, t *playbook.Task, et *event.Task) (free func(), err error) {
	limit, err := h.engine.number(c, h.engine.inForce(c, h.Play, t, func(k *playbook.Keywords) source.Node { return k.Throttle }), 0)
	if err != nil || limit < 1 {
		return func() {}, err
	}
	if !h.free { // those who still run the task in front count too
		if err := h.meet(ctx, h.hosts, h.order); err != nil {
			return func() {}, err
		}
	}
	h.mu.Lock()
	slots := h.throttle[et]
	if slots == nil {
		slots = make(chan struct{}, int(limit))
		h.throttle[et] = slots
	}
	h.mu.Unlock()
	h.asked() // whoever has the task's place may wait for this host to ask for a slot
	select {
	case slots <- struct{}{}:
		return func() { <-slots }, nil
	case <-ctx.Done():
		return func() {}, ctx.Err()
	}
}

// acquire takes one of the run's slots, release gives it back.
func (h *hostRun) acquire(ctx context.Context) error {
	if h.engine.slots == nil || h.air.slot {
		return nil
	}
	if err := h.firstInTurn(ctx); err != nil {
		return err
	}
	w := h.engine.slots.ask(h.order, h.place)
	h.asked()
	err := h.engine.slots.wait(ctx, w)
	h.air.slot = err == nil
	return err
}

// firstInTurn waits, before the host asks for a slot for the first time, until
// those in front of it in the play's order have asked, or have something else to
// wait for.
func (h *hostRun) firstInTurn(ctx context.Context) error {
	if h.arrivals == nil || h.place == 0 {
		return nil
	}
	select {
	case <-h.arrivals[h.place-1]:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// asked lets the next host of the play's order ask for a slot.
func (h *hostRun) asked() {
	if h.arrivals != nil && !h.air.asked {
		h.air.asked = true
		close(h.arrivals[h.place])
	}
}

// meet waits until hosts of the play have done everything before the order.
func (h *hostRun) meet(ctx context.Context, hosts []string, order []int) error {
	h.asked()
	return h.crowd.wait(ctx, hosts, order)
}

func (h *hostRun) release() {
	if h.air.slot {
		h.engine.slots.give()
		h.air.slot = false
	}
}

// waitFor waits, inside of an evaluation, until the hosts have done everything
// before the task that this host is at. Others need the slot meanwhile.
func (h *hostRun) waitFor(hosts []string) {
	if h.AwaitAll() != nil {
		return
	}
	h.crowd.advance(h.host, h.order) // the host may be waited for, by itself too
	held := h.air.slot
	h.release()
	// A cancelled wait ends the evaluation by its own context.
	_ = h.meet(h.ctx, hosts, h.order)
	if held {
		_ = h.acquire(h.ctx)
	}
}
