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

	"fleet/internal/wire"
)

// Ask implements sys.Controller.
func (c *call) Ask(ctx context.Context, files []wire.File) error {
	if files = c.notInline(files); len(files) == 0 {
		return nil
	}
	d, err := c.request(ctx, files)
	if err != nil {
		return err
	}
	c.mu.Lock()
	before := c.asked
	c.asked = d
	c.mu.Unlock()
	if before != nil {
		return before.close()
	}
	return nil
}

// Open implements sys.Controller. What was not asked for before is asked for now.
func (c *call) Open(ctx context.Context, f wire.File) (io.ReadCloser, error) {
	if data, ok := c.inline(f); ok {
		return openInline(f, data)
	}
	c.mu.Lock()
	d := c.asked
	c.mu.Unlock()
	if d != nil && d.has(f) {
		return d.open(f), nil
	}
	d, err := c.request(ctx, []wire.File{f})
	if err != nil {
		return nil, err
	}
	r := d.open(f)
	r.last = true
	return r, nil
}

// request asks for the files, which have to be in the order of the call's list.
func (c *call) request(ctx context.Context, files []wire.File) (*delivery, error) {
	d := &delivery{c: c, files: files}
	var places []int
	at := 0
	for _, f := range files {
		i := slices.IndexFunc(c.wc.Files[at:], func(o wire.File) bool { return o.Name == f.Name })
		if i < 0 {
			return nil, fmt.Errorf("the controller offered no file %q", f.Name)
		}
		at += i + 1
		places = append(places, at-1)
		d.left += f.Size
	}
	if d.left == 0 {
		return d, nil
	}
	payload, err := wire.Encode(wire.Need{Files: wire.Spans(places)})
	if err != nil {
		return nil, err
	}
	if err := d.start(ctx); err != nil {
		return nil, err
	}
	if err := c.s.send(wire.Frame{Kind: wire.KindNeed, Call: c.id, Stream: d.id, Payload: payload}); err != nil {
		return nil, errors.Join(err, d.close())
	}
	return d, nil
}

// delivery is a stream of files that come from the controller, one behind the
// other. It is for one goroutine.
type delivery struct {
	c     *call
	files []wire.File // that were not opened so far
	left  int64       // bytes that were not read so far
	now   *incoming   // the file that was opened last
	skip  int64       // bytes in front of it that nobody has read
	err   error       // why it ended early

	id   uint32 // 0 where nothing has to come
	in   *wire.Inbox
	stop func() bool
}

// start makes the stream known.
func (d *delivery) start(ctx context.Context) error {
	c := d.c
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.inboxes)+len(c.outs) >= wire.MaxStreams {
		return fmt.Errorf("more than %d files are open", wire.MaxStreams)
	}
	c.lastID++
	id := c.lastID
	d.id, d.in = id, wire.NewInbox(func(n int) {
		// Where it cannot be sent, the controller is gone, and the call ends.
		_ = c.s.send(wire.Frame{Kind: wire.KindCredit, Call: c.id, Stream: id, Payload: wire.EncodeCredit(n)})
	})
	c.inboxes[id] = d.in
	d.stop = context.AfterFunc(ctx, func() { d.in.End(context.Cause(ctx)) })
	return nil
}

// has reports whether the file has still to come.
func (d *delivery) has(f wire.File) bool { return d.place(f) >= 0 }

func (d *delivery) place(f wire.File) int {
	return slices.IndexFunc(d.files, func(o wire.File) bool { return o.Name == f.Name })
}

// open returns a file's bytes. Those in front of it are lost.
func (d *delivery) open(f wire.File) *incoming {
	if d.now != nil {
		d.skip += d.now.file.Size - d.now.size
		d.now.closed = true
	}
	i := d.place(f)
	for _, over := range d.files[:i] {
		d.skip += over.Size
	}
	d.files = d.files[i+1:]
	d.now = &incoming{d: d, file: f, hash: sha256.New()}
	return d.now
}

// read reads bytes of the file that was opened last.
func (d *delivery) read(p []byte) (n int, err error) {
	if d.err != nil {
		return 0, d.err
	}
	if d.skip > 0 {
		n, err := io.CopyN(io.Discard, d.in, d.skip)
		d.skip -= n
		d.left -= n
		if err != nil {
			return 0, d.broken(err)
		}
	}
	n, err = d.in.Read(p)
	d.left -= int64(n)
	if err != nil {
		return n, d.broken(err)
	}
	if d.left == 0 {
		d.forget()
	}
	return n, nil
}

func (d *delivery) broken(err error) error {
	if err == io.EOF {
		err = fmt.Errorf("the controller ended the files %d bytes too early", d.left)
	}
	d.err = err
	d.forget()
	return err
}

// forget ends the stream on this side. It reports whether it was open.
func (d *delivery) forget() bool {
	if d.id == 0 {
		return false
	}
	d.stop()
	d.c.mu.Lock()
	defer d.c.mu.Unlock()
	_, open := d.c.inboxes[d.id]
	delete(d.c.inboxes, d.id)
	return open
}

// close tells the controller to send no more, where there is more.
func (d *delivery) close() error {
	if d.err == nil {
		d.err = errClosed
	}
	if !d.forget() {
		return nil
	}
	return d.c.sendEnd(d.id, "no more is wanted")
}

var errClosed = errors.New("the file is closed")

// incoming is a file that comes from the controller.
type incoming struct {
	d      *delivery
	file   wire.File
	hash   hash.Hash
	size   int64
	last   bool // no other file comes behind it
	closed bool
}

// Read returns io.EOF only when length and digest are as promised.
func (r *incoming) Read(p []byte) (int, error) {
	if r.closed {
		return 0, errClosed
	}
	if r.size == r.file.Size {
		return 0, r.verify()
	}
	n, err := r.d.read(p[:min(int64(len(p)), r.file.Size-r.size)])
	r.hash.Write(p[:n])
	r.size += int64(n)
	return n, err
}

func (r *incoming) verify() error {
	if got := hex.EncodeToString(r.hash.Sum(nil)); r.file.SHA256 != "" && got != r.file.SHA256 {
		return fmt.Errorf("file %q changed on the controller while the task ran: its SHA-256 is %s, not %s", r.file.Name, got, r.file.SHA256)
	}
	return io.EOF
}

// Close tells the controller to send no more, where nothing else was asked for.
func (r *incoming) Close() error {
	r.closed = true
	if !r.last {
		return nil
	}
	return r.d.close()
}
