package engine

import (
	"context"
	"slices"
	"strings"

	"fleet/internal/jinja"
	"fleet/internal/playbook"
	"fleet/internal/source"
)

// flush runs the host's notified handlers in the order of their definition. One
// that is notified by a handler behind it waits for the next flush, as in Ansible.
func (h *hostRun) flush(ctx context.Context, prefix []int) error {
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

// notifyName marks the handler of that name and all that listen to it. Of several
// lists of handlers the last one that has the name counts, and in that the first.
func (h *hostRun) notifyName(c *jinja.Context, at source.Node, name string) error {
	var named *playbook.Task
	var known []string
	found := false
	for _, hd := range h.handlers() {
		t := hd.task
		own, err := h.engine.text(c, t.Name, "")
		if err != nil {
			own = t.Name.Text()
		}
		known = append(append(known, own), t.Listen...)
		role := playbook.RoleOf(t)
		if own == name || role != nil && (role.Name+" : "+own == name || role.FullName()+" : "+own == name) {
			if named == nil || playbook.RoleOf(named) != role {
				named = t
			}
		}
		if listens(t, name) {
			h.notified[t] = true
			found = true
		}
	}
	if named != nil {
		h.notified[named] = true
		return nil
	}
	if !found {
		return at.Errorf("The requested handler '%s' was not found in either the main handlers list nor in the listening handlers list", name).WithHint("%s", source.DidYouMean(name, known))
	}
	return nil
}

// listens reports whether a handler listens to a topic, which may have the name of
// the handler's role in front of it.
func listens(t *playbook.Task, topic string) bool {
	if role := playbook.RoleOf(t); role != nil {
		for _, prefix := range []string{role.Name, role.FullName()} {
			if rest, ok := strings.CutPrefix(topic, prefix+" : "); ok && slices.Contains(t.Listen, rest) {
				return true
			}
		}
	}
	return slices.Contains(t.Listen, topic)
}
