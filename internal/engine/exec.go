package engine

import (
	"context"
	"errors"
	"sync"
	"time"

	"fleet/internal/event"
	"fleet/internal/jinja"
	"fleet/internal/playbook"
	"fleet/internal/source"
	"fleet/internal/vars"
	"fleet/internal/wire"
)

// Call is one call of a module outside of any playbook.
type Call struct {
	Name   string // what to call it in events
	Module string
	Args   *jinja.Map
	Stream bool // emit what the module's commands write while they run
}

// Exec runs one shell command on hosts at the same time, and emits what it
// writes while it runs.
func (e *Engine) Exec(ctx context.Context, hosts []string, command string) (Summary, error) {
	return e.Call(ctx, hosts, Call{Name: command, Module: "shell", Args: jinja.NewMap("cmd", command), Stream: true})
}

// Call makes the calls on hosts: on all of them at the same time, on each one
// after the other. A call that fails does not keep its host from the next one.
func (e *Engine) Call(ctx context.Context, hosts []string, calls ...Call) (Summary, error) {
	begin := time.Now()
	if err := e.prepare(); err != nil {
		return Summary{}, err
	}
	defer e.helpers.Close()
	run := (&playRun{Play: &playbook.Play{}, engine: e, dir: ".", all: hosts}).batch(hosts, 0)
	tasks := make([]*event.Task, len(calls))
	for i, c := range calls {
		tasks[i] = &event.Task{Order: []int{i}, Name: c.Name, Module: c.Module}
	}
	e.Events.Emit(event.RunStarted{Check: e.Options.Check, Time: begin})
	var wg sync.WaitGroup
	for place, host := range hosts {
		h := newHostRun(run, place)
		h.ctx = ctx
		wg.Go(func() {
			defer e.drop(host) // nobody else has to do with it
			for i, c := range calls {
				if !h.call(ctx, tasks[i], c) {
					return
				}
			}
		})
	}
	wg.Wait()
	sum := e.stats.summary()
	sum.Interrupted = ctx.Err() != nil
	ended := event.RunEnded{Stats: e.stats.list(e.Inventory), Interrupted: sum.Interrupted, Elapsed: time.Since(begin)}
	if sum.Interrupted {
		ended.NotDone = e.stats.notDone()
	}
	e.Events.Emit(ended)
	return sum, nil
}

// call makes one call on the host, and reports whether another can follow.
func (h *hostRun) call(ctx context.Context, task *event.Task, call Call) bool {
	if h.acquire(ctx) != nil {
		return false
	}
	defer h.release()
	begin := time.Now()
	h.engine.stats.begin(h.host, task.Name)
	h.engine.Events.Emit(event.TaskStarted{Host: h.host, Task: task, Time: begin})
	res, err := h.answer(ctx, call)
	if ctx.Err() != nil {
		return false
	}
	h.engine.stats.end(h.host)
	var gone *unreachableError
	switch {
	case errors.As(err, &gone):
		res = unreachable(gone.err)
	case err != nil:
		res = failed(err)
	default:
		res.judge()
	}
	h.report(task, res, time.Since(begin))
	if res.outcome == event.Failed || res.outcome == event.Unreachable {
		h.engine.stats.lose(h.host, res.reason())
	}
	return res.outcome != event.Unreachable
}

// answer connects to the host and returns what the module does.
func (h *hostRun) answer(ctx context.Context, call Call) (*taskResult, error) {
	scope, err := h.engine.Vars.Scope(vars.Where{Host: h.host, Magic: &magic{run: h, host: h.host}})
	if err != nil {
		return nil, err
	}
	c := jinja.NewContext(ctx, h.engine.env(h.searchFor(nil)), scope)
	none := func(func(*playbook.Keywords) source.Node) source.Node { return source.Node{} }
	to, err := h.engine.endpoint(c, h.host, none)
	if err != nil {
		return nil, err
	}
	conn, err := h.engine.helper(ctx, to)
	if err != nil {
		return nil, notAnswered(ctx, err)
	}
	args, err := jinja.ToJSON(call.Args)
	if err != nil {
		return nil, err
	}
	answers := wire.Answers{Output: func(s wire.Stream, p []byte) {
		h.engine.Events.Emit(event.Output{Host: h.host, Stream: s, Data: p})
	}}
	res, err := conn.Call(ctx, wire.Call{Module: call.Module, Args: args, Check: h.engine.Options.Check, Stream: call.Stream}, answers)
	if err != nil {
		return nil, notAnswered(ctx, err)
	}
	v, err := jinja.FromJSON(res.Data)
	if err != nil {
		return nil, err
	}
	m, isMap := v.(*jinja.Map)
	if !isMap {
		return nil, errors.New("the module returned no mapping")
	}
	return &taskResult{value: m}, nil
}
