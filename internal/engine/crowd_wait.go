package engine

import (
	"context"
	"fmt"
	"slices"
)

// wait is for hosts that are to come to an order. Those in front of next have come,
// or take no further part: neither is ever taken back, so that each host is asked
// for once, however many there are.
type wait struct {
	hosts []string
	order []int
	next  int
	done  chan struct{} // closed when all have come
}

// wait returns when each of the hosts has done everything before the order or
// takes no further part.
func (c *crowd) wait(ctx context.Context, hosts []string, order []int) error {
	select {
	case <-c.await(hosts, order).done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// await returns the wait for the hosts. That for the crowd's own list is everybody's.
func (c *crowd) await(hosts []string, order []int) *wait {
	c.mu.Lock()
	defer c.mu.Unlock()
	w := &wait{hosts: hosts, order: order, done: make(chan struct{})}
	if len(hosts) != len(c.hosts) || len(hosts) == 0 || &hosts[0] != &c.hosts[0] {
		c.move(w)
		return w
	}
	key := fmt.Sprint(order)
	if shared := c.joint[key]; shared != nil {
		return shared
	}
	c.joint[key] = w
	c.move(w)
	return w
}

// passOn lets those who waited for a host look at the next one. The caller holds mu.
func (c *crowd) passOn(host string) {
	waits := c.held[host]
	delete(c.held, host)
	for _, w := range waits {
		c.move(w)
	}
}

// move takes a wait to the next host that is behind. The caller holds mu.
func (c *crowd) move(w *wait) {
	for ; w.next < len(w.hosts); w.next++ {
		h := w.hosts[w.next]
		if _, member := c.place[h]; member && !c.gone[h] && slices.Compare(c.at[h], w.order) < 0 {
			c.held[h] = append(c.held[h], w)
			return
		}
	}
	close(w.done)
}
