//go:build lab

package lab

import (
	"cmp"
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

// want is what a load comes to. The zero value is no failure, and every copy an equal share.
type want struct {
	copies int      // todo-1 … todo-N; 0 is the usual number
	failed int      // of the requests
	ways   []string // in which they fail
	away   string   // the copy that answers none
	uneven bool     // the others need not share equally
}

// see sends requests to a machine by fleet's probe; they must come to what is wanted.
func see(t *testing.T, name string, w want, flags ...string) load {
	t.Helper()
	l := w.see(t, func() load { return probe(t, name, flags...) })
	t.Logf("    %s", l)
	return l
}

// see sends a load until it is as wanted, three times at most: a machine that is busy with something else lets a copy
// miss nginx' limits now and then, which passes over it for a second.
func (w want) see(t *testing.T, send func() load) load {
	t.Helper()
	for attempt := 1; ; attempt++ {
		l := send()
		wrong := w.unlike(l)
		if len(wrong) == 0 {
			return l
		}
		if attempt == 3 {
			t.Fatalf("%s\n%s", l, strings.Join(wrong, "\n"))
		}
		t.Logf("    %s\n    once more: %s", l, strings.Join(wrong, "; "))
		time.Sleep(2 * time.Second)
	}
}

// unlike says in which ways a load is not as wanted. Numbers are so give or take a twentieth.
func (w want) unlike(l load) (wrong []string) {
	miss := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	if l.OK+l.Failures != requests {
		miss("%d requests came to an end, not %d", l.OK+l.Failures, requests)
	}
	if !about(l.Failures, w.failed) {
		miss("%d requests failed, not %d: %v", l.Failures, w.failed, l.Kinds)
	}
	for kind, count := range l.Kinds {
		if !slices.Contains(w.ways, kind) {
			miss("%d requests failed by %s", count, kind)
		}
	}
	n := cmp.Or(w.copies, copies)
	if w.away != "" {
		n--
	}
	if len(l.Counts) != n && !w.uneven {
		miss("%d copies answered, not %d", len(l.Counts), n)
	}
	for name, count := range l.Counts {
		switch {
		case !strings.HasPrefix(name, "todo-") || name == w.away:
			miss("%s answered %d requests", name, count)
		case !about(count, l.OK/n) && !w.uneven:
			miss("%s answered %d requests; a fair share is %d", name, count, l.OK/n)
		}
	}
	return wrong
}

// about: equal, give or take a twentieth; nothing is about zero but zero.
func about(got, want int) bool { return max(got-want, want-got)*20 <= want }
