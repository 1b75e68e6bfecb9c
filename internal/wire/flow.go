package wire

import (
	"context"
	"errors"
	"io"
	"sync"
)

// ErrWindow says that the sender of a stream sent more than it may.
var ErrWindow = errors.New("more bytes came than were asked for")

// Inbox is the receiving end of a stream: bytes are put in as they arrive, at
// most Window of them, and read out. The methods may be called concurrently, but
// Read by one reader only.
type Inbox struct {
	grant func(n int) // tells the sender to go on; not called under the lock

	mu     sync.Mutex
	pieces [][]byte
	held   int // in pieces
	owed   int // read, and not yet granted
	end    error
	wake   chan struct{} // has a token when something has changed
}

// NewInbox returns an Inbox that calls grant when more bytes may come.
func NewInbox(grant func(n int)) *Inbox {
	return &Inbox{grant: grant, wake: make(chan struct{}, 1)}
}

// Put adds a piece, which the Inbox keeps. What comes after the end is dropped.
func (b *Inbox) Put(p []byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.end != nil || len(p) == 0 {
		return nil
	}
	if b.held+b.owed+len(p) > Window {
		return ErrWindow
	}
	b.pieces = append(b.pieces, p)
	b.held += len(p)
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
	for {
		n, grant, err := b.take(p)
		if grant > 0 {
			b.grant(grant)
		}
		if n > 0 || err != nil {
			return n, err
		}
		<-b.wake
	}
}

func (b *Inbox) take(p []byte) (n, grant int, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.pieces) == 0 {
		if b.end != nil {
			b.signal() // for the next Read
		}
		return 0, 0, b.end
	}
	n = copy(p, b.pieces[0])
	if b.pieces[0] = b.pieces[0][n:]; len(b.pieces[0]) == 0 {
		b.pieces = b.pieces[1:]
	}
	b.held -= n
	if b.owed += n; b.owed >= Window/4 && b.end == nil {
		grant, b.owed = b.owed, 0
	}
	return n, grant, nil
}

// Credit is the sending end of a stream: how many bytes the receiver takes. Its
// methods may be called concurrently.
type Credit struct {
	mu   sync.Mutex
	left int
	err  error
	wake chan struct{}
}

// NewCredit returns the credit of a new stream.
func NewCredit() *Credit { return &Credit{left: Window, wake: make(chan struct{}, 1)} }

// Add notes that the receiver takes n bytes more.
func (c *Credit) Add(n int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.left+n > Window {
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
	c.left -= n
	return true, nil
}

// SendStream sends what r has as Data frames, as the credit allows, until r or
// ctx ends. It sends no End.
func SendStream(ctx context.Context, r io.Reader, c *Credit, send func(p []byte) error) error {
	for {
		p := make([]byte, MaxChunk)
		n, err := io.ReadAtLeast(r, p, 1)
		if n > 0 {
			if err := c.Take(ctx, n); err != nil {
				return err
			}
			if err := send(p[:n]); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
