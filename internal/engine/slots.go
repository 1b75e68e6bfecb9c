package engine

import (
	"container/heap"
	"context"
	"slices"
	"sync"
)

// slots bounds how many hosts work at the same time. A slot that is given back
// goes to the host that has come furthest: those that have begun reach their end
// before others begin, and of thousands few are connected at a time. Of several it
// goes to the first in the play's order. Whoever waits for other hosts has no slot,
// so none of them is kept from coming along.
type slots struct {
	mu    sync.Mutex
	free  int
	queue queue
}

// waiter is a host that waits for a slot.
type waiter struct {
	order []int
	place int           // in the play's order of hosts
	ready chan struct{} // closed when the slot is the waiter's
	gone  bool
}

// newSlots returns n slots.
func newSlots(n int) *slots { return &slots{free: n} }

// ask asks for a slot for a host that is at the order, and returns what to wait
// with until it is there.
func (s *slots) ask(order []int, place int) *waiter {
	w := &waiter{order: order, place: place, ready: make(chan struct{})}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.free > 0 {
		s.free--
		close(w.ready)
	} else {
		heap.Push(&s.queue, w)
	}
	return w
}

// wait waits for the slot that was asked for. An error is ctx's.
func (s *slots) wait(ctx context.Context, w *waiter) error {
	select {
	case <-w.ready:
		return nil
	case <-ctx.Done():
	}
	s.mu.Lock()
	w.gone = true
	s.mu.Unlock()
	select {
	case <-w.ready: // it came at the same moment
		s.give()
	default:
	}
	return ctx.Err()
}

// give gives a slot back.
func (s *slots) give() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.queue.Len() > 0 {
		if w := heap.Pop(&s.queue).(*waiter); !w.gone {
			close(w.ready)
			return
		}
	}
	s.free++
}

// queue has the host first that has come furthest, and of several the first in the
// play's order. It is a heap.Interface.
type queue []*waiter

func (q queue) Len() int { return len(q) }

func (q queue) Less(i, j int) bool {
	if c := slices.Compare(q[i].order, q[j].order); c != 0 {
		return c > 0
	}
	return q[i].place < q[j].place
}

func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }

func (q *queue) Push(w any) { *q = append(*q, w.(*waiter)) }

func (q *queue) Pop() any {
	last := len(*q) - 1
	w := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	return w
}
