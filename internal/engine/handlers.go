package engine

import (
	"context"
	"slices"

	"fleet/internal/jinja"
	"fleet/internal/playbook"
	"fleet/internal/source"
)

// flush runs the host's notified handlers in the order of their definition. One
// that is notified by a handler behind it waits for the next flush, as in Ansible.
func (h *hostRun) flush(ctx context.Context, prefix []int) error {
	for i, t := range h.handlers() {
		if !h.notified[t] {
			continue
		}
		delete(h.notified, t)
		if err := h.task(ctx, t, append(slices.Clone(prefix), i)); err != nil {
			return err
		}
	}
	return nil
}

// handlers returns the play's handlers, and behind them those that includes
// brought in, in the order in which they came.
func (r *playRun) handlers() []*playbook.Task {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append(slices.Clone(r.Handlers), r.extra...)
}

// addHandlers takes the handlers that an include brought in.
func (r *playRun) addHandlers(handlers []*playbook.Task) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, t := range handlers {
		if !slices.Contains(r.extra, t) {
			r.extra = append(r.extra, t)
		}
	}
}

// notify marks the handlers that a changed task names.
func (h *hostRun) notify(c *jinja.Context, t *playbook.Task) error {
	for _, n := range t.Notify {
		v, err := h.engine.value(c, n)
		if err != nil {
			return err
		}
		names, ok := textList(v)
		if !ok {
			return n.Errorf("notify wants names of handlers, not %s", jinja.Repr(v))
		}
		for _, name := range names {
			if err := h.notifyName(c, n, name); err != nil {
				return err
			}
		}
	}
	return nil
}

// notifyName marks the last handler of that name and all that listen to it.
func (h *hostRun) notifyName(c *jinja.Context, at source.Node, name string) error {
	var named *playbook.Task
	var known []string
	found := false
	for _, t := range h.handlers() {
		own, err := h.engine.text(c, t.Name, "")
		if err != nil {
			own = t.Name.Text()
		}
		known = append(append(known, own), t.Listen...)
		role := playbook.RoleOf(t)
		if own == name || role != nil && role.Name+" : "+own == name {
			named = t
		}
		if slices.Contains(t.Listen, name) {
			h.notified[t] = true
			found = true
		}
	}
	if named != nil {
		h.notified[named] = true
		return nil
	}
	if !found {
		return at.Errorf("no handler is called %q", name).WithHint("%s", source.DidYouMean(name, known))
	}
	return nil
}
