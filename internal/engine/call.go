package engine

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"fleet/internal/jinja"
	"fleet/internal/playbook"
	"fleet/internal/source"
	"fleet/internal/wire"
)

// payload is what a call can send to the target, and take from it.
type payload struct {
	files   []wire.File
	open    func(wire.File) (io.ReadCloser, error)
	receive io.Writer
	memory  int // bytes that are kept until the call is over
}

// pendingCall is a call that was sent ahead.
type pendingCall struct {
	wire.Pending
	to      Endpoint
	call    wire.Call
	answers wire.Answers
	size    int
	changes []func(*taskResult) // to the result, once it is there
}

// module runs a module on the attempt's target. Where it may be sent ahead, the
// result is pending.
func (a *attempt) module(ctx context.Context, name string, args *jinja.Map, with *payload) (*taskResult, error) {
	to, err := a.endpoint()
	if err != nil {
		return nil, err
	}
	env, err := a.environment()
	if err != nil {
		return nil, err
	}
	data, err := jinja.ToJSON(args)
	if err != nil {
		return nil, err
	}
	p := &pendingCall{to: to, call: wire.Call{Module: name, Args: data, Check: a.check, Alone: a.check && !a.engine.Options.Check, Diff: a.diff, Env: env}, size: len(data)}
	if with != nil {
		p.call.Files = with.files
		p.answers.Open, p.answers.Receive, p.answers.Pack = with.open, with.receive, a.engine.packs.pack
		if !a.engine.Options.NoPipelining {
			p.size += max(with.memory, with.travel(&p.call))
		}
	}
	if deadline, ok := ctx.Deadline(); ok {
		p.call.Timeout = max(time.Until(deadline), time.Millisecond)
	}
	a.job.detach(&p.call)
	a.lesser = !to.Become
	if a.ahead {
		return a.sendAhead(ctx, p)
	}
	return a.call(ctx, p)
}

// travel gives a small file's bytes to the call itself, and returns their number.
func (p *payload) travel(call *wire.Call) int {
	if len(p.files) != 1 || p.open == nil || p.files[0].SHA256 == "" || p.files[0].Size > wire.MaxInline {
		return 0
	}
	r, err := p.open(p.files[0])
	if err != nil {
		return 0 // the target hears of it if it asks
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, wire.MaxInline+1))
	if err != nil || len(data) > wire.MaxInline {
		return 0
	}
	call.Inline = []wire.Inline{{Data: data}}
	return len(data)
}

// call makes a call and waits for its result.
func (a *attempt) call(ctx context.Context, p *pendingCall) (*taskResult, error) {
	conn, err := a.engine.helper(ctx, p.to)
	if err != nil {
		return nil, notAnswered(ctx, err)
	}
	res, err := conn.Call(ctx, p.call, p.answers)
	return a.result(ctx, p, res, err)
}

// sendAhead sends a call without waiting for those in front of it, where the
// connection can do that and there is room. It waits for them otherwise.
func (a *attempt) sendAhead(ctx context.Context, p *pendingCall) (*taskResult, error) {
	f := a.flight
	if a.air.calls > 0 && a.air.to != p.to {
		if err := f.clear(ctx); err != nil {
			return nil, err
		}
	}
	if a.air.fallen != nil {
		return nil, errFallen
	}
	conn, err := a.engine.helper(ctx, p.to)
	if err != nil {
		return nil, notAnswered(ctx, err)
	}
	starter, able := conn.(Starter)
	if !able || p.to.Connection == "local" {
		if err := f.clear(ctx); err != nil {
			return nil, err
		}
		return a.call(ctx, p)
	}
	for !a.air.room(a.engine, p.size) {
		if err := f.makeRoom(ctx); err != nil {
			return nil, err
		}
	}
	tolerant := f.profile.tolerant
	if !tolerant {
		// A mistake in the keyword ignores nothing.
		tolerant, _ = a.engine.truth(a.c, a.keyword(func(k *playbook.Keywords) source.Node { return k.IgnoreErrors }), false)
	}
	p.call.Ahead = a.air.place(&a.engine.chains, a.number, tolerant)
	a.air.to = p.to
	if p.Pending, err = starter.Start(ctx, p.call, p.answers); err != nil {
		a.air.free(a.engine, p.size)
		if cerr := f.clear(ctx); cerr != nil {
			return nil, cerr
		}
		return a.result(ctx, p, wire.Result{}, err)
	}
	return &taskResult{pending: p}, nil
}

// receive waits for the result of a call that was sent ahead. One that was not run
// because of a failure that does not count here is made again.
func (a *attempt) receive(ctx context.Context, p *pendingCall) (*taskResult, error) {
	res, err := p.Wait()
	a.air.free(a.engine, p.size)
	if err == nil && res.NotRun && ctx.Err() == nil {
		a.air.chain = 0
		p.call.Ahead = nil
		return a.call(ctx, p)
	}
	return a.result(ctx, p, res, err)
}

// result returns what a module said.
func (a *attempt) result(ctx context.Context, p *pendingCall, res wire.Result, err error) (*taskResult, error) {
	if err != nil {
		if ctx.Err() == nil {
			a.engine.drop(p.to.Host)
		}
		return nil, notAnswered(ctx, err)
	}
	if p.call.Module == "setup" && p.call.Async == nil && a.factsMayWait() {
		return a.gathered(res.Data)
	}
	v, err := jinja.FromJSON(res.Data)
	if err != nil {
		return nil, err
	}
	m, ok := v.(*jinja.Map)
	if !ok {
		return nil, errors.New("the module returned no mapping")
	}
	return &taskResult{value: m, data: res.Data}, nil
}

// notAnswered marks an error as "the host is unreachable", unless the transport
// says that the host was reached, and something else failed: the way to another
// user, or a file that was to be brought here.
func notAnswered(ctx context.Context, err error) error {
	var reached interface{ Reached() bool }
	if ctx.Err() != nil || errors.As(err, &reached) && reached.Reached() {
		return err
	}
	return &unreachableError{err}
}

// environment evaluates the keyword of that name, the outer levels first.
func (a *attempt) environment() (map[string]string, error) {
	var nodes []source.Node
	for e := playbook.Entry(a.task); ; {
		nodes = append(nodes, e.Common().Environment)
		up := e.Up()
		if up == nil {
			break
		}
		e = up
	}
	nodes = append(nodes, a.Play.Environment)
	env := map[string]string{}
	for i := len(nodes) - 1; i >= 0; i-- {
		v, err := a.engine.value(a.c, nodes[i])
		if a.gathersFacts() && jinja.IsUndefined(err) {
			v, err = a.known(nodes[i])
		}
		if err != nil {
			return nil, err
		}
		maps, ok := v.([]any)
		if !ok {
			maps = []any{v}
		}
		for _, m := range maps {
			if err := addEnv(env, m, nodes[i]); err != nil {
				return nil, err
			}
		}
	}
	return env, nil
}

// known returns the pairs of a mapping that can be evaluated: the others are made
// of the facts that are still to come.
func (a *attempt) known(n source.Node) (any, error) {
	m := jinja.NewMap()
	for _, p := range n.Pairs() {
		v, err := a.engine.value(a.c, p.Value)
		if jinja.IsUndefined(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		m.Set(p.Key.Text(), v)
	}
	return m, nil
}

func (a *attempt) gathersFacts() bool {
	return a.task == factsTask || slices.Contains([]string{"setup", "gather_facts"}, shortName(a.task.Module))
}

func addEnv(env map[string]string, v any, n source.Node) error {
	switch v := jinja.DropOmit(v).(type) {
	case nil:
	case *jinja.Map:
		for k, e := range v.All() {
			env[jinja.Str(k)] = jinja.Str(e)
		}
	case string:
		if v != "" {
			return n.Errorf("environment has to be a mapping, not %q", short(v))
		}
	default:
		return n.Errorf("environment has to be a mapping, not %s", short(jinja.Repr(v)))
	}
	return nil
}

// raw runs a command line on the target without a helper.
func (a *attempt) raw(ctx context.Context, command string, stdout, stderr io.Writer) (int, error) {
	to, err := a.endpoint()
	if err != nil {
		return 0, err
	}
	code, err := a.engine.Dialer.Raw(ctx, to, command, stdout, stderr)
	if err != nil {
		return code, notAnswered(ctx, err)
	}
	return code, nil
}

// openLocal opens with open the controller's file behind a name of a payload.
func openLocal(paths map[string]string, open opener) func(wire.File) (io.ReadCloser, error) {
	return func(f wire.File) (io.ReadCloser, error) { return open(paths[f.Name]) }
}
