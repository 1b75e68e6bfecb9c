package target

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
	"sync"

	"fleet/internal/wire"
)

// Open implements sys.Controller: it asks the controller for one of the call's files.
func (c *call) Open(ctx context.Context, f wire.File) (io.ReadCloser, error) {
	i := slices.Index(c.wc.Files, f)
	if i < 0 {
		return nil, fmt.Errorf("the controller offered no file %q", f.Name)
	}
	payload, err := wire.Encode(wire.Need{File: i})
	if err != nil {
		return nil, err
	}
	r := &incoming{c: c, file: f, hash: sha256.New()}
	c.mu.Lock()
	if len(c.inboxes)+len(c.outs) >= wire.MaxStreams {
		c.mu.Unlock()
		return nil, fmt.Errorf("more than %d files are open", wire.MaxStreams)
	}
	c.lastID++
	r.id = c.lastID
	r.in = wire.NewInbox(func(n int) {
		// Where it cannot be sent, the controller is gone, and the call ends.
		_ = c.s.send(wire.Frame{Kind: wire.KindCredit, Call: c.id, Stream: r.id, Payload: wire.EncodeCredit(n)})
	})
	c.inboxes[r.id] = r.in
	c.mu.Unlock()
	r.stop = context.AfterFunc(ctx, func() { r.in.End(context.Cause(ctx)) })
	if err := c.s.send(wire.Frame{Kind: wire.KindNeed, Call: c.id, Stream: r.id, Payload: payload}); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// incoming is a file that comes from the controller.
type incoming struct {
	c    *call
	id   uint32
	file wire.File
	in   *wire.Inbox
	stop func() bool
	hash hash.Hash
	size int64
	done bool
	err  error
}

// Read returns io.EOF only when length and digest are as promised.
func (r *incoming) Read(p []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	n, err := r.in.Read(p)
	r.hash.Write(p[:n])
	r.size += int64(n)
	switch {
	case r.size > r.file.Size:
		err = fmt.Errorf("file %q: more bytes came than the %d that were promised", r.file.Name, r.file.Size)
	case err == io.EOF:
		r.done = true
		err = r.verify()
	case err != nil:
		r.done = true
		err = fmt.Errorf("file %q: %w", r.file.Name, err)
	}
	r.err = err
	return n, err
}

func (r *incoming) verify() error {
	if r.size < r.file.Size {
		return fmt.Errorf("file %q: %d bytes came of the %d that were promised", r.file.Name, r.size, r.file.Size)
	}
	if got := hex.EncodeToString(r.hash.Sum(nil)); r.file.SHA256 != "" && got != r.file.SHA256 {
		return fmt.Errorf("file %q changed on the controller while the task ran: its SHA-256 is %s, not %s", r.file.Name, got, r.file.SHA256)
	}
	return io.EOF
}

// Close tells the controller to send no more, where there is more.
func (r *incoming) Close() error {
	r.stop()
	r.c.mu.Lock()
	_, open := r.c.inboxes[r.id]
	delete(r.c.inboxes, r.id)
	r.c.mu.Unlock()
	if !open || r.done {
		return nil
	}
	r.err = errors.New("the file is closed")
	return r.c.sendEnd(r.id, "no more is wanted")
}

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
	err := wire.SendStream(ctx, r, o.credit, func(p []byte) error {
		return c.s.send(wire.Frame{Kind: wire.KindData, Call: c.id, Stream: id, Payload: p})
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
