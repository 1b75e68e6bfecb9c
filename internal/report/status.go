package report

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"fleet/internal/event"
)

// redraw is how often the status line is drawn again.
const redraw = 100 * time.Millisecond

// Status keeps a line on a terminal that says which hosts are in which task. It
// shows the earliest task that runs, because that is the one that the others
// wait for. Close wipes the line and waits for the goroutine that draws it.
type Status struct {
	screen *Screen
	width  func() int

	mu     sync.Mutex
	total  int
	done   map[string]bool
	in     map[string]running
	stop   chan struct{}
	ended  chan struct{}
	closed bool
}

type running struct {
	task  *event.Task
	since time.Time
}

// NewStatus starts a status line on the screen. Width returns how many
// characters the line has at the moment.
func NewStatus(screen *Screen, width func() int) *Status {
	s := &Status{
		screen: screen, width: width, done: map[string]bool{}, in: map[string]running{},
		stop: make(chan struct{}), ended: make(chan struct{}),
	}
	go s.run()
	return s
}

func (s *Status) run() {
	defer close(s.ended)
	ticker := time.NewTicker(redraw)
	defer ticker.Stop()
	for {
		select {
		case <-s.stop:
			s.screen.Status("")
			return
		case <-ticker.C:
			s.screen.Status(s.text())
		}
	}
}

// Close wipes the line for good.
func (s *Status) Close() error {
	s.mu.Lock()
	closed := s.closed
	s.closed = true
	s.mu.Unlock()
	if !closed {
		close(s.stop)
	}
	<-s.ended
	return nil
}

// Emit takes an event.
func (s *Status) Emit(e event.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch e := e.(type) {
	case event.PlayStarted:
		s.total = len(e.Hosts)
		clear(s.done)
		clear(s.in)
	case event.TaskStarted:
		s.in[e.Host] = running{e.Task, time.Now()}
	case event.TaskDone:
		delete(s.in, e.Host)
	case event.HostDone:
		s.done[e.Host] = true
		delete(s.in, e.Host)
	case event.HostGone:
		s.done[e.Host] = true
		delete(s.in, e.Host)
	case event.PlayEnded, event.RunEnded:
		clear(s.in)
	}
}

// text returns the status line, cut to the terminal's width.
func (s *Status) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var first *event.Task
	for _, r := range s.in {
		if r.task != nil && (first == nil || event.Compare(r.task, first) < 0) {
			first = r.task
		}
	}
	if first == nil {
		return ""
	}
	var hosts []string
	since := time.Now()
	for host, r := range s.in {
		if r.task == first {
			hosts = append(hosts, host)
			if r.since.Before(since) {
				since = r.since
			}
		}
	}
	slices.Sort(hosts)
	name := first.Name
	if first.Role != "" {
		name = first.Role + " : " + name
	}
	count := fmt.Sprint(len(hosts))
	if s.total > 0 { // a run of a single command has no play that says it
		count += fmt.Sprintf("/%d", s.total)
	}
	start := fmt.Sprintf("%s hosts in [%s]", count, oneLine(name, 60))
	end := " " + time.Since(since).Truncate(time.Second).String()
	if later := len(s.in) - len(hosts); later > 0 {
		end = fmt.Sprintf(" (%d further on)", later) + end
	}
	return fit(start, " "+Ranges(hosts), end, s.width()-1)
}

// fit joins the parts on a line of width characters; the middle is cut first.
func fit(start, middle, end string, width int) string {
	room := width - utf8.RuneCountInString(start) - utf8.RuneCountInString(end)
	switch n := utf8.RuneCountInString(middle); {
	case room < 2:
		middle = ""
	case n > room:
		middle = string([]rune(middle)[:room-1]) + "…"
	}
	line := []rune(strings.ReplaceAll(start+middle+end, "\t", " "))
	return string(line[:min(len(line), max(0, width))])
}
