package engine

import (
	"context"
	"fmt"
	"slices"
	"sync"
)

// crowd is the hosts of one play, each at its own place in the tasks' order. A
// host waits for others only here.
type crowd struct {
	mu     sync.Mutex
	hosts  []string // in inventory order
	place  map[string]int
	at     map[string][]int
	gone   map[string]bool // takes no further tasks
	failed map[string][]int
	left   map[string][]int // where hosts ended by themselves
	fell   map[string]bool  // tasks at which a host failed, rescued or not, by their order
	leader map[string]*lead
	held   map[string][]*wait // by the host that each waits for
	joint  map[string]*wait   // for all hosts, by the order: they share one
	wake   chan struct{}      // closed at the next change; nil while nobody asks after each
	ended  []int              // where end_play or end_batch was met; nil: nowhere
	// endedPlay says that it was end_play.
	endedPlay bool
}

// lead is a task that one host runs for those behind it in the play's order, where
// one finds that it is to: those in front of that one run it by themselves.
type lead struct {
	host string // that runs it for those behind; empty: nobody so far
	done chan struct{}
	res  *taskResult
	err  error

	said map[string]bool // what hosts have found; nil once there is a host
	next int             // the place of the first host that may be it and is to say so
}

func newCrowd(hosts []string) *crowd {
	c := &crowd{hosts: hosts, place: make(map[string]int, len(hosts)), at: map[string][]int{}, gone: map[string]bool{}, left: map[string][]int{},
		failed: map[string][]int{}, fell: map[string]bool{}, leader: map[string]*lead{}, held: map[string][]*wait{}, joint: map[string]*wait{}}
	for i, h := range hosts {
		c.place[h] = i
	}
	return c
}

// changed wakes all that ask after each change. The caller holds mu.
func (c *crowd) changed() {
	if c.wake != nil {
		close(c.wake)
		c.wake = nil
	}
}

// advance says that a host has done everything before the order. No host goes back.
func (c *crowd) advance(host string, order []int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if slices.Compare(order, c.at[host]) > 0 {
		c.at[host] = order
		c.passOn(host)
		c.changed()
	}
}

// leave says that a host takes no further tasks, and where it failed or ended by itself.
func (c *crowd) leave(host string, failed, ended bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gone[host] = true
	if failed {
		c.failed[host] = c.at[host]
	}
	if ended {
		c.left[host] = c.at[host]
	}
	c.passOn(host)
	c.changed()
}

// until returns when something holds, which is asked under mu after each change.
func (c *crowd) until(ctx context.Context, holds func() bool) error {
	for {
		c.mu.Lock()
		if holds() {
			c.mu.Unlock()
			return nil
		}
		if c.wake == nil {
			c.wake = make(chan struct{})
		}
		wake := c.wake
		c.mu.Unlock()
		select {
		case <-wake:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// lead takes what a host has found, whether it is to run the task for those behind
// it, and returns the record of the task once it is known who does, or nil where the
// host runs it by itself. All hosts have waited for each other before they call it.
func (c *crowd) lead(ctx context.Context, host string, order []int, once bool) (*lead, error) {
	l := c.say(host, order, once)
	place := c.place[host]
	leads := false
	err := c.until(ctx, func() bool {
		leads = c.elect(l, order) && l.next <= place
		return leads || l.next > place
	})
	if err != nil || !leads {
		return nil, err
	}
	return l, nil
}

// say notes what a host has found, and wakes the others where they wait for it.
func (c *crowd) say(host string, order []int, once bool) *lead {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := fmt.Sprint(order)
	l := c.leader[key]
	if l == nil {
		l = &lead{done: make(chan struct{}), said: map[string]bool{}}
		c.leader[key] = l
	}
	if l.host == "" {
		l.said[host] = once
		if before := l.next; c.elect(l, order) || l.next > before {
			c.changed()
		}
	}
	return l
}

// elect reports whether it is known who runs the task for those behind: the first
// that is to. Those that are elsewhere, or have left, are passed over. The caller
// holds mu.
func (c *crowd) elect(l *lead, order []int) bool {
	for ; l.host == "" && l.next < len(c.hosts); l.next++ {
		h := c.hosts[l.next]
		once, said := l.said[h]
		if once {
			l.host, l.said = h, nil
			break
		}
		if !said && !c.gone[h] && slices.Equal(c.at[h], order) {
			break
		}
	}
	return l.host != ""
}

// fall says that a host failed at a task, also where a rescue section or an always
// section is still to come.
func (c *crowd) fall(order []int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fell[fmt.Sprint(order)] = true
}

func (c *crowd) fellAt(order []int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.fell[fmt.Sprint(order)]
}

// failures counts the hosts that failed before the order. A nil order is now.
func (c *crowd) failures(order []int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for _, at := range c.failed {
		if order == nil || slices.Compare(at, order) < 0 {
			n++
		}
	}
	return n
}

// alive returns the hosts that had not failed before the order. A nil order is now.
func (c *crowd) alive(order []int) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []string
	for _, h := range c.hosts {
		at, failed := c.failed[h]
		if !failed || order != nil && slices.Compare(at, order) >= 0 {
			out = append(out, h)
		}
	}
	return out
}

// present returns the hosts of alive that did not end by themselves before the order.
func (c *crowd) present(order []int) []string {
	alive := c.alive(order)
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.DeleteFunc(alive, func(h string) bool {
		at, left := c.left[h]
		return left && slices.Compare(at, order) < 0
	})
}

// end makes all hosts leave the play at the order, and with play those of the
// batches behind it too.
func (c *crowd) end(order []int, play bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended, c.endedPlay = order, c.endedPlay || play
	c.changed()
}

// lastBatch reports whether the play ends with this batch.
func (c *crowd) lastBatch() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.endedPlay
}

func (c *crowd) isEnded() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ended != nil
}
