package engine

import (
	"context"
	"errors"
	"slices"

	"fleet/internal/playbook"
)

// block runs a block, and its rescue and always sections as they are needed.
func (h *hostRun) block(ctx context.Context, b *playbook.Block, order []int) error {
	first := h.air.number + 1
	if b.Role != nil {
		if done, err := h.hasRun(ctx, b.Role); done || err != nil {
			return err
		}
	}
	err := h.sectionsOf(ctx, b, order, first)
	if b.Role != nil && errors.Is(err, errEndRole) {
		err = h.land(ctx)
	}
	if b.Role != nil && (err == nil || h.air.failed >= first) {
		h.ranRoles[b.Role.Key] = first
	}
	return err
}

// hasRun reports whether a role is done already on this host, and so is not run
// again: one whose tasks were all skipped is not.
func (h *hostRun) hasRun(ctx context.Context, r *playbook.Role) (bool, error) {
	if _, ran := h.ranRoles[r.Key]; !ran || r.AllowDuplicates {
		return false, nil
	}
	if err := h.land(ctx); err != nil {
		return false, err
	}
	return h.worked[r.Key], nil
}

func (h *hostRun) sectionsOf(ctx context.Context, b *playbook.Block, order []int, first int) error {
	if len(b.Rescue) == 0 && len(b.Always) == 0 {
		return h.entries(ctx, b.Body, append(slices.Clone(order), 0))
	}
	err := h.landed(ctx, b.Body, append(slices.Clone(order), 0))
	if err != nil && h.air.failed < first {
		return err // of a task in front of the block
	}
	if errors.Is(err, errFailed) && len(b.Rescue) > 0 {
		err = h.landed(ctx, b.Rescue, append(slices.Clone(order), 1))
	}
	if _, final := aborts(err); final {
		return err
	}
	if len(b.Always) == 0 || errors.Is(err, errUnreachable) || errors.Is(err, errEndHost) || errors.Is(err, errEndPlay) || ctx.Err() != nil {
		return err
	}
	h.forgiven = false
	if always := h.landed(ctx, b.Always, append(slices.Clone(order), 2)); always != nil {
		return always
	}
	if h.forgiven && errors.Is(err, errFailed) {
		return nil
	}
	return err
}

// landed runs entries, and returns when the last one has landed.
func (h *hostRun) landed(ctx context.Context, entries []playbook.Entry, prefix []int) error {
	if err := h.entries(ctx, entries, prefix); err != nil {
		return err
	}
	return h.land(ctx)
}

// rescues reports whether a rescue section would take over a failure of the task,
// or of the handler that runs for a task in a block.
func (h *hostRun) rescues(t *playbook.Task) bool {
	return rescued(t) || t.Handler && h.flushing != nil && rescued(h.flushing)
}

// rescued reports whether a failure of the task would be taken over by a rescue
// section around it.
func rescued(t *playbook.Task) bool {
	var e playbook.Entry = t
	for b := t.Up(); b != nil; e, b = b, b.Parent {
		if len(b.Rescue) > 0 && holds(b.Body, e) {
			return true
		}
	}
	return false
}

// holds reports whether an entry, or the include that brought it in, is among others.
func holds(entries []playbook.Entry, e playbook.Entry) bool {
	if b, isBlock := e.(*playbook.Block); isBlock && b.Import != nil && slices.Contains(entries, playbook.Entry(b.Import)) {
		return true
	}
	return slices.Contains(entries, e)
}
