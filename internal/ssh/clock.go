package ssh

import (
	"errors"
	"sync"
	"time"
)

var errClock = errors.New("out of time")

// clock runs a function when the time for a login is over. It can stand still
// while the user types.
type clock struct {
	mu     sync.Mutex
	timer  *time.Timer
	left   time.Duration
	since  time.Time // zero while it stands
	over   bool
	onOver func()
}

func newClock(d time.Duration, onOver func()) *clock {
	c := &clock{left: d, onOver: onOver}
	c.timer = time.AfterFunc(d, c.ring)
	c.since = time.Now()
	return c
}

func (c *clock) ring() {
	c.mu.Lock()
	c.over = true
	c.mu.Unlock()
	c.onOver()
}

func (c *clock) pause() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.timer.Stop() && !c.since.IsZero() {
		c.left -= time.Since(c.since)
		c.since = time.Time{}
	}
}

func (c *clock) resume() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.since.IsZero() && !c.over {
		c.since = time.Now()
		c.timer.Reset(max(c.left, 0))
	}
}

// stop ends the clock. It reports whether it has not rung.
func (c *clock) stop() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.timer.Stop()
	return !c.over
}

func (c *clock) expired() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.over
}
