package target

import (
	"encoding/json"
	"sync"

	"fleet/internal/tasks/sys"
	"fleet/internal/wire"
)

// queue runs the calls that were sent ahead, one after the other, in the order in
// which they came. Behind a failure it runs none of the chain's later tasks.
type queue struct {
	mu      sync.Mutex
	waiting []queued
	running bool
	stopped wire.Ahead // the failure; the zero value is none: chains count from 1
}

type queued struct {
	call *call
	mod  *sys.Module
}

// add puts a call at the queue's end, and reports whether somebody has to run the
// queue now.
func (q *queue) add(c *call, mod *sys.Module) (start bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = append(q.waiting, queued{c, mod})
	start = !q.running
	q.running = true
	return start
}

// run runs the calls until none is left.
func (q *queue) run() {
	for {
		next, ok := q.next()
		if !ok {
			return
		}
		c := next.call
		var res wire.Result
		if c.ctx.Err() != nil || q.refuses(*c.wc.Ahead) {
			res.NotRun = true
		} else {
			res.Data = c.module(next.mod)
			if !c.wc.Ahead.Tolerant && hasFailed(res.Data) {
				q.stop(*c.wc.Ahead)
			}
		}
		if q.more() {
			c.end(res, c.s.out.hold)
		} else {
			c.end(res, c.s.out.send)
		}
	}
}

func (q *queue) next() (queued, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == 0 {
		q.running, q.waiting = false, nil
		return queued{}, false
	}
	next := q.waiting[0]
	q.waiting[0] = queued{}
	q.waiting = q.waiting[1:]
	return next, true
}

func (q *queue) more() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting) > 0
}

// stop keeps what comes behind the task from being run.
func (q *queue) stop(at wire.Ahead) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.stopped.Chain != at.Chain || at.Task < q.stopped.Task {
		q.stopped = at
	}
}

func (q *queue) refuses(c wire.Ahead) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.stopped.Chain == c.Chain && q.stopped.Task < c.Task
}

// hasFailed reports whether a module's result says so.
func hasFailed(data json.RawMessage) bool {
	var r struct {
		Failed any `json:"failed"`
	}
	return json.Unmarshal(data, &r) != nil || r.Failed != nil && r.Failed != false
}
