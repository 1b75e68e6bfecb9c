package engine

import (
	"sync"

	"fleet/internal/event"
	"fleet/internal/inventory"
)

// stats counts what hosts did, and remembers which of them are out.
type stats struct {
	mu    sync.Mutex
	hosts map[string]*event.HostStats
	order []string
	gone  map[string]bool
	busy  map[string]string // host → the task it is in
	// forgiven has the numbers of hosts that were brought back, as they were then.
	forgiven map[string]event.HostStats
}

func newStats() *stats {
	return &stats{hosts: map[string]*event.HostStats{}, gone: map[string]bool{}, busy: map[string]string{}, forgiven: map[string]event.HostStats{}}
}

// count changes a host's numbers.
func (s *stats) count(host string, change func(*event.HostStats)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.hosts[host]
	if h == nil {
		h = &event.HostStats{Host: host}
		s.hosts[host] = h
		s.order = append(s.order, host)
	}
	change(h)
}

// done counts a task's outcome n times, and whether it changed something, where a
// failure is ignored too. Steps of the run itself count where they fail.
func (s *stats) done(d event.TaskDone, changed bool, n int) {
	if d.Task.Module == "meta" && d.Outcome != event.Failed {
		return
	}
	s.count(d.Host, func(h *event.HostStats) {
		switch {
		case d.Ignored:
			h.OK += n
			h.Ignored += n
			if changed {
				h.Changed += n
			}
		case d.Outcome == event.OK:
			h.OK += n
		case d.Outcome == event.Changed:
			h.OK += n
			h.Changed += n
		case d.Outcome == event.Skipped:
			h.Skipped += n
		case d.Outcome == event.Failed && d.Rescued:
			h.Rescued += n
		case d.Outcome == event.Failed:
			h.Failed += n
		case d.Outcome == event.Unreachable:
			h.Unreachable += n
		}
	})
}

// lose takes a host out of the run.
func (s *stats) lose(host, reason string) {
	s.count(host, func(h *event.HostStats) {
		if h.Reason == "" {
			h.Reason = reason
		}
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone[host] = true
}

func (s *stats) isGone(host string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.gone[host]
}

// forgive brings failed hosts back, as `meta: clear_host_errors` wants it.
func (s *stats) forgive() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for host := range s.gone {
		s.forgiven[host] = *s.hosts[host]
	}
	clear(s.gone)
}

// begin and end keep the task that a host is in.
func (s *stats) begin(host, task string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy[host] = task
}

func (s *stats) end(host string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.busy, host)
}

func (s *stats) notDone() map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[string]string{}
	for k, v := range s.busy {
		out[k] = v
	}
	return out
}

func (s *stats) summary() Summary {
	s.mu.Lock()
	defer s.mu.Unlock()
	var sum Summary
	for name, h := range s.hosts {
		sum.Failed = sum.Failed || h.Failed > s.forgiven[name].Failed
		sum.Unreachable = sum.Unreachable || h.Unreachable > s.forgiven[name].Unreachable
	}
	return sum
}

// list returns the numbers in the inventory's order, then those of hosts that it
// does not name (localhost).
func (s *stats) list(inv *inventory.Inventory) []event.HostStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []event.HostStats
	seen := map[string]bool{}
	for _, h := range inv.Hosts() {
		if st := s.hosts[h.Name]; st != nil {
			out = append(out, *st)
			seen[h.Name] = true
		}
	}
	for _, name := range s.order {
		if !seen[name] {
			out = append(out, *s.hosts[name])
		}
	}
	return out
}
