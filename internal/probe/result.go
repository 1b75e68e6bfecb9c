package probe

import (
	"math"
	"slices"
	"strconv"
	"sync"
	"time"
)

// MaxCopies is how many of those who answered are counted by their names.
const MaxCopies = 1000

// Result is what a probe came to.
type Result struct {
	// How many requests were sent and came to an end.
	Requests int `json:"requests"`
	// How many were answered, with a status below 400, by someone who could be named.
	OK int `json:"ok"`
	// How many were not.
	Failures int `json:"failures"`
	// How many different ones answered.
	Copies int `json:"copies"`
	// How many requests each of them answered, by name.
	Counts map[string]int `json:"counts"`
	// How many requests were answered by others than the 1000 in counts.
	Others int `json:"others,omitempty"`
	// How many answers had which status code.
	Statuses map[string]int `json:"statuses"`
	// How many requests failed in which way: refused, timeout, reset, closed (the
	// connection, before the whole answer), lookup (of the host's name), route, tls,
	// local (no free port or file here), status_NNN, unnamed (it does not say who it
	// is from) or other.
	Kinds map[string]int `json:"kinds"`
	// The words of the first failure of each kind.
	Errors map[string]string `json:"errors"`
	// How long the answers took that are counted as ok.
	Latency Latency `json:"latency"`
	// How many requests came to an end each second.
	RPS float64 `json:"rps"`
	// How many seconds the probe took.
	Elapsed float64 `json:"elapsed"`
}

// Latency is in milliseconds, with 0 where no request was answered.
type Latency struct {
	// Half of the answers took no longer than these milliseconds.
	P50 float64 `json:"p50"`
	// 95 of 100 answers took no longer.
	P95 float64 `json:"p95"`
	// 99 of 100 answers took no longer.
	P99 float64 `json:"p99"`
	// The slowest answer.
	Max float64 `json:"max"`
}

// tally counts answers. It is safe for concurrent use.
type tally struct {
	mu        sync.Mutex
	sum       Result
	latencies []time.Duration
}

func newTally() *tally {
	return &tally{sum: Result{Counts: map[string]int{}, Statuses: map[string]int{}, Kinds: map[string]int{}, Errors: map[string]string{}}}
}

func (t *tally) add(a answer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := &t.sum
	s.Requests++
	if a.status != 0 {
		s.Statuses[strconv.Itoa(a.status)]++
	}
	if a.kind != "" {
		s.Failures++
		s.Kinds[a.kind]++
		if _, ok := s.Errors[a.kind]; !ok {
			s.Errors[a.kind] = a.text
		}
		return
	}
	s.OK++
	t.latencies = append(t.latencies, a.latency)
	if _, ok := s.Counts[a.name]; !ok && len(s.Counts) == MaxCopies {
		s.Others++
		return
	}
	s.Counts[a.name]++
}

// result returns what was counted. No add may follow.
func (t *tally) result(elapsed time.Duration) Result {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.sum
	s.Copies = len(s.Counts)
	slices.Sort(t.latencies)
	s.Latency = Latency{P50: percentile(t.latencies, 50), P95: percentile(t.latencies, 95), P99: percentile(t.latencies, 99), Max: percentile(t.latencies, 100)}
	s.Elapsed = rounded(elapsed.Seconds())
	if elapsed > 0 {
		s.RPS = rounded(float64(s.Requests) / elapsed.Seconds())
	}
	return s
}

// Possible reports whether the result's numbers fit together, so that one from
// elsewhere can be worked with.
func (r Result) Possible() bool {
	sums := func(m map[string]int, want int) bool {
		sum := 0
		for _, n := range m {
			if n < 0 || n > want {
				return false
			}
			sum += n
		}
		return sum == want
	}
	return r.Requests >= 0 && r.Requests <= MaxRequests && r.OK >= 0 && r.Failures >= 0 && r.OK+r.Failures == r.Requests &&
		r.Others >= 0 && r.Others <= r.OK && len(r.Counts) <= MaxCopies && len(r.Kinds) <= MaxCopies &&
		r.Copies == len(r.Counts) && sums(r.Counts, r.OK-r.Others) && sums(r.Kinds, r.Failures)
}

// percentile returns the nearest-rank percentile of sorted latencies, in
// milliseconds.
func percentile(sorted []time.Duration, p int) float64 {
	if len(sorted) == 0 {
		return 0
	}
	rank := (len(sorted)*p + 99) / 100
	return rounded(float64(sorted[rank-1]) / float64(time.Millisecond))
}

func rounded(f float64) float64 { return math.Round(f*1000) / 1000 }
