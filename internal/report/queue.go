package report

import (
	"sync"

	"fleet/internal/event"
)

// How much may wait for the printer before the hosts have to wait for it too: the
// terminal may be stopped, and memory has an end.
const (
	queueSize   = 10_000  // events
	queueOutput = 1 << 20 // bytes of commands' output
)

// Queue returns a report that passes the events on from a goroutine of its own,
// so that a slow terminal does not hold up the hosts. Close waits for the last
// event and closes r.
func Queue(r Report) *Queued {
	q := &Queued{to: r, events: make(chan event.Event, queueSize), done: make(chan struct{})}
	q.less.L = &q.mu
	go q.run()
	return q
}

// Queued is a report with a queue before it.
type Queued struct {
	to     Report
	events chan event.Event
	done   chan struct{}

	mu     sync.Mutex
	less   sync.Cond // output has been printed
	output int       // bytes that wait
}

func (q *Queued) run() {
	defer close(q.done)
	for e := range q.events {
		if m, ok := e.(mark); ok {
			close(m.reached)
			<-m.release
			continue
		}
		q.to.Emit(e)
		if o, ok := e.(event.Output); ok {
			q.mu.Lock()
			q.output -= len(o.Data)
			q.mu.Unlock()
			q.less.Broadcast()
		}
	}
}

// Emit implements event.Sink. It waits while too much is waiting to be printed.
func (q *Queued) Emit(e event.Event) {
	if o, ok := e.(event.Output); ok {
		q.mu.Lock()
		for q.output > queueOutput {
			q.less.Wait()
		}
		q.output += len(o.Data)
		q.mu.Unlock()
	}
	q.events <- e
}

// mark stands in the queue where somebody waits for what was emitted before.
type mark struct {
	event.Event
	reached, release chan struct{}
}

// Hold returns when all that was emitted before has been passed on. Nothing more is
// passed on until release is called, which is to be called once. Hold must not be
// called after Close.
func (q *Queued) Hold() (release func()) {
	m := mark{reached: make(chan struct{}), release: make(chan struct{})}
	q.events <- m
	<-m.reached
	return func() { close(m.release) }
}

// Close implements Report.
func (q *Queued) Close() error {
	close(q.events)
	<-q.done
	return q.to.Close()
}
