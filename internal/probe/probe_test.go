package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// balanced is a web service of some copies that take turns.
func balanced(copies int) http.Handler {
	var n, slow atomic.Int64
	mux := http.NewServeMux()
	turn := func() string { return fmt.Sprintf("todo-%d", int(n.Add(1)-1)%copies+1) }
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		name := turn()
		w.Header().Set("X-Copy", name)
		fmt.Fprintf(w, "\n  %s \nmore\n", name)
	})
	mux.HandleFunc("/json", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"node": {"name": %q, "ids": [7]}}`, turn())
	})
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		user, _, _ := r.BasicAuth()
		fmt.Fprintln(w, r.Method, string(body), r.Host, r.Header.Get("X-Token"), r.UserAgent(), user)
	})
	mux.HandleFunc("/half", func(w http.ResponseWriter, _ *http.Request) {
		if turn() == "todo-1" {
			w.WriteHeader(http.StatusBadGateway)
		}
		fmt.Fprint(w, "up")
	})
	mux.HandleFunc("/hang", func(w http.ResponseWriter, r *http.Request) {
		if slow.Add(1) == 1 {
			<-r.Context().Done()
		}
		fmt.Fprint(w, "late")
	})
	mux.HandleFunc("/cut", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		fmt.Fprint(w, "short")
	})
	mux.HandleFunc("/nothing", func(http.ResponseWriter, *http.Request) {})
	mux.Handle("/moved", http.RedirectHandler("/", http.StatusFound))
	return mux
}

func TestProbe(t *testing.T) {
	for name, c := range map[string]struct {
		path   string
		config Config
		by     string
		want   Result
	}{
		"body":         {"/", Config{Requests: 6}, "", Result{Requests: 6, OK: 6, Counts: map[string]int{"todo-1": 2, "todo-2": 2, "todo-3": 2}, Statuses: map[string]int{"200": 6}}},
		"many at once": {"/", Config{Requests: 90, Concurrency: 9}, "body", Result{Requests: 90, OK: 90, Counts: map[string]int{"todo-1": 30, "todo-2": 30, "todo-3": 30}, Statuses: map[string]int{"200": 90}}},
		"header":       {"/", Config{Requests: 3}, "header:x-copy", Result{Requests: 3, OK: 3, Counts: map[string]int{"todo-1": 1, "todo-2": 1, "todo-3": 1}, Statuses: map[string]int{"200": 3}}},
		"json":         {"/json", Config{Requests: 3}, "json:node.name", Result{Requests: 3, OK: 3, Counts: map[string]int{"todo-1": 1, "todo-2": 1, "todo-3": 1}, Statuses: map[string]int{"200": 3}}},
		"json list":    {"/json", Config{Requests: 1}, "json:node.ids.0", Result{Requests: 1, OK: 1, Counts: map[string]int{"7": 1}, Statuses: map[string]int{"200": 1}}},
		"json mapping": {"/json", Config{Requests: 1}, "json:node.ids", Result{Requests: 1, OK: 1, Counts: map[string]int{"[7]": 1}, Statuses: map[string]int{"200": 1}}},
		"status":       {"/half", Config{Requests: 6}, "status", Result{Requests: 6, OK: 4, Failures: 2, Counts: map[string]int{"200": 4}, Statuses: map[string]int{"200": 4, "502": 2}, Kinds: map[string]int{"status_502": 2}, Errors: map[string]string{"status_502": "502 Bad Gateway"}}},
		"no header":    {"/", Config{Requests: 2}, "header:X-Who", Result{Requests: 2, Failures: 2, Statuses: map[string]int{"200": 2}, Kinds: map[string]int{"unnamed": 2}, Errors: map[string]string{"unnamed": `the answer has no header "X-Who"`}}},
		"no json":      {"/", Config{Requests: 1}, "json:a", Result{Requests: 1, Failures: 1, Statuses: map[string]int{"200": 1}, Kinds: map[string]int{"unnamed": 1}, Errors: map[string]string{"unnamed": "the answer is not JSON"}}},
		"no field":     {"/json", Config{Requests: 1}, "json:node.ids.1", Result{Requests: 1, Failures: 1, Statuses: map[string]int{"200": 1}, Kinds: map[string]int{"unnamed": 1}, Errors: map[string]string{"unnamed": `the answer has no field "node.ids.1"`}}},
		"redirect":     {"/moved", Config{Requests: 1}, "status", Result{Requests: 1, OK: 1, Counts: map[string]int{"302": 1}, Statuses: map[string]int{"302": 1}}},
		"empty":        {"/nothing", Config{Requests: 1, Method: "HEAD"}, "", Result{Requests: 1, OK: 1, Counts: map[string]int{"(empty)": 1}, Statuses: map[string]int{"200": 1}}},
		"sent":         {"/echo", Config{Requests: 1, Method: "PUT", Body: []byte("data"), Header: http.Header{"X-Token": {"t"}, "host": {"h"}}}, "", Result{Requests: 1, OK: 1, Counts: map[string]int{"PUT data h t fleet": 1}, Statuses: map[string]int{"200": 1}}},
		"hangs":        {"/hang", Config{Requests: 3, Timeout: 50 * time.Millisecond}, "", Result{Requests: 3, OK: 2, Failures: 1, Counts: map[string]int{"late": 2}, Statuses: map[string]int{"200": 2}, Kinds: map[string]int{"timeout": 1}, Errors: map[string]string{"timeout": "no whole answer in time"}}},
		"cut":          {"/cut", Config{Requests: 1}, "", Result{Requests: 1, Failures: 1, Kinds: map[string]int{"closed": 1}, Errors: map[string]string{"closed": "the answer ends too early"}}},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(balanced(3))
			defer server.Close()
			c.config.URL = server.URL + c.path
			by, err := ParseBy(c.by)
			if err != nil {
				t.Fatal(err)
			}
			c.config.By = by
			compare(t, c.config, c.want)
		})
	}
}

// compare runs a probe and compares what it counted.
func compare(t *testing.T, c Config, want Result) {
	t.Helper()
	got, err := Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if !got.Possible() {
		t.Errorf("impossible: %+v", got)
	}
	if got.OK > 0 && (got.Latency.P50 <= 0 || got.Latency.P50 > got.Latency.P99 || got.Latency.P99 > got.Latency.Max) {
		t.Errorf("latencies: %+v", got.Latency)
	}
	if got.RPS <= 0 || got.Elapsed < 0 {
		t.Errorf("%v requests a second in %v s", got.RPS, got.Elapsed)
	}
	got.Latency, got.RPS, got.Elapsed = Latency{}, 0, 0
	want.Copies = len(want.Counts)
	for _, m := range []*map[string]int{&want.Counts, &want.Statuses, &want.Kinds} {
		if *m == nil {
			*m = map[string]int{}
		}
	}
	if want.Errors == nil {
		want.Errors = map[string]string{}
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestKeepAlive(t *testing.T) {
	for _, off := range []bool{false, true} {
		var mu sync.Mutex
		connections := map[string]bool{}
		server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			connections[r.RemoteAddr] = true
		}))
		if _, err := Run(t.Context(), Config{URL: server.URL, Requests: 20, NoKeepAlive: off}); err != nil {
			t.Fatal(err)
		}
		server.Close()
		if want := map[bool]int{false: 1, true: 20}[off]; len(connections) != want {
			t.Errorf("without keep-alive %v: %d connections, want %d", off, len(connections), want)
		}
	}
}

// raw starts a server that does this with every connection.
func raw(t *testing.T, serve func(*net.TCPConn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			// One read, so that closing does not reset the connection by itself.
			_, _ = conn.Read(make([]byte, 4096))
			serve(conn.(*net.TCPConn))
			conn.Close()
		}
	}()
	return "http://" + listener.Addr().String()
}

func TestKindsOfFailures(t *testing.T) {
	secure := httptest.NewUnstartedServer(balanced(1))
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	plain := httptest.NewServer(balanced(1))
	defer plain.Close()
	for kind, addresses := range map[string][]string{
		"refused": {"http://127.0.0.1:1/"},
		"reset":   {raw(t, func(c *net.TCPConn) { _ = c.SetLinger(0) })},
		"closed":  {raw(t, func(*net.TCPConn) {})},
		"other":   {raw(t, func(c *net.TCPConn) { fmt.Fprint(c, "220 mail.example.com ready\r\n\r\n") })},
		"tls":     {secure.URL, strings.Replace(plain.URL, "http", "https", 1)},
	} {
		for _, address := range addresses {
			got, err := Run(t.Context(), Config{URL: address, Requests: 1, Timeout: 5 * time.Second})
			if err != nil || got.Kinds[kind] != 1 || got.Errors[kind] == "" {
				t.Errorf("%s, %s: %+v, %v", kind, address, got, err)
			}
		}
	}
	got, err := Run(t.Context(), Config{URL: secure.URL, Requests: 2, TLS: &tls.Config{InsecureSkipVerify: true}})
	if err != nil || got.OK != 2 {
		t.Errorf("without checking certificates: %+v, %v", got, err)
	}
}

func TestKindOfError(t *testing.T) {
	dial := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	for want, err := range map[string]error{
		"lookup":  dial(&net.DNSError{Err: "no such host", Name: "todo.example.com", IsNotFound: true}),
		"timeout": dial(os.ErrDeadlineExceeded),
		"route":   dial(os.NewSyscallError("connect", syscall.EHOSTUNREACH)),
		"local":   dial(os.NewSyscallError("socket", syscall.EMFILE)),
		"reset":   fmt.Errorf("write: %w", syscall.EPIPE),
		"other":   errors.New("malformed HTTP response"),
	} {
		if got := failure(err); got.kind != want || got.text == "" {
			t.Errorf("%v is %q, want %q", err, got.kind, want)
		}
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	server := httptest.NewServer(balanced(1))
	defer server.Close()
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	begin := time.Now()
	got, err := Run(ctx, Config{URL: server.URL + "/hang", Requests: 10, Concurrency: 1, Timeout: time.Minute})
	if err != context.Canceled || got.Requests != 0 || time.Since(begin) > 5*time.Second {
		t.Errorf("%+v, %v after %v", got, err, time.Since(begin))
	}
}

// TestNamesAreBounded: a server that calls itself otherwise each time costs no
// more memory than this.
func TestNamesAreBounded(t *testing.T) {
	tally := newTally()
	for i := range 3 * MaxCopies {
		tally.add(answer{name: fmt.Sprint(i), status: 200})
	}
	got := tally.result(time.Second)
	if !got.Possible() || got.Copies != MaxCopies || got.Others != 2*MaxCopies || got.OK != 3*MaxCopies {
		t.Errorf("%d copies, %d others, %d ok", got.Copies, got.Others, got.OK)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "\xff", strings.Repeat("ü", maxRead))
	}))
	defer server.Close()
	got, err := Run(t.Context(), Config{URL: server.URL, Requests: 1})
	if err != nil || got.Copies != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	for name := range got.Counts {
		if len(name) > maxName || !strings.HasPrefix(name, "\uFFFDüü") || !strings.HasSuffix(name, "ü…") {
			t.Errorf("%d bytes: %q", len(name), name)
		}
	}
}

func TestPercentiles(t *testing.T) {
	var list []time.Duration
	for i := range 200 {
		list = append(list, time.Duration(i+1)*time.Millisecond)
	}
	for p, want := range map[int]float64{50: 100, 95: 190, 99: 198, 100: 200} {
		if got := percentile(list, p); got != want {
			t.Errorf("%d: %v, want %v", p, got, want)
		}
	}
	if got := percentile(list[:1], 50); got != 1 {
		t.Errorf("of one: %v", got)
	}
}

func TestCheckRefuses(t *testing.T) {
	for want, c := range map[string]Config{
		`address "ftp://u:xxxxx@h/" does not start with http:// or https:// and a host`: {URL: "ftp://u:hush@h/"},
		`address "localhost:80" does not start with http:// or https:// and a host`:     {URL: "localhost:80"},
		`"http://[" is no address of the web`:                                           {URL: "http://["},
		"1000001 requests: want 1 to 1000000":                                           {Requests: 1000001},
		"1001 requests at the same time: want 1 to 1000":                                {Concurrency: 1001},
		"-1 requests a second: want one an hour at least, or 0 for no limit":            {Rate: -1},
		"a duration of 2h0m0s: want 1h0m0s at most":                                     {Duration: 2 * time.Hour},
		"a timeout of -1s: want 1h0m0s at most":                                         {Timeout: -time.Second},
		`method "GET /" is none of the web`:                                             {Method: "GET /"},
	} {
		if c.URL == "" {
			c.URL = "http://localhost"
		}
		if _, err := Run(t.Context(), c); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	for _, text := range []string{"header", "header:", "json:", "jsn:x", "Body"} {
		if _, err := ParseBy(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}
