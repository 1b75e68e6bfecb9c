//go:build lab

package lab

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const requests = 2000 // of each load

// patience is how long the clients of these tests wait for an answer: more than nginx' own limits, which are 100 ms to
// connect and 300 ms to read, and less than what it waits without them.
const patience = 700 * time.Millisecond

// A load is what came of many requests.
type load struct {
	OK, Failures int
	Counts       map[string]int // by who answered
	Kinds        map[string]int // of failures
	Statuses     map[string]int
	Latency      struct{ P50, Max float64 } // of the answers, in milliseconds
	Seconds      float64                    `json:"elapsed"`
	connections  int                        // that the clients made; only browse counts them
}

// published returns the address under which a machine's port 80 can be reached from here.
func published(t *testing.T, name string) string {
	t.Helper()
	address, _, _ := strings.Cut(script(t, "docker port "+container(t, name)+" 80/tcp"), "\n")
	return "http://" + address
}

// probe sends requests to a machine by fleet's own probe.
func probe(t *testing.T, name string, flags ...string) load {
	t.Helper()
	args := append([]string{"probe", published(t, name) + "/api/v1/ping", "--json", "-n", fmt.Sprint(requests), "-c", "8"}, flags...)
	r := run(t, fleet, args...)
	for line := range strings.Lines(r.out) {
		var e struct {
			Event  string
			Result struct{ Data load }
		}
		if json.Unmarshal([]byte(line), &e) == nil && e.Event == "task_done" {
			return e.Result.Data
		}
	}
	t.Fatalf("fleet %s gives no result\n%s", strings.Join(args, " "), r.out)
	return load{}
}

// browse sends requests as eight clients do, and counts their connections.
func browse(t *testing.T, name string, keepAlive bool) load {
	t.Helper()
	var connections atomic.Int64
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		connections.Add(1)
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}
	url := published(t, name) + "/api/v1/ping"
	l := load{Counts: map[string]int{}, Kinds: map[string]int{}}
	begin := time.Now()
	var mu sync.Mutex
	var clients sync.WaitGroup
	for range 8 {
		clients.Go(func() {
			transport := &http.Transport{DialContext: dial, DisableKeepAlives: !keepAlive}
			defer transport.CloseIdleConnections()
			client := &http.Client{Transport: transport, Timeout: patience}
			for range requests / 8 {
				who, err := fetch(client, url)
				mu.Lock()
				if err != nil {
					l.Failures++
					l.Kinds[err.Error()]++
				} else {
					l.OK++
					l.Counts[who]++
				}
				mu.Unlock()
			}
		})
	}
	clients.Wait()
	l.Seconds, l.connections = time.Since(begin).Seconds(), int(connections.Load())
	return l
}

// fetch returns the text of a page.
func fetch(client *http.Client, url string) (string, error) {
	answer, err := client.Get(url)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", answer.Status, text)
	}
	return strings.TrimSpace(string(text)), err
}

// String is a line of a table: how many requests todo-1, todo-2 and so on answered, and what failed.
func (l load) String() string {
	var b strings.Builder
	if n := len(l.Counts); n > copies+2 {
		counts := slices.Sorted(maps.Values(l.Counts))
		fmt.Fprintf(&b, "%d copies, %d to %d answers each", n, counts[0], counts[n-1])
	} else {
		for i := 1; i <= max(copies, n); i++ {
			fmt.Fprintf(&b, "%5d", l.Counts[fmt.Sprintf("todo-%d", i)])
		}
	}
	fmt.Fprintf(&b, " |%5d failed", l.Failures)
	for _, kind := range slices.Sorted(maps.Keys(l.Kinds)) {
		fmt.Fprintf(&b, ", %s: %d", kind, l.Kinds[kind])
	}
	if l.Latency.Max > 0 {
		fmt.Fprintf(&b, " | slowest answer %.0f ms", l.Latency.Max)
	}
	fmt.Fprintf(&b, " | %.1f s", l.Seconds)
	return b.String()
}

// mustFail: so many requests failed, give or take a twentieth, all in one of these ways.
func (l load) mustFail(t *testing.T, want int, kinds ...string) {
	t.Helper()
	if l.OK+l.Failures != requests {
		t.Errorf("%d requests came to an end, not %d", l.OK+l.Failures, requests)
	}
	if !about(l.Failures, want) {
		t.Errorf("%d requests failed, not %d: %v", l.Failures, want, l.Kinds)
	}
	for kind, count := range l.Kinds {
		if !slices.Contains(kinds, kind) {
			t.Errorf("%d requests failed by %s, not by %v", count, kind, kinds)
		}
	}
}

// mustShare: the requests that succeeded were answered by todo-1 … todo-N without those away, by each as often as by
// the others, give or take a twentieth.
func (l load) mustShare(t *testing.T, n int, away ...string) {
	t.Helper()
	for _, name := range away {
		if l.Counts[name] > 0 {
			t.Errorf("%s was away and answered %d requests", name, l.Counts[name])
		}
	}
	if len(l.Counts) != n-len(away) {
		t.Errorf("%d copies answered, not %d: %v", len(l.Counts), n-len(away), l.Counts)
	}
	for name, count := range l.Counts {
		if share := l.OK / (n - len(away)); !strings.HasPrefix(name, "todo-") || !about(count, share) {
			t.Errorf("%s answered %d requests; a fair share is %d", name, count, share)
		}
	}
}

// about: equal, give or take a twentieth; nothing is about zero but zero.
func about(got, want int) bool { return max(got-want, want-got)*20 <= want }
