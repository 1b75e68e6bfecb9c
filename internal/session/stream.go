package session

import (
	"errors"
	"fmt"
	"io"

	"fleet/internal/wire"
)

// open registers a stream that the helper opens. Exactly one of in and credit is
// not nil.
func (c *call) open(id uint32, in *wire.Inbox, credit *wire.Credit) error {
	if c.inboxes[id] != nil || c.credits[id] != nil {
		return fmt.Errorf("stream %d is open already", id)
	}
	if len(c.inboxes)+len(c.credits) >= wire.MaxStreams {
		return fmt.Errorf("more than %d streams in one call", wire.MaxStreams)
	}
	if c.inboxes == nil {
		c.inboxes, c.credits = map[uint32]*wire.Inbox{}, map[uint32]*wire.Credit{}
	}
	c.streaming()
	if in != nil {
		c.inboxes[id] = in
	} else {
		c.credits[id] = credit
	}
	return nil
}

func (c *call) forget(id uint32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.inboxes, id)
	delete(c.credits, id)
}

// need starts to send some of the call's files.
func (c *call) need(f wire.Frame) error {
	var need wire.Need
	if err := wire.Decode(f.Payload, &need); err != nil {
		return err
	}
	files, err := need.Choose(c.files)
	if err != nil {
		return err
	}
	credit := wire.NewCredit()
	if err := c.open(f.Stream, nil, credit); err != nil {
		return err
	}
	c.work.Go(func() {
		err := c.sendFiles(files, f.Stream, credit)
		c.forget(f.Stream)
		c.end(f.Stream, err)
	})
	return nil
}

func (c *call) sendFiles(files []wire.File, stream uint32, credit *wire.Credit) error {
	if c.answers.Open == nil {
		return errors.New("the controller has no files for this call")
	}
	r := &sequence{open: c.answers.Open, files: files}
	defer r.close()
	return wire.SendStream(c.ctx, r, credit, c.answers.Pack, func(p []byte, packed bool) error {
		return c.s.send(c.ctx, wire.Frame{Kind: wire.KindData, Call: c.id, Stream: stream, Payload: p, Packed: packed})
	})
}

// end tells the helper that the stream is over. Where that cannot be sent, the
// call or the connection is over too.
func (c *call) end(stream uint32, err error) {
	var end wire.End
	if err != nil {
		end.Error = shorten(err.Error())
	}
	payload, err := wire.Encode(end)
	if err != nil {
		return
	}
	_ = c.s.send(c.ctx, wire.Frame{Kind: wire.KindEnd, Call: c.id, Stream: stream, Payload: payload})
}

// shorten keeps a message far below the limit of a frame, whatever JSON makes of it.
func shorten(msg string) string { return msg[:min(len(msg), 4<<10)] }

// receive starts to take bytes from the target.
func (c *call) receive(f wire.Frame) error {
	in := wire.NewInbox(func(n int) {
		// An error means that the call or the connection is over.
		_ = c.s.send(c.ctx, wire.Frame{Kind: wire.KindCredit, Call: c.id, Stream: f.Stream, Payload: wire.EncodeCredit(n)})
	})
	if err := c.open(f.Stream, in, nil); err != nil {
		return err
	}
	c.work.Go(func() {
		if err := c.write(in); err != nil {
			in.End(err)
			c.end(f.Stream, err)
			c.mu.Lock()
			c.received = err
			c.mu.Unlock()
			return // the stream stays known: its data is dropped
		}
		c.forget(f.Stream)
		c.end(f.Stream, nil)
	})
	return nil
}

// TakeError is why a file that the target sent was not taken whole: it could not be
// read there, or not be kept here. The session goes on.
type TakeError struct{ Err error }

func (e *TakeError) Error() string {
	return "cannot take the file from the target: " + e.Err.Error()
}

// Unwrap implements errors.Unwrap.
func (e *TakeError) Unwrap() error { return e.Err }

// Reached says that it is the task that failed, and not the host.
func (e *TakeError) Reached() bool { return true }

func (c *call) write(in *wire.Inbox) error {
	if c.answers.Receive == nil {
		return errors.New("the controller takes no file in this call")
	}
	_, err := io.CopyBuffer(onlyWriter{c.answers.Receive}, in, make([]byte, wire.MaxChunk))
	return err
}

// onlyWriter hides ReadFrom, which would read in pieces of its own size.
type onlyWriter struct{ io.Writer }

// stream handles a frame of an open stream. Frames of a stream that is not known
// any more have crossed its end.
func (c *call) stream(f wire.Frame) error {
	in, credit := c.inboxes[f.Stream], c.credits[f.Stream]
	switch {
	case f.Kind == wire.KindData && in != nil:
		return in.Put(f)
	case f.Kind == wire.KindEnd && (in != nil || credit != nil):
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
			credit.Stop(errors.New("the target wants no more"))
		}
	case f.Kind == wire.KindCredit && credit != nil:
		n, err := wire.DecodeCredit(f.Payload)
		if err != nil {
			return err
		}
		return credit.Add(n)
	}
	return nil
}
