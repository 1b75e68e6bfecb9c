package ssh

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fleet/internal/fleettest"
	"fleet/internal/fleettest/distance"
	"fleet/internal/launch"
	"fleet/internal/wire"
)

// How often a login, a helper and a folder of files wait for the host: counted,
// over a link that makes each wait long enough to be told from the next.
func TestRoundTripsOverSSH(t *testing.T) {
	server := fleettest.New(t, fleettest.Config{})
	// The first contact pushes the helper, which is no matter of round trips.
	ping(t, start(t, dial(t, dialer(t), options(server)), launch.Become{}))
	proxy, err := distance.Listen("127.0.0.1:0", server.Addr, distance.Link{RTT: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()
	spent := func(what string, most int, do func()) {
		t.Helper()
		before := proxy.Count().RoundTrips
		do()
		if trips := proxy.Count().RoundTrips - before; trips > most {
			t.Errorf("%s: %d round trips, more than %d", what, trips, most)
		}
	}
	o := options(server)
	o.Port = proxy.Port()
	var c *Client
	spent("login", 8, func() { c = dial(t, dialer(t), o) })
	s := start(t, c, launch.Become{})
	var files []wire.File
	data := bytes.Repeat([]byte("some text of a file\n"), 10)
	sum := sha256.Sum256(data)
	for i := range 1000 {
		files = append(files, wire.File{Name: fmt.Sprintf("f%04d", i), Size: int64(len(data)), SHA256: hex.EncodeToString(sum[:]), Mode: 0o644})
	}
	call := func() {
		r, err := s.Call(t.Context(), wire.Call{Module: "copy", Files: files, Args: json.RawMessage(fmt.Sprintf(`{"src":"tree/","dest":%q}`, filepath.Join(server.Home, "tree")))},
			wire.Answers{Open: func(wire.File) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }})
		if err != nil || strings.Contains(string(r.Data), `"failed"`) {
			t.Errorf("%s, %v", r.Data, err)
		}
	}
	spent("a thousand files", 5, call)
	spent("and again", 2, call)
}
