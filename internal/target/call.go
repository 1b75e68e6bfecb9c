package target

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"fleet/internal/tasks/sys"
	"fleet/internal/wire"
)

// call is one running call.
type call struct {
	s      *server
	id     uint32
	wc     wire.Call
	ctx    context.Context
	cancel context.CancelCauseFunc

	mu      sync.Mutex
	lastID  uint32       // of a stream
	output  *wire.Credit // where it streams
	inboxes map[uint32]*wire.Inbox
	outs    map[uint32]*outgoing
	asked   *delivery // the files that Ask asked for
}

var (
	errCancelled = errors.New("cancelled")
	errTimeout   = errors.New("timed out")
)

func newCall(s *server, id uint32, wc wire.Call) *call {
	c := &call{s: s, id: id, wc: wc, inboxes: map[uint32]*wire.Inbox{}, outs: map[uint32]*outgoing{}}
	if wc.Stream {
		c.output = wire.NewOutputCredit()
	}
	c.ctx, c.cancel = context.WithCancelCause(s.ctx)
	return c
}

// run runs the module and sends the result.
func (c *call) run(mod *sys.Module) { c.end(wire.Result{Data: c.module(mod)}, c.s.out.send) }

// end forgets the call and sends its result. Where that cannot be sent, the
// controller is gone.
func (c *call) end(r wire.Result, send func(wire.Frame) error) {
	c.s.mu.Lock()
	delete(c.s.calls, c.id)
	c.s.mu.Unlock()
	c.cancel(errCancelled)
	payload, err := wire.Encode(r)
	if err == nil && len(payload) > wire.MaxMessage {
		err = fmt.Errorf("the result has %d MiB, more than the limit of %d MiB; let the task write to a file and fetch that",
			len(payload)>>20, wire.MaxMessage>>20)
	}
	if err != nil {
		_ = c.s.refuse(c.id, err.Error())
		return
	}
	_ = send(wire.Frame{Kind: wire.KindResult, Call: c.id, Payload: payload})
}

// module runs the module, or begins the job that runs it.
func (c *call) module(mod *sys.Module) json.RawMessage {
	ctx := c.ctx
	if c.wc.Async != nil {
		data, err := c.detach(ctx)
		if err != nil {
			return failed(err.Error())
		}
		return data
	}
	if c.wc.Timeout > 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeoutCause(ctx, c.wc.Timeout, errTimeout)
		defer stop()
	}
	data := guarded(ctx, mod, &c.wc, &sys.Machine{Stream: c.wc.Stream, Accounts: &c.s.accounts, Controller: c, Web: c.s.program.Web})
	reason := context.Cause(ctx)
	if errors.Is(reason, errTimeout) {
		reason = fmt.Errorf("timed out after %s", c.wc.Timeout)
	}
	return explain(reason, data)
}

// guarded runs a module on the machine as the call wants it. This is the one place
// where a panic is caught: it must not take the other calls and their children down.
func guarded(ctx context.Context, mod *sys.Module, wc *wire.Call, m *sys.Machine) (data json.RawMessage) {
	defer func() {
		if p := recover(); p != nil {
			data = failed(fmt.Sprintf("module %s crashed: %v; this is a bug in fleet", mod.Name, p))
		}
	}()
	m.Check, m.Alone, m.Diff, m.Env, m.Files = wc.Check, wc.Alone, wc.Diff, wc.Env, wc.Files
	return mod.Run(ctx, m, wc.Args)
}

// explain puts the reason for which a call was ended, if it was, in place of the
// module's own message, which only knows that its context is over.
func explain(reason error, data json.RawMessage) json.RawMessage {
	if reason == nil {
		return data
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(data, &fields) != nil || string(fields["failed"]) != "true" {
		return data
	}
	fields["msg"], _ = json.Marshal(reason.Error()) // a string can be encoded
	if out, err := json.Marshal(fields); err == nil {
		return out
	}
	return data
}

// failed returns the data of a result that says no more than why it failed.
func failed(msg string) json.RawMessage {
	data, err := json.Marshal(map[string]any{"failed": true, "msg": msg})
	if err != nil {
		return json.RawMessage(`{"failed":true}`)
	}
	return data
}

// take handles a frame of the call.
func (c *call) take(f wire.Frame) error {
	if f.Kind == wire.KindCancel {
		if c.wc.Ahead != nil {
			c.s.queue.stop(*c.wc.Ahead)
		}
		c.cancel(errCancelled)
		return nil
	}
	c.mu.Lock()
	in, out := c.inboxes[f.Stream], c.outs[f.Stream]
	c.mu.Unlock()
	switch {
	case f.Kind == wire.KindData && in != nil:
		return in.Put(f)
	case f.Kind == wire.KindEnd && (in != nil || out != nil):
		var end wire.End
		if err := wire.Decode(f.Payload, &end); err != nil {
			return err
		}
		var err error
		if end.Error != "" {
			err = errors.New(end.Error)
		}
		if in != nil {
			in.End(err)
		} else {
			out.end(err)
		}
	case f.Kind == wire.KindCredit && out != nil:
		return grant(out.credit, f.Payload)
	case f.Kind == wire.KindCredit && f.Stream == 0 && c.output != nil:
		return grant(c.output, f.Payload)
	}
	return nil
}

func grant(c *wire.Credit, payload []byte) error {
	n, err := wire.DecodeCredit(payload)
	if err != nil {
		return err
	}
	return c.Add(n)
}

// Output implements sys.Controller. It waits where the controller is behind, and
// with it the command, but not once the call is cancelled.
func (c *call) Output(stream wire.Stream, p []byte) {
	if !c.wc.Stream {
		return
	}
	for len(p) > 0 {
		n := min(len(p), wire.OutputWindow/2)
		if c.ctx.Err() == nil {
			_ = c.output.Take(c.ctx, n) // the error is that the call was cancelled
		}
		// Where it cannot be sent, the controller is gone, and the call ends.
		_ = c.s.send(wire.Frame{Kind: wire.KindOutput, Call: c.id, Stream: uint32(stream), Payload: p[:n]})
		p = p[n:]
	}
}
