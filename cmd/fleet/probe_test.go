package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
)

// turns is a service of copies that take turns; /weak fails every fifth time.
func turns(copies int64) http.Handler {
	var n atomic.Int64
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i := n.Add(1)
		if r.URL.Path == "/weak" && i%5 == 0 {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Seen", fmt.Sprint(r.Method, " ", r.Header.Get("Content-Type"), " ", string(body), r.Header.Get("X-Token")))
		fmt.Fprintf(w, "todo-%d\n", i%copies+1)
	})
}

// fleet runs the command in this process, and returns what it prints and its
// exit code.
func fleet(args ...string) (string, int) {
	var out bytes.Buffer
	a := newApp()
	a.live, a.color, a.flush = false, false, nil
	a.out, a.err = a.masked(&out), a.masked(&out)
	code := run(a, args)
	return out.String(), code
}

var clocks = regexp.MustCompile(`\b\d+\.\d+ (ms|s)\b|\b\d+ ms\b|\b[0-9.]+/s\b| {2,}`)

func TestProbeVerb(t *testing.T) {
	inventory := filepath.Join(t.TempDir(), "hosts.yaml")
	if err := os.WriteFile(inventory, []byte("all: {hosts: {web1: , web2: }, vars: {ansible_connection: local}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	table := "answered by count share\ntodo-1 2 50.0% ██████████████████████████████\ntodo-2 2 50.0% ██████████████████████████████\n\n"
	for name, c := range map[string]struct {
		args string
		code int
		want string // what is printed, with TIME for times and one blank for many
	}{
		"here": {"$/ -n 4", 0, "$/\n\n" + table + "4 requests in TIME (TIME): 4 ok, 0 failed, 2 copies\nlatency: p50 TIME, p95 TIME, p99 TIME, max TIME\nmet: failures==0 (failures is 0)\n"},
		"not met": {"$/weak -n 5 --expect copies>=3 --expect failures<=1", 2, "$/weak\n\n" + table + "5 requests in TIME (TIME): 4 ok, 1 failed, 2 copies\nlatency: p50 TIME, p95 TIME, p99 TIME, max TIME\n\n" +
			"failed by count\nstatus_502 1 502 Bad Gateway\n\nnot met: copies>=3 (copies is 2)\nmet: failures<=1 (failures is 1)\n"},
		"two addresses": {"$/ $/weak -n 1 --by header:X-Seen -d a=b --expect ok==1", 0, ""},
		"refused":       {"http://127.0.0.1:1/ -n 2", 2, ""},
		"hosts": {"$/ -n 2 -f 1 -i INVENTORY --from all --expect copies==2", 0, "$/\n\n" + table +
			"from requests ok failed copies rate p50 p95 p99 max\nweb1 2 2 0 2 TIME TIME TIME TIME TIME\nweb2 2 2 0 2 TIME TIME TIME TIME TIME\n\nmet: copies==2 (on 2 of 2 hosts)\n"},
		"one host fails":  {"http://127.0.0.1:1/ -n 2 -i INVENTORY --from web2", 2, "http://127.0.0.1:1/\n\nfrom requests ok failed copies rate p50 p95 p99 max\nweb2 2 0 2 0 TIME - - - -\n\nfailed by count\nrefused 2 connection to 127.0.0.1:1 refused\n\nnot met on web2: failures==0 (failures is 2)\n0 of 1 hosts did well; failed: web2\n"},
		"unreachable":     {"$/ -i INVENTORY --from web1 -e ansible_connection=ssh -e ansible_host=127.0.0.1 -e ansible_port=1", 4, "$/\nweb1: unreachable: "},
		"no such host":    {"$/ -i INVENTORY --from wbe2", 1, "fleet: --from wbe2: no host or group is called \"wbe2\"\nhint: did you mean \"web2\"?\n"},
		"no host left":    {"$/ -i INVENTORY --from all -l web1:!web1", 1, "fleet: --limit web1:!web1: no host is left\n"},
		"no seconds":      {"$/ -i INVENTORY --from all --connect-timeout 0", 1, "fleet: --connect-timeout: 0 is less than 1 second\n"},
		"no address":      {"", 1, "fleet probe needs an address, such as http://localhost/\nhint: run fleet probe --help\n"},
		"no scheme":       {"localhost/x", 1, "fleet: address \"localhost/x\" does not start with http:// or https://\nhint: did you mean \"http://localhost/x\"?\n"},
		"wrong condition": {"$/ --expect copis>3", 1, "fleet: --expect \"copis>3\": column 1: \"copis\" is none of copies, failures, max, ok, p50, p95, p99, requests, rps, status_NNN\nhint: did you mean \"copies\"?\n"},
		"wrong operator":  {"$/ --expect ok=3", 1, "fleet: --expect \"ok=3\": column 3: want ==, !=, >=, <=, > or <, not \"=3\"\nhint: write it as --expect 'copies>=10'\n"},
		"wrong by":        {"$/ --by heder:X", 1, "fleet: --by \"heder:X\": want body, status, header:NAME or json:FIELD\nhint: did you mean \"header\"?\n"},
		"wrong header":    {"$/ -H x", 1, "fleet: -H \"x\" is no header\nhint: write it as -H 'Name: value'\n"},
		"wrong time":      {"$/ --duration soon", 1, "fleet probe: "},
		"no time":         {"$/ --timeout 0", 1, "fleet: a time has to be more than 0\nhint: times are written as 500ms, 30s or 1m\n"},
		"none at once":    {"$/ -c 0", 1, "fleet: 100 requests, 0 at the same time: want 1 at least\nhint: run fleet probe --help\n"},
		"too many":        {"$/ -n 1000001", 1, "fleet: 1000001 requests: want 1 to 1000000\n"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(turns(2))
			defer server.Close()
			args := []string{"probe"}
			for word := range strings.FieldsSeq(c.args) {
				args = append(args, strings.NewReplacer("$", server.URL, "INVENTORY", inventory).Replace(word))
			}
			got, code := fleet(args...)
			got = strings.ReplaceAll(got, server.URL, "$")
			got = clocks.ReplaceAllStringFunc(got, func(text string) string {
				if text[0] == ' ' {
					return " "
				}
				return "TIME"
			})
			if code != c.code || !strings.HasPrefix(got, c.want) {
				t.Errorf("exit %d, want %d:\n%s\nwant\n%s", code, c.code, got, c.want)
			}
		})
	}
}

// TestProbeJSON: a probe from here and one from a host print the same events.
func TestProbeJSON(t *testing.T) {
	for _, from := range [][]string{nil, {"--from", "localhost", "-i", "localhost,", "--connection", "local"}} {
		server := httptest.NewServer(turns(2))
		got, code := fleet(append([]string{"probe", "--json", "--duration", "0.05", "--rate", "100", server.URL, "-H", "X-Token: hush-hush", "--by", "header:X-Seen"}, from...)...)
		server.Close()
		if code != 0 || strings.Contains(got, "hush-hush") || !strings.Contains(got, "GET  ********") {
			t.Errorf("exit %d:\n%s", code, got)
		}
		var names []string
		for line := range strings.Lines(got) {
			var e struct {
				Event, Outcome string
				Result         struct {
					Data struct{ Requests, OK, Copies int }
				}
			}
			if err := json.Unmarshal([]byte(line), &e); err != nil {
				t.Fatal(err)
			}
			names = append(names, e.Event)
			if d := e.Result.Data; e.Event == "task_done" && (e.Outcome != "ok" || d.Requests < 1 || d.Requests > 6 || d.OK != d.Requests || d.Copies != 1) {
				t.Errorf("%s", line)
			}
		}
		if want := "run_started task_started task_done run_ended"; strings.Join(names, " ") != want {
			t.Errorf("%v, want %s", names, want)
		}
	}
}
