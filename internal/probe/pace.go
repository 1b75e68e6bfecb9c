package probe

import (
	"context"
	"sync"
	"time"
)

// slack is how far requests that are late may catch up with the rate. Without
// any, the grain of the clock's alarms would slow down high rates; with much, a
// server that hung would be met by a burst.
const slack = 10 * time.Millisecond

// pace says when the next request may begin. It is safe for concurrent use.
type pace struct {
	mu       sync.Mutex
	left     int
	interval time.Duration // between two requests; 0 is no limit
	slot     time.Time     // of the next request
	end      time.Time     // from when on no request begins
}

func newPace(requests int, rate float64, end time.Time) *pace {
	p := &pace{left: requests, end: end}
	if rate > 0 {
		p.interval = time.Duration(float64(time.Second) / rate)
	}
	return p
}

// next waits until a request may begin. It returns false where none is left,
// time is over or ctx ends.
func (p *pace) next(ctx context.Context) bool {
	at, ok := p.take(time.Now())
	if !ok {
		return false
	}
	wait := time.Until(at)
	if wait <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// take returns the time of the next request.
func (p *pace) take(now time.Time) (time.Time, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	at := now
	if p.interval > 0 {
		if at = p.slot; p.slot.Before(now.Add(-slack)) {
			at = now
		}
	}
	if p.left == 0 || !at.Before(p.end) {
		return at, false
	}
	p.left--
	p.slot = at.Add(p.interval)
	return at, true
}
