package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"

	"fleet/internal/event"
	"fleet/internal/jinja"
	"fleet/internal/playbook"
	"fleet/internal/vars"
)

// playRun is one play on one batch of hosts.
type playRun struct {
	*playbook.Play
	engine  *Engine
	id      int
	dir     string // the playbook's folder
	name    string
	all     []string // the hosts of all batches
	hosts   []string // the hosts of this batch that have not failed before
	size    int      // of the batch with those that have
	crowd   *crowd
	linear  bool // every task waits for all hosts
	free    bool // tasks that are throttled do not
	debugs  bool // the operator is asked about every task that fails
	parting bool // a host that is through is needed no more
	begun   bool // the task of --start-at-task is in an earlier play or batch
	prompts *jinja.Map
	roles   []*playbook.Role

	profiles sync.Map // *playbook.Task → *profile

	mu       sync.Mutex
	tasks    map[*playbook.Task][]*event.Task // one for each place in the order
	included map[includeKey]*included
	extra    []handler        // handlers that includes brought in
	stepping sync.Mutex       // one host asks for all
	steps    map[taskKey]bool // what was said to --step
	throttle map[*event.Task]chan struct{}
	maxFail  float64         // percent; negative: no limit
	arrivals []chan struct{} // closed when a host has asked for one of too few slots; nil: there are enough
}

type taskKey struct {
	task  *playbook.Task
	order string
}

// play runs one play, batch after batch. It reports whether the run goes on: it
// does not where all hosts of a batch, or more than allowed, have failed.
func (e *Engine) play(ctx context.Context, p *playbook.Play, last bool) (more bool, err error) {
	base := &playRun{Play: p, engine: e, dir: filepath.Dir(p.File), roles: staticRoles(p), parting: last && eachForItself(p)}
	if base.prompts, err = e.prompt(ctx, base.context(ctx), p); err != nil {
		return false, err
	}
	c := base.context(ctx)
	name, err := e.text(c, p.Name, "")
	if err != nil {
		return false, err
	}
	hosts, all, patterns, err := e.playHosts(c, p)
	if err != nil {
		return false, err
	}
	base.name = cmp.Or(name, patterns)
	if len(hosts) == 0 {
		e.Events.Emit(event.NoHosts{Name: base.name, Pos: p.Pos, Reason: noHosts(patterns, e.limit != nil)})
		return true, nil
	}
	if !slices.ContainsFunc(hosts, func(h string) bool { return !e.stats.isGone(h) }) {
		e.Events.Emit(event.NoHosts{Name: base.name, Pos: p.Pos, Reason: "no host is left: all have failed"})
		return true, nil
	}
	batches, err := e.batches(c, p, hosts)
	if err != nil {
		return false, err
	}
	base.all = all
	return base.inBatches(ctx, c, batches)
}

// inBatches runs the play on one batch after the other. It reports what play does.
func (r *playRun) inBatches(ctx context.Context, c *jinja.Context, batches [][]string) (more bool, err error) {
	e := r.engine
	for i, all := range batches {
		batch := slices.DeleteFunc(slices.Clone(all), e.stats.isGone)
		if len(batch) == 0 {
			continue
		}
		run := r.batch(batch, e.plays)
		run.size = len(all)
		e.plays++
		if err := errors.Join(run.settings(c), run.strategy(c)); err != nil {
			return false, err
		}
		e.Events.Emit(event.PlayStarted{Play: run.id, Name: run.name, Pos: r.Pos, Hosts: batch, Batch: i + 1, Batches: len(batches)})
		err := run.run(ctx)
		e.Events.Emit(event.PlayEnded{Play: run.id})
		if err != nil || ctx.Err() != nil {
			return false, err
		}
		if len(run.crowd.alive(nil)) == 0 || run.tooManyFailed(nil) {
			return false, nil
		}
		if run.crowd.lastBatch() {
			break
		}
	}
	return true, nil
}

func noHosts(patterns string, limited bool) string {
	if limited {
		return fmt.Sprintf("no host matches %q within the limit", patterns)
	}
	return fmt.Sprintf("no host matches %q", patterns)
}

// batch returns a run of the play on these hosts.
func (r *playRun) batch(hosts []string, id int) *playRun {
	return &playRun{Play: r.Play, engine: r.engine, id: id, dir: r.dir, name: r.name, all: r.all, hosts: hosts, begun: r.engine.started, parting: r.parting,
		crowd: newCrowd(hosts), arrivals: r.engine.arrivals(len(hosts)), prompts: r.prompts, roles: r.roles, maxFail: -1,
		steps: map[taskKey]bool{}, tasks: map[*playbook.Task][]*event.Task{}, included: map[includeKey]*included{}, throttle: map[*event.Task]chan struct{}{}}
}

// arrivals returns what hosts of a batch say with that they have asked for a slot,
// where there are fewer slots than hosts.
func (e *Engine) arrivals(hosts int) []chan struct{} {
	if e.slots == nil || e.Options.Forks >= hosts {
		return nil
	}
	out := make([]chan struct{}, hosts)
	for i := range out {
		out[i] = make(chan struct{})
	}
	return out
}

// settings evaluates the play's keywords that are about all hosts.
func (r *playRun) settings(c *jinja.Context) error {
	fatal, err := r.engine.truth(c, r.AnyErrorsFatal, r.engine.Options.AnyErrorsFatal)
	if err != nil {
		return err
	}
	r.linear = fatal || r.engine.Options.Step
	if r.MaxFailPercentage.Exists() {
		v, err := r.engine.number(c, r.MaxFailPercentage, 100)
		if err != nil {
			return err
		}
		r.maxFail, r.linear = v, true
	}
	return nil
}

// strategy evaluates how far hosts may be apart.
func (r *playRun) strategy(c *jinja.Context) error {
	name, err := r.engine.text(c, r.Play.Strategy, r.engine.Options.Strategy)
	name = shortName(name)
	r.free = name == "free" || name == "host_pinned"
	r.debugs = name == "debug" || r.engine.Options.Debugger
	return err
}

// tooManyFailed reports whether more hosts failed before the order than the play
// allows. A nil order is now.
func (r *playRun) tooManyFailed(order []int) bool {
	return r.maxFail >= 0 && float64(r.crowd.failures(order))*100/float64(r.size) > r.maxFail
}

// run lets every host of the batch go its way, and returns when all have ended.
func (r *playRun) run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	for place, name := range r.hosts {
		r.engine.stats.count(name, func(*event.HostStats) {})
		h := newHostRun(r, place)
		wg.Go(func() {
			if err := h.run(ctx); err != nil {
				cancel(err)
			}
		})
	}
	wg.Wait()
	if err := context.Cause(ctx); err != nil && err != context.Canceled {
		return err
	}
	return nil
}

// context returns an evaluation of what concerns the play and no host.
func (r *playRun) context(ctx context.Context) *jinja.Context {
	e := r.engine
	play := &vars.Play{Vars: e.Vars.Map(r.Vars), Prompts: r.prompts, Roles: r.roles}
	scope, err := e.Vars.Scope(vars.Where{Host: "localhost", PlaybookDir: r.dir, Play: play, Magic: runMagic{e, r}})
	if err != nil {
		scope = nil
	}
	return jinja.NewContext(ctx, e.env(r.searchFor(nil)), scopeOrNil(scope))
}

func scopeOrNil(s *vars.Scope) jinja.Scope {
	if s == nil {
		return nil
	}
	return s
}

// staticRoles returns the roles whose variables the whole play sees: those of
// `roles` and of import_role that are not private, in order.
func staticRoles(p *playbook.Play) []*playbook.Role {
	return rolesIn(slices.Concat(p.PreTasks, p.Roles, p.Tasks, p.PostTasks))
}

// rolesIn returns the roles, private ones aside, whose blocks are among the entries
// or inside of them.
func rolesIn(entries []playbook.Entry) []*playbook.Role {
	var roles []*playbook.Role
	for _, e := range entries {
		b, isBlock := e.(*playbook.Block)
		if !isBlock {
			continue
		}
		if b.Role != nil && !b.Role.Private {
			roles = append(roles, b.Role)
		}
		roles = append(roles, rolesIn(slices.Concat(b.Body, b.Rescue, b.Always))...)
	}
	return roles
}

// task returns the event's task for a place in the order, made by the first host
// that comes by.
func (r *playRun) task(t *playbook.Task, order []int, name func() string) *event.Task {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, et := range r.tasks[t] {
		if slices.Equal(et.Order, order) {
			return et
		}
	}
	et := &event.Task{Play: r.id, Order: order, Name: name(), Module: shortName(t.Module), Pos: t.Pos, Handler: t.Handler}
	if role := playbook.RoleOf(t); role != nil {
		et.Role = role.FullName()
	}
	r.tasks[t] = append(r.tasks[t], et)
	return et
}
