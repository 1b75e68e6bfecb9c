package engine

import (
	"context"
	"errors"
	"strings"
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

// deed is something that a host does outside of any playbook.
type deed struct {
	task *event.Task
	do   func(ctx context.Context, h *hostRun, to Endpoint) (*taskResult, error)
}

// Exec runs one shell command on hosts at the same time, and emits what it writes
// while it runs. A helper does it only for another user: how sudo, su and doas pass on
// the end of a connection differs.
func (e *Engine) Exec(ctx context.Context, hosts []string, command string) (Summary, error) {
	if strings.TrimSpace(command) == "" {
		return Summary{}, source.Errorf(source.Pos{}, "no command given")
	}
	c := Call{Name: command, Module: "shell", Args: jinja.NewMap("cmd", command), Stream: true}
	run := func(ctx context.Context, h *hostRun, to Endpoint) (*taskResult, error) {
		if to.Become {
			return h.call(ctx, to, c)
		}
		return h.shell(ctx, to, command)
	}
	return e.carryOut(ctx, hosts, []deed{{c.task(0), run}})
}

// task is what the events say of the call.
func (c Call) task(i int) *event.Task {
	return &event.Task{Order: []int{i}, Name: c.Name, Module: c.Module}
}

// Call makes the calls on hosts: on all of them at the same time, on each one
// after the other. A call that fails does not keep its host from the next one.
func (e *Engine) Call(ctx context.Context, hosts []string, calls ...Call) (Summary, error) {
	deeds := make([]deed, len(calls))
	for i, c := range calls {
		deeds[i] = deed{c.task(i), func(ctx context.Context, h *hostRun, to Endpoint) (*taskResult, error) { return h.call(ctx, to, c) }}
	}
	return e.carryOut(ctx, hosts, deeds)
}

// carryOut has all hosts do things, and sums up what came of it.
func (e *Engine) carryOut(ctx context.Context, hosts []string, deeds []deed) (Summary, error) {
	begin := time.Now()
	if err := e.prepare(); err != nil {
		return Summary{}, err
	}
	defer e.helpers.Close()
	run := (&playRun{Play: &playbook.Play{}, engine: e, dir: ".", all: hosts}).batch(hosts, 0)
	e.Events.Emit(event.RunStarted{Check: e.Options.Check, Time: begin})
	var wg sync.WaitGroup
	for place, host := range hosts {
		h := newHostRun(run, place)
		h.ctx = ctx
		wg.Go(func() {
			defer e.drop(host) // nobody else has to do with it
			for _, d := range deeds {
				if !h.carryOut(ctx, d) {
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

// carryOut does one thing on the host, and reports whether another can follow.
func (h *hostRun) carryOut(ctx context.Context, d deed) bool {
	if h.acquire(ctx) != nil {
		return false
	}
	defer h.release()
	begin := time.Now()
	h.engine.stats.begin(h.host, d.task.Name)
	h.engine.Events.Emit(event.TaskStarted{Host: h.host, Task: d.task, Time: begin})
	res, err := h.answer(ctx, d)
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
	h.report(d.task, res, time.Since(begin))
	if res.outcome == event.Failed || res.outcome == event.Unreachable {
		h.engine.stats.lose(h.host, res.reason())
	}
	return res.outcome != event.Unreachable
}

// answer finds out where the host is, and has it done.
func (h *hostRun) answer(ctx context.Context, d deed) (*taskResult, error) {
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
	return d.do(ctx, h, to)
}

// shell runs a command and emits what it writes.
func (h *hostRun) shell(ctx context.Context, to Endpoint, command string) (*taskResult, error) {
	code, err := h.engine.Dialer.Shell(ctx, to, command, h.emitter(wire.Stdout), h.emitter(wire.Stderr))
	if err != nil {
		return nil, notAnswered(ctx, err)
	}
	res := ok("changed", true, "cmd", command, "rc", code)
	if code != 0 {
		res.value.Set("failed", true)
		res.value.Set("msg", "non-zero return code")
	}
	return res, nil
}

// emitter is for what a command on the host writes.
func (h *hostRun) emitter(s wire.Stream) emitter {
	return func(p []byte) { h.engine.Events.Emit(event.Output{Host: h.host, Stream: s, Data: p}) }
}

// emitter emits what is written to it.
type emitter func(p []byte)

func (e emitter) Write(p []byte) (int, error) {
	e(p)
	return len(p), nil
}

// call returns what a module does.
func (h *hostRun) call(ctx context.Context, to Endpoint, call Call) (*taskResult, error) {
	conn, err := h.engine.helper(ctx, to)
	if err != nil {
		return nil, notAnswered(ctx, err)
	}
	args, err := jinja.ToJSON(call.Args)
	if err != nil {
		return nil, err
	}
	answers := wire.Answers{Output: func(s wire.Stream, p []byte) { h.emitter(s)(p) }}
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
