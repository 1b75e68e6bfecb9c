// Package distance puts a distance between two programs on one machine: a link
// with a round-trip time and a rate, without the kernel's help or root. It is
// imported by tests and benchmarks only.
//
// What is not there of a real network: packets are never lost, and TCP's slow
// start does not happen. The waiting is time's own, so a test that joins two
// pipes within testing/synctest sees a link that is exact to the nanosecond and
// takes no time.
package distance

import (
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// Link is what lies between two machines. The zero value is no distance.
type Link struct {
	RTT  time.Duration // there and back
	Rate int           // bits per second in each direction; 0 is no limit
}

// Time returns how long the link is busy with n bytes in one direction.
func (l Link) Time(n int64) time.Duration {
	if l.Rate == 0 {
		return 0
	}
	return time.Duration(float64(n) * 8 / float64(l.Rate) * float64(time.Second))
}

// queued is how much waits in front of the link before the sender has to wait,
// as the time that it takes.
const queued = 100 * time.Millisecond

// lane is one direction of a link, which all its connections share.
type lane struct {
	link Link

	mu   sync.Mutex
	free time.Time // when all that was admitted has left
}

// admit waits until n bytes may queue up and returns when they arrive.
func (l *lane) admit(n int) time.Time {
	l.mu.Lock()
	now := time.Now()
	if l.free.Before(now) {
		l.free = now
	}
	l.free = l.free.Add(l.link.Time(int64(n)))
	left := l.free
	l.mu.Unlock()
	time.Sleep(time.Until(left.Add(-queued)))
	return left.Add(l.link.RTT / 2)
}

// Count is what went over a link.
type Count struct {
	// RoundTrips is how often the near side sent something behind an answer to what
	// it had sent before, counting the first. While both sides talk at the same
	// time it is the time that they talk, in round-trip times.
	RoundTrips int
	Up, Down   int64 // bytes, away from the near side and back
}

// counter makes a Count. Each piece carries the number of round trips that were
// behind its sender.
type counter struct {
	near, far atomic.Int64 // round trips that the side has seen
	up, down  atomic.Int64
}

func (c *counter) count() Count {
	return Count{RoundTrips: int(c.near.Load()), Up: c.up.Load(), Down: c.down.Load()}
}

// side is one direction of a connection.
type side struct {
	lane  *lane
	from  io.ReadWriteCloser
	to    io.ReadWriteCloser
	depth func() int64      // of what is sent now
	reach func(depth int64) // what arrives
	bytes *atomic.Int64
}

// piece is some bytes on their way. The last has none.
type piece struct {
	data  []byte
	due   time.Time
	depth int64
}

// pieces bounds how many pieces are on their way, and pieceSize each.
const (
	pieces    = 4096
	pieceSize = 16 << 10
)

// carry passes bytes on, late, until there are no more or nobody takes them.
func (s side) carry(opened time.Time) {
	way := make(chan piece, pieces)
	var reader sync.WaitGroup
	reader.Go(func() {
		defer close(way)
		s.read(way, opened)
	})
	s.write(way)
	reader.Wait()
}

func (s side) read(way chan<- piece, opened time.Time) {
	time.Sleep(time.Until(opened))
	buf := make([]byte, pieceSize)
	for {
		n, err := s.from.Read(buf)
		if n > 0 {
			depth := s.depth()
			s.bytes.Add(int64(n))
			way <- piece{append([]byte(nil), buf[:n]...), s.lane.admit(n), depth}
		}
		if err != nil {
			way <- piece{due: s.lane.admit(0)}
			return
		}
	}
}

func (s side) write(way <-chan piece) {
	var failed error
	for p := range way {
		if failed != nil {
			continue
		}
		time.Sleep(time.Until(p.due))
		if p.data == nil {
			closeWrite(s.to)
			continue
		}
		s.reach(p.depth)
		if _, failed = s.to.Write(p.data); failed != nil {
			s.from.Close()
		}
	}
}

// closeWrite ends one direction, where the connection can do that.
func closeWrite(c io.Closer) {
	if half, ok := c.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite() // the other side is gone, then
		return
	}
	c.Close()
}

// lanes are both directions of a link.
type lanes struct{ up, down *lane }

func (l Link) lanes() lanes { return lanes{&lane{link: l}, &lane{link: l}} }

// join carries bytes both ways until both directions have ended.
func (l lanes) join(near, far io.ReadWriteCloser, c *counter, opened time.Time) {
	up := side{lane: l.up, from: near, to: far, bytes: &c.up,
		depth: func() int64 { return c.near.Load() + 1 }, reach: func(d int64) { atLeast(&c.far, d) }}
	down := side{lane: l.down, from: far, to: near, bytes: &c.down,
		depth: c.far.Load, reach: func(d int64) { atLeast(&c.near, d) }}
	var work sync.WaitGroup
	work.Go(func() { up.carry(opened) })
	down.carry(time.Time{})
	work.Wait()
	near.Close()
	far.Close()
}

func atLeast(v *atomic.Int64, d int64) {
	for {
		old := v.Load()
		if old >= d || v.CompareAndSwap(old, d) {
			return
		}
	}
}

// Joined is a link between two open connections.
type Joined struct {
	counter counter
	work    sync.WaitGroup
}

// Join lets what is written to the other ends of near and far reach each other
// over the link. It closes both when both directions have ended.
func (l Link) Join(near, far io.ReadWriteCloser) *Joined {
	j := &Joined{}
	j.work.Go(func() { l.lanes().join(near, far, &j.counter, time.Time{}) })
	return j
}

// Count returns what went over the link so far.
func (j *Joined) Count() Count { return j.counter.count() }

// Wait returns when both directions have ended.
func (j *Joined) Wait() { j.work.Wait() }
