package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"fleet/internal/event"
	"fleet/internal/jinja"
	"fleet/internal/playbook"
	"fleet/internal/source"
	"fleet/internal/vars"
)

// How a host can leave the order of tasks other than by coming to its end.
var (
	errFailed      = errors.New("a task failed")
	errHandler     = fmt.Errorf("%w, which is a handler", errFailed)
	errUnreachable = errors.New("the host is unreachable")
	errEndRole     = errors.New("end_role")
	errEndHost     = errors.New("end_host")
	errEndPlay     = errors.New("end_play")
)

// The sections of a play: the first step of every task's order.
const (
	sectionFacts = iota
	sectionPre
	sectionPreHandlers
	sectionRoles
	sectionTasks
	sectionHandlers
	sectionPost
	sectionPostHandlers
	sectionEnd
)

// hostRun is one host on its way through a play. It belongs to one goroutine.
type hostRun struct {
	*playRun
	host     string
	place    int             // in the play's order of hosts
	ctx      context.Context // for waits inside of evaluations
	vars     *vars.Play
	order    []int
	number   int            // of the task that is begun; 0: none, all that were begun are in front
	locals   map[string]any // variables of the dynamic includes around
	nested   int            // how many they are
	failure  map[string]any // what a rescue section is told
	notified map[*playbook.Task]bool
	noted    map[string]notice // what was notified since handlers ran last
	force    bool              // handlers run even after a failure
	flushing *playbook.Task    // the task for which handlers run; nil: a section's end
	forgiven bool              // the failure that an always section follows counts no more
	begun    bool              // the host has come to the task of --start-at-task
	ranRoles map[string]int    // keys of the roles that are done, with the number of their first task
	worked   map[string]bool   // keys of the roles of which a task was not skipped
	air      *air
}

// newHostRun returns the run of the host at a place in the play's order.
func newHostRun(r *playRun, place int) *hostRun {
	h := &hostRun{playRun: r, host: r.hosts[place], place: place, begun: r.begun, notified: map[*playbook.Task]bool{}, noted: map[string]notice{}, ranRoles: map[string]int{}, worked: map[string]bool{},
		vars: &vars.Play{Vars: r.engine.Vars.Map(r.Vars), Prompts: r.prompts, Roles: r.roles}}
	h.air = &air{host: h}
	return h
}

// run takes the host through all sections. An error is one of the whole run.
func (h *hostRun) run(ctx context.Context) error {
	h.ctx = ctx
	defer h.asked()
	err := h.sections(ctx)
	failed := errors.Is(err, errFailed) || errors.Is(err, errUnreachable)
	if failed && h.force && !errors.Is(err, errUnreachable) && !errors.Is(err, errHandler) {
		if h.flush(ctx, []int{sectionPostHandlers}) == nil {
			_ = h.land(ctx)
		}
	}
	// Tasks are in the air here only where the run was interrupted: they are ended.
	_ = h.land(ctx)
	h.crowd.leave(h.host, failed, errors.Is(err, errEndHost))
	if ctx.Err() == nil {
		h.engine.Events.Emit(event.HostDone{Host: h.host, Play: h.id})
	}
	if h.parting {
		h.engine.drop(h.host)
	}
	switch {
	case failed, errors.Is(err, errEndHost), errors.Is(err, errEndPlay), ctx.Err() != nil:
		return nil
	}
	return err
}

func (h *hostRun) sections(ctx context.Context) error {
	if err := h.begin(ctx); err != nil {
		return err
	}
	steps := []struct {
		section int
		entries []playbook.Entry
	}{
		{sectionPre, h.PreTasks}, {sectionPreHandlers, nil},
		{sectionRoles, h.Roles}, {sectionTasks, h.Tasks}, {sectionHandlers, nil},
		{sectionPost, h.PostTasks}, {sectionPostHandlers, nil},
	}
	for _, s := range steps {
		order := []int{s.section}
		var err error
		if s.section == sectionPreHandlers || s.section == sectionHandlers || s.section == sectionPostHandlers {
			err = h.flush(ctx, order)
		} else {
			err = h.entries(ctx, s.entries, order)
		}
		if err != nil {
			return err
		}
	}
	if err := h.land(ctx); err != nil {
		return err
	}
	h.crowd.advance(h.host, []int{sectionEnd})
	return nil
}

// begin reads the play's variable files and gathers facts. Files whose names
// need facts are read once the facts are there.
func (h *hostRun) begin(ctx context.Context) error {
	h.order = []int{sectionFacts}
	if err := h.varsFiles(ctx, true); err != nil {
		return h.fatal(ctx, err)
	}
	c, err := h.newContext(ctx, nil, nil)
	if err != nil {
		return h.fatal(ctx, err)
	}
	if h.force, err = h.engine.truth(c, h.ForceHandlers, h.engine.Options.ForceHandlers); err != nil {
		return h.fatal(ctx, err)
	}
	gather, err := h.gathers(c)
	if err != nil {
		return h.fatal(ctx, err)
	}
	if gather {
		if err := h.gatherFacts(ctx, c); err != nil {
			return err
		}
	}
	if len(h.VarsFiles) == 0 {
		return nil
	}
	if err := h.land(ctx); err != nil {
		return err
	}
	if err := h.varsFiles(ctx, false); err != nil {
		return h.fatal(ctx, err)
	}
	return nil
}

// fatal reports an error that is no task's, as a failed host.
func (h *hostRun) fatal(ctx context.Context, err error) error {
	et := h.playRun.task(factsTask, h.order, func() string { return "variables of the play" })
	h.engine.Events.Emit(event.TaskStarted{Host: h.host, Task: et})
	res := failed(err)
	h.report(et, res, 0)
	h.gone(errFailed, res.reason())
	return errFailed
}

// entries runs entries one after the other. Their order continues prefix.
func (h *hostRun) entries(ctx context.Context, entries []playbook.Entry, prefix []int) error {
	for i, e := range entries {
		order := append(slices.Clone(prefix), i)
		var err error
		switch e := e.(type) {
		case *playbook.Block:
			err = h.block(ctx, e, order)
		case *playbook.Task:
			err = h.task(ctx, e, order)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// newContext returns an evaluation at the task (nil: at the play) with further
// variables on top.
func (h *hostRun) newContext(ctx context.Context, t *playbook.Task, locals map[string]any) (*jinja.Context, error) {
	var entry playbook.Entry
	if t != nil {
		entry = t
	}
	return h.contextFor(ctx, h.host, entry, locals)
}

// contextFor is newContext with the variables of another host.
func (h *hostRun) contextFor(ctx context.Context, host string, entry playbook.Entry, locals map[string]any) (*jinja.Context, error) {
	m := &magic{run: h, host: host, entry: entry}
	where := vars.Where{Host: host, PlaybookDir: h.dir, Play: h.vars, Entry: entry, Magic: m, Address: h.engine.address(host),
		Connection: func() string { return h.connection(host, entry) }}
	if host == h.host && !h.engine.Options.NoPipelining {
		where.Pending = h
	}
	scope, err := h.engine.Vars.Scope(where)
	if err != nil {
		return nil, err
	}
	m.scope = scope.With(h.failure).With(h.locals).With(locals)
	return jinja.NewContext(ctx, h.engine.env(h.searchFor(entry)), m.scope), nil
}

// address returns where a host is that has no ansible_host: at its own name.
func (e *Engine) address(host string) string {
	if e.Inventory.Implicit(host) {
		return "127.0.0.1"
	}
	return host
}

// connection returns how a host is reached where no variable says it; empty where
// a template does, which may itself want to know.
func (h *hostRun) connection(host string, entry playbook.Entry) string {
	if named, ok := h.engine.Inventory.Host(host); ok && named.Implicit {
		return "local"
	}
	word := h.engine.Options.Connection
	if n := given(h.Play, entry, func(k *playbook.Keywords) source.Node { return k.Connection }); n.Exists() {
		word = n.Text()
	}
	switch {
	case jinja.IsTemplate(word):
		return ""
	case word == "", word == "smart":
		return "ssh"
	}
	return word
}
