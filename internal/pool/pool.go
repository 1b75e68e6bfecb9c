// Package pool keeps things that take long to open, one for each key: logins and
// the helpers on them. It runs on the controller.
package pool

import (
	"context"
	"io"
	"sync"
)

// Pool opens one V for each key and gives it to all who ask. It is safe for
// concurrent use. The zero value is ready.
type Pool[K comparable, V io.Closer] struct {
	mu    sync.Mutex
	slots map[K]*slot[V]
}

// slot is a value that is there or being opened.
type slot[V io.Closer] struct {
	ready chan struct{}
	value V
	err   error
	left  bool // whoever opened it has ended, which may be why it failed
}

// Get returns the key's value, and opens it where it is not there. Those who ask
// meanwhile wait for the same. A value that could not be opened is forgotten, so
// that the next one tries again; so does who waited for one that has left.
func (p *Pool[K, V]) Get(ctx context.Context, key K, open func(context.Context) (V, error)) (V, error) {
	for {
		s, first := p.slot(key)
		if first {
			s.value, s.err = open(ctx)
			if s.err != nil {
				s.left = ctx.Err() != nil
				p.forget(key, s)
			}
			close(s.ready)
			return s.value, s.err
		}
		select {
		case <-s.ready:
			if !s.left || ctx.Err() != nil {
				return s.value, s.err
			}
		case <-ctx.Done():
			var none V
			return none, ctx.Err()
		}
	}
}

// slot returns the key's slot, and whether it is for the caller to open.
func (p *Pool[K, V]) slot(key K) (s *slot[V], first bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s = p.slots[key]; s != nil {
		return s, false
	}
	s = &slot[V]{ready: make(chan struct{})}
	if p.slots == nil {
		p.slots = map[K]*slot[V]{}
	}
	p.slots[key] = s
	return s, true
}

func (p *Pool[K, V]) forget(key K, s *slot[V]) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.slots[key] == s {
		delete(p.slots, key)
	}
}

// Drop closes the values whose keys match, and waits for their ends. The next
// Get opens anew.
func (p *Pool[K, V]) Drop(match func(K) bool) {
	p.mu.Lock()
	var gone []*slot[V]
	for key, s := range p.slots {
		if match(key) {
			gone = append(gone, s)
			delete(p.slots, key)
		}
	}
	p.mu.Unlock()
	var wg sync.WaitGroup
	for _, s := range gone {
		wg.Go(func() {
			<-s.ready
			if s.err == nil {
				// What it was good for is over, whatever Close says about it.
				_ = s.value.Close()
			}
		})
	}
	wg.Wait()
}

// Close closes all values.
func (p *Pool[K, V]) Close() { p.Drop(func(K) bool { return true }) }
