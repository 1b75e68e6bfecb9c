package network

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"fleet/internal/tasks/sys"
	"fleet/internal/tasks/sys/systest"
)

func TestWaitForFile(t *testing.T) {
	for name, c := range map[string]struct {
		args string
		at   time.Duration // when the file changes
		text string        // what it is then; empty is gone
		want map[string]any
	}{
		"comes":       {`{"path":"/f"}`, 9500 * time.Millisecond, "x", map[string]any{"failed": nil, "elapsed": 10.0, "state": "started", "path": "/f", "changed": false}},
		"comes late":  {`{"path":"/f","timeout":5}`, 9500 * time.Millisecond, "x", map[string]any{"failed": true, "elapsed": 5.0, "msg": "Timeout when waiting for file /f"}},
		"own message": {`{"path":"/f","timeout":5,"msg":"no"}`, 9500 * time.Millisecond, "x", map[string]any{"msg": "no"}},
		"slow looks":  {`{"path":"/f","sleep":7}`, 9500 * time.Millisecond, "x", map[string]any{"elapsed": 14.0}},
		"delay":       {`{"path":"/f","delay":20}`, 0, "x", map[string]any{"elapsed": 20.0}},
		"goes":        {`{"path":"/there","state":"absent"}`, 2500 * time.Millisecond, "", map[string]any{"failed": nil, "elapsed": 3.0}},
		"stays":       {`{"path":"/dir","state":"absent","timeout":2}`, time.Second, "", map[string]any{"failed": true, "msg": "Timeout when waiting for /dir to be absent."}},
		"says": {`{"path":"/f","search_regex":"^up (?P<who>\\w+)(!)?"}`, 2500 * time.Millisecond, "x\nup now\n", map[string]any{"elapsed": 3.0,
			"match_groups": []any{"now", ""}, "match_groupdict": map[string]any{"who": "now"}}},
		"says nothing": {`{"path":"/f","search_regex":"down","timeout":4}`, 2500 * time.Millisecond, "up", map[string]any{"failed": true, "msg": `Timeout when waiting for search string down in /f`}},
		"time twice":   {`{"timeout":30,"delay":5}`, 0, "x", map[string]any{"failed": nil, "elapsed": 35.0}},
		"only time":    {`{"timeout":30}`, 0, "x", map[string]any{"failed": nil, "elapsed": 30.0}},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			for _, dir := range []string{"dir", "there"} {
				if err := os.Mkdir(filepath.Join(root, dir), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			synctest.Test(t, func(t *testing.T) {
				go func() {
					time.Sleep(c.at)
					if c.text == "" {
						_ = os.Remove(filepath.Join(root, "there"))
						return
					}
					_ = os.WriteFile(filepath.Join(root, "f"), []byte(c.text), 0o644)
				}()
				got := systest.Call(t, &WaitFor, &sys.Machine{Root: root}, c.args)
				for key, want := range c.want {
					if !reflect.DeepEqual(got[key], want) {
						t.Errorf("%s is %#v, want %#v", key, got[key], want)
					}
				}
				time.Sleep(c.at)
			})
		})
	}
}

func TestWaitForEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
		defer cancel()
		start := time.Now()
		got := map[string]any{}
		if err := json.Unmarshal(WaitFor.Run(ctx, &sys.Machine{}, []byte(`{"path":"/no/such/file"}`)), &got); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took != 3*time.Second || got["failed"] != true {
			t.Errorf("took %v: %v", took, got)
		}
	})
}

func TestWaitForPort(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			fmt.Fprint(conn, "SSH-2.0-test\r\n")
			conn.Close()
		}
	}()
	port := listener.Addr().(*net.TCPAddr).Port
	for args, want := range map[string]map[string]any{
		`{"port":%d}`:                                       {"failed": nil, "state": "started", "port": float64(port)},
		`{"port":%d,"search_regex":"SSH-(\\d)"}`:            {"failed": nil, "match_groups": []any{"2"}},
		`{"port":%d,"search_regex":"HTTP","timeout":0}`:     {"failed": true},
		`{"port":%d,"state":"stopped","timeout":0}`:         {"failed": true, "msg": fmt.Sprintf("Timeout when waiting for 127.0.0.1:%d to stop.", port)},
		`{"port":%d,"state":"drained","host":"127.0.0.99"}`: {"failed": nil},
	} {
		got := systest.Call(t, &WaitFor, &sys.Machine{}, fmt.Sprintf(args, port))
		for key, value := range want {
			if !reflect.DeepEqual(got[key], value) {
				t.Errorf("%s: %s is %#v, want %#v", args, key, got[key], value)
			}
		}
	}
	listener.Close()
	if got := systest.Call(t, &WaitFor, &sys.Machine{}, fmt.Sprintf(`{"port":%d,"state":"stopped"}`, port)); got["failed"] != nil {
		t.Errorf("closed: %v", got)
	}
	if got := systest.Call(t, &WaitFor, &sys.Machine{}, fmt.Sprintf(`{"port":%d,"timeout":0}`, port)); got["failed"] != true {
		t.Errorf("closed: %v", got)
	}
}

func TestWaitForRefuses(t *testing.T) {
	for args, want := range map[string]string{
		`{"port":1,"path":"/x"}`:                            "parameters are mutually exclusive: port|path",
		`{"state":"drained"}`:                               `state: drained needs the argument "port"`,
		`{"search_regex":"x"}`:                              `argument "search_regex" needs "port" or "path"`,
		`{"path":"/x","search_regex":"x","state":"absent"}`: `argument "search_regex" is of no use with state: absent`,
		`{"path":"/x","search_regex":"(x"}`:                 `is not valid at offset`,
		`{"path":"/x","sleep":0}`:                           `argument "sleep" is 0`,
	} {
		got := systest.Call(t, &WaitFor, &sys.Machine{}, args)
		if msg, _ := got["msg"].(string); !strings.Contains(msg, want) {
			t.Errorf("%s: got %v, want %s", args, got, want)
		}
	}
	if got := systest.Call(t, &WaitFor, &sys.Machine{Check: true}, `{"path":"/no/such"}`); got["skipped"] != true {
		t.Errorf("check: %v", got)
	}
}

func TestDrainedReadsTheKernelsTable(t *testing.T) {
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "proc/net"), 0o755); err != nil {
		t.Fatal(err)
	}
	const head = "  sl  local_address rem_address   st tx_queue rx_queue\n"
	for table, want := range map[string]bool{
		"": true,
		"   0: 0100007F:1F90 0200007F:0001 01 0\n": false, // 127.0.0.1:8080 from 127.0.0.2, established
		"   0: 0100007F:1F90 0200007F:0001 0A 0\n": true,  // listens
		"   0: 0100007F:1F91 0200007F:0001 01 0\n": true,  // another port
		"   0: 0900007F:1F90 0200007F:0001 01 0\n": true,  // another address
		"   0: 0100007F:1F90 0300007F:0001 01 0\n": true,  // an excluded host
	} {
		if err := os.WriteFile(filepath.Join(root, "proc/net/tcp"), []byte(head+table), 0o644); err != nil {
			t.Fatal(err)
		}
		got := systest.Call(t, &WaitFor, &sys.Machine{Root: root}, `{"port":8080,"state":"drained","timeout":0,"exclude_hosts":"127.0.0.3"}`)
		if (got["failed"] == nil) != want {
			t.Errorf("%q: %v", table, got)
		}
	}
}
