package docker

import (
	"fmt"
	"testing"
)

// TestRestartThaws: a container that was frozen is not after its restart, and
// there is nothing left to unpause. With paused it is frozen again.
func TestRestartThaws(t *testing.T) {
	e := fakeWithImages(t)
	for _, c := range []struct{ args, changes string }{
		{`{"name":"c","image":"app:1"}`, "[create and start container c from image app:1]"},
		{`{"name":"c","paused":true}`, "[pause container c]"},
		{`{"name":"c","paused":false,"restart":true}`, "[restart container c]"},
		{`{"name":"c","paused":true,"restart":true}`, "[restart container c pause container c]"},
		{`{"name":"c","paused":true,"restart":true}`, "[restart container c pause container c]"},
	} {
		out := call(t, e, t.TempDir(), "docker_container", false, c.args)
		if got := fmt.Sprint(asList(out["changes"])); got != c.changes || out["failed"] == true {
			t.Errorf("%s: got changes %s, want %s; %v", c.args, got, c.changes, out["msg"])
		}
	}
}
