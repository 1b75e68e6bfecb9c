package docker

import (
	"regexp"
	"strings"
	"testing"
)

var longID = regexp.MustCompile(`[0-9a-f]{64}`)

// TestRequests: a container costs the engine no more requests than these. With a
// hundred containers on a machine each of them counts.
func TestRequests(t *testing.T) {
	e := fakeWithImages(t)
	const want = `{"name":"c","image":"app:1","ports":["8080:80"],"volumes":["/a:/a:ro"],"restart_policy":"unless-stopped","paused":false}`
	for _, c := range []struct{ what, args, requests string }{
		{"new", want, "HEAD /_ping, GET /containers/c/json, GET /images/app:1/json, POST /containers/create, POST /containers/ID/start, GET /containers/c/json"},
		{"unchanged", want, "HEAD /_ping, GET /containers/c/json, GET /images/app:1/json"},
		{"gone", `{"name":"c","state":"absent"}`, "HEAD /_ping, GET /containers/c/json, POST /containers/ID/stop, DELETE /containers/ID, GET /containers/c/json"},
		{"gone already", `{"name":"c","state":"absent"}`, "HEAD /_ping, GET /containers/c/json"},
	} {
		e.requests = nil
		if out := call(t, e, t.TempDir(), "docker_container", false, c.args); out["failed"] == true {
			t.Fatalf("%s: %v", c.what, out["msg"])
		}
		if got := longID.ReplaceAllString(strings.Join(e.requests, ", "), "ID"); got != c.requests {
			t.Errorf("%s: the engine was asked\n%s\nwant\n%s", c.what, got, c.requests)
		}
	}
}
