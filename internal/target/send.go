package target

import (
	"context"
	"errors"
	"io"
	"sync"

	"fleet/internal/wire"
)

func (c *call) sendEnd(stream uint32, msg string) error {
	payload, err := wire.Encode(wire.End{Error: msg[:min(len(msg), 4<<10)]})
	if err != nil {
		return err
	}
	return c.s.send(wire.Frame{Kind: wire.KindEnd, Call: c.id, Stream: stream, Payload: payload})
}

// outgoing is a file that goes to the controller.
type outgoing struct {
	credit *wire.Credit
	once   sync.Once
	ended  chan struct{} // closed when the controller has it, or refuses it
	err    error
}

// end notes what the controller said: nil, that it has all.
func (o *outgoing) end(err error) {
	o.once.Do(func() {
		o.err = err
		close(o.ended)
		if err == nil {
			err = errors.New("the controller ended the file early")
		}
		o.credit.Stop(err)
	})
}

// Send implements sys.Controller. It returns when the controller has written all
// that r has.
func (c *call) Send(ctx context.Context, r io.Reader) error {
	o := &outgoing{credit: wire.NewCredit(), ended: make(chan struct{})}
	c.mu.Lock()
	c.lastID++
	id := c.lastID
	c.outs[id] = o
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		delete(c.outs, id)
		c.mu.Unlock()
	}()
	if err := c.s.send(wire.Frame{Kind: wire.KindSend, Call: c.id, Stream: id}); err != nil {
		return err
	}
	err := wire.SendStream(ctx, r, o.credit, nil, func(p []byte, packed bool) error {
		return c.s.send(wire.Frame{Kind: wire.KindData, Call: c.id, Stream: id, Payload: p, Packed: packed})
	})
	if err != nil {
		return errors.Join(err, c.sendEnd(id, err.Error()))
	}
	if err := c.sendEnd(id, ""); err != nil {
		return err
	}
	select {
	case <-o.ended:
		return o.err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
