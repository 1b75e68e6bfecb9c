package ssh

import (
	"io"
	"runtime"
	"sync"
)

// mostAhead is how much of a command's output may wait for whoever takes it, in bytes,
// about. The protocol's own window is sixty-four times as large, and not to be set.
const mostAhead = 32 << 10

// turns is how often others go first where more than that waits and nobody takes it yet.
const turns = 8

// brake keeps a connection from being read while somebody takes his time over the
// output that came over it. It is open whenever nobody does: so nothing waits for
// itself. The zero value is open.
type brake struct {
	mu    sync.Mutex
	moved sync.Cond // of mu; L is set by its first waiter
	busy  int       // writers that are handing on what came
	ahead int       // what was read and not handed on, with the protocol's own bytes, which nobody hands on
	off   bool
}

// wait waits until the connection may be read.
func (b *brake) wait() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.moved.L = &b.mu
	for range turns { // whoever is to take what came may not have had a processor
		if b.off || b.busy > 0 || b.ahead <= mostAhead {
			break
		}
		b.mu.Unlock()
		runtime.Gosched()
		b.mu.Lock()
	}
	for b.holds() {
		b.moved.Wait()
	}
}

// holds says whether to wait; b.mu is held.
func (b *brake) holds() bool { return !b.off && b.busy > 0 && b.ahead > mostAhead }

// held reports whether it is not the host's fault that nothing is heard of it.
func (b *brake) held() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.holds()
}

// read notes what was read from the connection.
func (b *brake) read(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ahead += n
}

// release opens it for good.
func (b *brake) release() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.off = true
	b.moved.Broadcast()
}

// writer hands on to w what a command writes.
func (b *brake) writer(w io.Writer) io.Writer { return &brakeWriter{b, w} }

type brakeWriter struct {
	b *brake
	w io.Writer
}

func (w *brakeWriter) Write(p []byte) (int, error) {
	w.b.mu.Lock()
	w.b.busy++
	w.b.ahead = max(0, w.b.ahead-len(p))
	w.b.mu.Unlock()
	n, err := w.w.Write(p)
	w.b.mu.Lock()
	w.b.busy--
	w.b.moved.Broadcast()
	w.b.mu.Unlock()
	return n, err
}
