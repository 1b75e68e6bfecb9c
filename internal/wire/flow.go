package wire

import (
	"context"
	"errors"
	"io"
	"sync"
)

// ErrWindow says that the sender of a stream sent more than it may.
var ErrWindow = errors.New("more bytes came than were asked for")

// grantFrom is how many bytes are read before the sender hears of it. It is small
// enough that a slow link is heard from often.
const grantFrom = Window / 16

// Inbox is the receiving end of a stream: bytes are put in as they arrive, at
// most Window of them, and read out. The methods may be called concurrently, but
// Read by one reader only.
type Inbox struct {
	grant func(n int) // tells the sender to go on; not called under the lock

	rest   []byte // of the piece that is being read, for the reader alone
	unpack unpacker

	mu     sync.Mutex
	pieces []piece
	held   int // in pieces and rest
	owed   int // read, and not yet granted
	end    error
	wake   chan struct{} // has a token when something has changed
}

// piece is a Data frame's payload, and what is left of it.
type piece struct {
	data   []byte
	packed bool
}

// NewInbox returns an Inbox that calls grant when more bytes may come.
func NewInbox(grant func(n int)) *Inbox {
	return &Inbox{grant: grant, wake: make(chan struct{}, 1)}
}

// Put adds a Data frame's payload, which the Inbox keeps. What comes after the
// end is dropped.
func (b *Inbox) Put(f Frame) error {
	size := len(f.Payload)
	if f.Packed {
		var err error
		if size, err = packedSize(f.Payload, MaxChunk); err != nil {
			return err
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.end != nil || size == 0 {
		return nil
	}
	if b.held+b.owed+size > Window {
		return ErrWindow
	}
	b.pieces = append(b.pieces, piece{f.Payload, f.Packed})
	b.held += size
	b.signal()
	return nil
}

// End makes Read return err, or io.EOF for nil, behind the bytes that are there.
func (b *Inbox) End(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.end != nil {
		return
	}
	if b.end = err; err == nil {
		b.end = io.EOF
	}
	b.signal()
}

func (b *Inbox) signal() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// Read waits until bytes or the end are there.
func (b *Inbox) Read(p []byte) (int, error) {
	for len(b.rest) == 0 {
		next, ok, err := b.next()
		if err != nil {
			return 0, err
		}
		if !ok {
			<-b.wake
			continue
		}
		if b.rest = next.data; next.packed {
			if b.rest, err = b.unpack.unpack(next.data, MaxChunk); err != nil {
				b.End(err)
				return 0, err
			}
		}
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	if grant := b.took(n); grant > 0 {
		b.grant(grant)
	}
	return n, nil
}

func (b *Inbox) next() (p piece, ok bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.pieces) == 0 {
		if b.end != nil {
			b.signal() // for the next Read
		}
		return p, false, b.end
	}
	p = b.pieces[0]
	b.pieces[0] = piece{}
	b.pieces = b.pieces[1:]
	return p, true, nil
}

// took notes that n bytes were read and returns how many more may come.
func (b *Inbox) took(n int) (grant int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.held -= n
	if b.owed += n; b.owed >= grantFrom && b.end == nil {
		grant, b.owed = b.owed, 0
	}
	return grant
}

// Credit is the sending end of a stream: how many bytes the receiver takes. Its
// methods may be called concurrently.
type Credit struct {
	mu   sync.Mutex
	left int
	most int // that left may be
	err  error
	wake chan struct{}
}

// NewCredit returns the credit of a new stream.
func NewCredit() *Credit { return newCredit(Window) }

// NewOutputCredit returns the credit for the output of a call's commands.
func NewOutputCredit() *Credit { return newCredit(OutputWindow) }

func newCredit(n int) *Credit { return &Credit{left: n, most: n, wake: make(chan struct{}, 1)} }

// Add notes that the receiver takes n bytes more.
func (c *Credit) Add(n int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.left+n > c.most {
		return ErrWindow
	}
	c.left += n
	c.signal()
	return nil
}

// Stop makes Take return err: the receiver refuses the rest.
func (c *Credit) Stop(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.err = err
	}
	c.signal()
}

func (c *Credit) signal() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// Take waits until n bytes may be sent.
func (c *Credit) Take(ctx context.Context, n int) error {
	for {
		ok, err := c.try(n)
		if ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-c.wake:
		}
	}
}

func (c *Credit) try(n int) (bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		c.signal()
		return false, c.err
	}
	if c.left < n {
		return false, nil
	}
	if c.left -= n; c.left > 0 {
		c.signal() // for another one that waits
	}
	return true, nil
}
