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

// Exec runs one shell command on hosts at the same time, and emits what it
// writes while it runs.
func (e *Engine) Exec(ctx context.Context, hosts []string, command string) (Summary, error) {
	begin := time.Now()
	if err := e.prepare(); err != nil {
		return Summary{}, err
	}
	defer e.pool.close()
	run := (&playRun{Play: &playbook.Play{}, engine: e, dir: ".", all: hosts}).batch(hosts, 0)
	task := &event.Task{Name: command, Module: "shell"}
	e.Events.Emit(event.RunStarted{Check: e.Options.Check, Time: begin})
	var wg sync.WaitGroup
	for _, host := range hosts {
		h := newHostRun(run, host)
		h.ctx = ctx
		wg.Go(func() { h.exec(ctx, task, command) })
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

// exec runs the command on one host.
func (h *hostRun) exec(ctx context.Context, task *event.Task, command string) {
	if h.acquire(ctx) != nil {
		return
	}
	defer h.release()
	begin := time.Now()
	h.engine.stats.begin(h.host, command)
	h.engine.Events.Emit(event.TaskStarted{Host: h.host, Task: task, Time: begin})
	res, err := h.shell(ctx, command)
	if ctx.Err() != nil {
		return
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
}

func (h *hostRun) shell(ctx context.Context, command string) (*taskResult, error) {
	scope, err := h.engine.Vars.Scope(vars.Where{Host: h.host, Magic: &magic{run: h, host: h.host}})
	if err != nil {
		return nil, err
	}
	c := jinja.NewContext(ctx, nil, scope)
	none := func(func(*playbook.Keywords) source.Node) source.Node { return source.Node{} }
	to, err := h.engine.endpoint(c, h.host, none)
	if err != nil {
		return nil, err
	}
	conn, err := h.engine.pool.get(ctx, to)
	if err != nil {
		return nil, notAnswered(ctx, err)
	}
	args, err := jinja.ToJSON(jinja.NewMap("cmd", command))
	if err != nil {
		return nil, err
	}
	answers := wire.Answers{Output: func(s wire.Stream, p []byte) {
		h.engine.Events.Emit(event.Output{Host: h.host, Stream: s, Data: p})
	}}
	res, err := conn.Call(ctx, wire.Call{Module: "shell", Args: args, Stream: true}, answers)
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
