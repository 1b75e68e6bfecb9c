package engine

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"fleet/internal/jinja"
	"fleet/internal/playbook"
	"fleet/internal/source"
)

// together reports whether all hosts have to be at the task before one runs it,
// because one host could see another in it.
func (h *hostRun) together(t *playbook.Task) bool {
	if h.linear || len(h.hosts) == 1 {
		return h.linear
	}
	switch shortName(t.Module) {
	case "add_host", "group_by", "pause":
		return true
	case "meta":
		return t.Action.Text() != "flush_handlers" && t.Action.Text() != "noop" && t.Action.Text() != "end_role" && t.Action.Text() != "reset_connection"
	}
	return jinja.IsTemplate(t.Module) || // whose module may be one of those
		given(h.Play, t, func(k *playbook.Keywords) source.Node { return k.RunOnce }).Exists() ||
		given(h.Play, t, func(k *playbook.Keywords) source.Node { return k.AnyErrorsFatal }).Exists() ||
		delegatesToPeer(given(h.Play, t, func(k *playbook.Keywords) source.Node { return k.DelegateTo }))
}

// delegatesToPeer reports whether a task may run on another host of the play.
func delegatesToPeer(n source.Node) bool {
	switch n.Text() {
	case "localhost", "127.0.0.1", "::1":
		return false
	}
	return n.Exists()
}

// jointly runs a task that all hosts come to before the first one runs it, and
// that all leave together.
func (h *hostRun) jointly(ctx context.Context, t *playbook.Task, order []int) error {
	if err := h.meet(ctx, h.hosts, order); err != nil {
		return err
	}
	if h.crowd.isEnded() {
		return errEndPlay
	}
	if wanted, err := h.wanted(ctx, t, order); err != nil || !wanted {
		return err
	}
	after := append(slices.Clone(order), math.MaxInt)
	if shortName(t.Module) == "group_by" { // the groups' order is the hosts' order
		before := h.hosts[:slices.Index(h.hosts, h.host)]
		if err := h.meet(ctx, before, after); err != nil {
			return err
		}
	}
	res, err := h.once(ctx, t, order)
	err = h.settle(ctx, t, res, err)
	if err != nil {
		h.crowd.fall(order)
		return err // the host has left, or goes on behind: the others do not wait for it
	}
	h.crowd.advance(h.host, after)
	if err := h.meet(ctx, h.hosts, after); err != nil {
		return err
	}
	return h.afterAll(ctx, t, order, after)
}

// afterAll decides, once all hosts have run a task, whether the play goes on.
// What hosts do behind it has no say.
func (h *hostRun) afterAll(ctx context.Context, t *playbook.Task, order, after []int) error {
	if h.crowd.isEnded() {
		return errEndPlay
	}
	if h.tooManyFailed(after) {
		h.gone(errFailed, fmt.Sprintf("more than %g%% of the hosts have failed", h.maxFail))
		return errFailed
	}
	fell := h.crowd.fellAt(order)
	if !fell && h.crowd.failures(after) == 0 {
		return nil
	}
	c, err := h.newContext(ctx, t, nil)
	if err != nil {
		return err
	}
	fatal, err := h.engine.truth(c, h.engine.inForce(c, h.Play, t, func(k *playbook.Keywords) source.Node { return k.AnyErrorsFatal }), h.engine.Options.AnyErrorsFatal)
	if err == nil && fatal && fell && h.rescues(t) {
		return errFailed // all go to the rescue section
	}
	if err == nil && fatal {
		h.gone(errFailed, "another host failed, and any_errors_fatal is on")
		return errFailed
	}
	return nil
}

// runsOnce reports whether the host is to run the task for those behind it too, and
// whether any host may be.
func (h *hostRun) runsOnce(ctx context.Context, t *playbook.Task) (once, may bool, err error) {
	switch shortName(t.Module) {
	case "add_host", "pause": // nobody answers the same question for each host
		return true, true, nil
	case "meta":
		switch strings.TrimSpace(t.Action.Text()) {
		case "clear_facts", "clear_host_errors", "end_batch", "end_play", "refresh_inventory":
			return !h.free, !h.free, nil
		}
	}
	word := func(k *playbook.Keywords) source.Node { return k.RunOnce }
	if !h.given(t, word) {
		return false, false, nil
	}
	c, err := h.newContext(ctx, t, nil)
	if err != nil {
		return false, true, err
	}
	once, err = h.engine.truth(c, h.engine.inForce(c, h.Play, t, word), false)
	return once, true, err
}

// once runs the task, or takes the result of the host that runs it for this one.
func (h *hostRun) once(ctx context.Context, t *playbook.Task, order []int) (*taskResult, error) {
	once, may, err := h.runsOnce(ctx, t)
	var l *lead
	if err == nil && may {
		l, err = h.crowd.lead(ctx, h.host, order, once)
	}
	switch {
	case err != nil:
		return nil, err
	case l == nil:
		return h.alone(ctx, t, order)
	case l.host == h.host:
		l.res, l.err = h.alone(ctx, t, order)
		close(l.done)
		return l.res, l.err
	}
	select {
	case <-l.done:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if l.err != nil || l.res == nil {
		return nil, l.err
	}
	h.learn(t, l.res, order)
	if l.res.include != nil { // which is for the host that leads
		res := *l.res
		res.include = nil
		return &res, nil
	}
	return l.res, nil
}
