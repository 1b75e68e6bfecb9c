package engine

import (
	"context"
	"errors"
	"io"
	"os"
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
}

// module runs a module on the attempt's target.
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
	call := wire.Call{Module: name, Args: data, Check: a.check, Diff: a.diff, Env: env}
	var answers wire.Answers
	if with != nil {
		call.Files = with.files
		answers.Open, answers.Receive, answers.Pack = with.open, with.receive, a.engine.packs.pack
	}
	if deadline, ok := ctx.Deadline(); ok {
		call.Timeout = max(time.Until(deadline), time.Millisecond)
	}
	a.lesser = !to.Become
	conn, err := a.engine.helper(ctx, to)
	if err != nil {
		return nil, notAnswered(ctx, err)
	}
	res, err := conn.Call(ctx, call, answers)
	if err != nil {
		if ctx.Err() == nil {
			a.engine.drop(to.Host)
		}
		return nil, notAnswered(ctx, err)
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
// says that the host was reached and only the way to another user was not.
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

// openLocal opens the controller's file behind a name of a payload.
func openLocal(paths map[string]string) func(wire.File) (io.ReadCloser, error) {
	return func(f wire.File) (io.ReadCloser, error) { return os.Open(paths[f.Name]) }
}
