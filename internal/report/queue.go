package report

import "fleet/internal/event"

// queueSize is how many events may wait for the printer before the hosts have
// to wait for it too: the terminal may be stopped, and memory has an end.
const queueSize = 10_000

// Queue returns a report that passes the events on from a goroutine of its own,
// so that a slow terminal does not hold up the hosts. Close waits for the last
// event and closes r.
func Queue(r Report) Report {
	q := &queue{to: r, events: make(chan event.Event, queueSize), done: make(chan struct{})}
	go q.run()
	return q
}

type queue struct {
	to     Report
	events chan event.Event
	done   chan struct{}
}

func (q *queue) run() {
	defer close(q.done)
	for e := range q.events {
		q.to.Emit(e)
	}
}

func (q *queue) Emit(e event.Event) { q.events <- e }

func (q *queue) Close() error {
	close(q.events)
	<-q.done
	return q.to.Close()
}
