package web

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"

	"fleet/internal/tasks/sys"
	"fleet/internal/tasks/sys/systest"
)

// copies is a service of three copies that take turns; every sixth request gets
// no answer but 503 on /weak.
func copies() http.Handler {
	var n atomic.Int64
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i := n.Add(1)
		if r.URL.Path == "/weak" && i%6 == 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("X-Copy", fmt.Sprint(r.Method, i%2))
		fmt.Fprintf(w, "todo-%d\n", i%3+1)
	})
}

func TestProbe(t *testing.T) {
	for name, c := range map[string]struct {
		args string
		want map[string]any
	}{
		"by itself": {`{"url":"$/"}`, map[string]any{"failed": nil, "changed": false, "requests": 100.0, "ok": 100.0, "failures": 0.0, "copies": 3.0,
			"counts": map[string]any{"todo-1": 33.0, "todo-2": 34.0, "todo-3": 33.0}, "kinds": map[string]any{}}},
		"duration": {`{"url":"$/","duration":0.05,"rate":100}`, map[string]any{"failed": nil, "requests": 5.0}},
		"all arguments": {`{"url":"$/","requests":6,"concurrency":2,"keepalive":false,"headers":{"X-A":"b"},"method":"post","body":"x","by":"header:X-Copy",
			"validate_certs":false,"timeout":5,"use_proxy":false,"expect":["copies==2","status_200==6"]}`,
			map[string]any{"failed": nil, "counts": map[string]any{"POST0": 3.0, "POST1": 3.0}}},
		"failures": {`{"url":"$/weak","requests":12}`, map[string]any{"failed": true, "ok": 10.0, "failures": 2.0, "kinds": map[string]any{"status_503": 2.0},
			"msg": "failures==0 is expected and failures is 2\n2 × status_503: 503 Service Unavailable"}},
		"failures expected": {`{"url":"$/weak","requests":12,"expect":"failures==2, copies>=3"}`, map[string]any{"failed": nil, "failures": 2.0}},
		"nothing expected":  {`{"url":"http://127.0.0.1:1/","requests":2,"expect":[]}`, map[string]any{"failed": nil, "failures": 2.0, "kinds": map[string]any{"refused": 2.0}}},
		"not met":           {`{"url":"$/","requests":2,"expect":["copies>=3"]}`, map[string]any{"failed": true, "msg": "copies>=3 is expected and copies is 2"}},
		"wrong expectation": {`{"url":"$/","expect":["copies>=3","copys>1"]}`, map[string]any{"failed": true, "requests": nil,
			"msg": `argument "expect": "copys>1": column 1: "copys" is none of copies, failures, max, ok, p50, p95, p99, requests, rps, status_NNN`}},
		"wrong by":       {`{"url":"$/","by":"cookie:x"}`, map[string]any{"failed": true, "msg": `argument "by": "cookie:x": want body, status, header:NAME or json:FIELD`}},
		"wrong address":  {`{"url":"u:hush@h"}`, map[string]any{"failed": true}},
		"wrong timeout":  {`{"url":"$/","timeout":"nan"}`, map[string]any{"failed": true, "msg": `argument "timeout" is NaN: want 0 to 3600 seconds`}},
		"wrong duration": {`{"url":"$/","duration":3601}`, map[string]any{"failed": true, "msg": `argument "duration" is 3601: want 0 to 3600 seconds`}},
		"too many":       {`{"url":"$/","concurrency":1001}`, map[string]any{"failed": true, "msg": "1001 requests at the same time: want 1 to 1000"}},
		"password":       {`{"url":"http://u:hush@127.0.0.1:1/","requests":1}`, map[string]any{"url": "http://u:xxxxx@127.0.0.1:1/"}},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(copies())
			defer server.Close()
			got := systest.Call(t, &Probe, &sys.Machine{}, strings.ReplaceAll(c.args, "$", server.URL))
			for key, want := range c.want {
				if !reflect.DeepEqual(got[key], want) {
					t.Errorf("%s is %#v, want %#v", key, got[key], want)
				}
			}
		})
	}
}

func TestProbeInCheckMode(t *testing.T) {
	server := httptest.NewServer(copies())
	defer server.Close()
	for method, want := range map[string]any{"get": 2.0, "HEAD": 2.0, "POST": nil, "DELETE": nil} {
		got := systest.Call(t, &Probe, &sys.Machine{Check: true}, fmt.Sprintf(`{"url":%q,"method":%q,"requests":2}`, server.URL, method))
		if !reflect.DeepEqual(got["requests"], want) || (got["skipped"] == true) != (want == nil) {
			t.Errorf("%s: %v", method, got)
		}
	}
}
