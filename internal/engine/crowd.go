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
	at     map[string][]int
	gone   map[string]bool // takes no further tasks
	failed map[string][]int
	left   map[string][]int // where hosts ended by themselves
	fell   map[string]bool  // tasks at which a host failed, rescued or not, by their order
	leader map[string]*lead
	wake   chan struct{} // closed at the next change; nil while nobody waits
	ended  []int         // where end_play or end_batch was met; nil: nowhere
	// endedPlay says that it was end_play.
	endedPlay bool
}

// lead is a task that one host runs for all.
type lead struct {
	host string
	done chan struct{}
	res  *taskResult
	err  error
}

func newCrowd(hosts []string) *crowd {
	return &crowd{hosts: hosts, at: map[string][]int{}, gone: map[string]bool{}, left: map[string][]int{},
		failed: map[string][]int{}, fell: map[string]bool{}, leader: map[string]*lead{}}
}

// changed wakes all that wait. The caller holds mu.
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
	c.changed()
}

// wait returns when each of the hosts has done everything before the order or
// takes no further part.
func (c *crowd) wait(ctx context.Context, hosts []string, order []int) error {
	for {
		c.mu.Lock()
		behind := slices.ContainsFunc(hosts, func(h string) bool {
			return !c.gone[h] && slices.Compare(c.at[h], order) < 0 && slices.Contains(c.hosts, h)
		})
		if !behind {
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

// lead returns the record of a task that one host runs for all, and whether the
// caller is that host: the first in inventory order of those that are there. All
// hosts have waited for each other before they call it.
func (c *crowd) lead(host string, order []int) (*lead, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := fmt.Sprint(order)
	if l := c.leader[key]; l != nil {
		return l, l.host == host
	}
	l := &lead{done: make(chan struct{})}
	for _, h := range c.hosts {
		if !c.gone[h] && slices.Equal(c.at[h], order) {
			l.host = h
			break
		}
	}
	c.leader[key] = l
	return l, l.host == host
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
func (c *crowd) failures(order []int) int { return len(c.hosts) - len(c.alive(order)) }

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
