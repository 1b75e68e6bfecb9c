package docker

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

// runExec answers as a command that writes what it reads, in capital letters, and
// a line of errors.
func (e *fakeEngine) runExec(w http.ResponseWriter, body []byte) {
	var asked struct{ Detach bool }
	if json.Unmarshal(body, &asked) != nil || asked.Detach {
		return
	}
	nc, rw, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer nc.Close()
	_, _ = io.WriteString(nc, "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n")
	line, _ := rw.ReadString('\n')
	line = strings.ToUpper(line)
	_, _ = nc.Write(append([]byte{1, 0, 0, 0, 0, 0, 0, byte(len(line))}, line...))
	_, _ = nc.Write([]byte{2, 0, 0, 0, 0, 0, 0, 3, 'b', 'a', 'd'})
}

func TestContainerExec(t *testing.T) {
	e, home := fakeWithImages(t), t.TempDir()
	call(t, e, home, "docker_container", false, `{"name":"web","image":"app:1"}`)
	got := call(t, e, home, "docker_container_exec", false, `{"container":"web","command":"cat 'a b'","stdin":"hello","env":{"A":"1"}}`)
	if got["stdout"] != "HELLO" || got["stderr"] != "bad" || got["rc"] != 3.0 || got["changed"] != true || got["failed"] != true {
		t.Errorf("got %v", got)
	}
	for _, c := range []struct{ args, msg string }{
		{`{"container":"none","argv":["a"]}`, `there is no container "none"`},
		{`{"container":"web","argv":["a"],"env":{"A":1}}`, "argument \"env.A\": want text, not 1\nhint: put it in quotes"},
		{`{"container":"web","argv":["a"],"detach":true,"stdin":"x"}`, "arguments detach, stdin exclude each other"},
	} {
		if got := call(t, e, home, "docker_container_exec", false, c.args); said(got) != c.msg {
			t.Errorf("%s: got %v, want %s", c.args, said(got), c.msg)
		}
	}
	if got := call(t, e, home, "docker_container_exec", false, `{"container":"web","argv":["a"],"detach":true}`); got["exec_id"] != "run" {
		t.Errorf("got %v", got)
	}
	if got := call(t, e, home, "docker_container_exec", true, `{"container":"web","argv":["a"]}`); got["skipped"] != true {
		t.Errorf("got %v", got)
	}
}

func TestDemultiplex(t *testing.T) {
	var out, errs bytes.Buffer
	err := demultiplex(strings.NewReader("\x01\x00\x00\x00\x00\x00\x00\x02ab\x02\x00\x00\x00\x00\x00\x00\x01c\x01\x00"), &out, &errs)
	if err == nil || out.String() != "ab" || errs.String() != "c" {
		t.Errorf("got %q, %q, %v", out.String(), errs.String(), err)
	}
}

func TestImageInfo(t *testing.T) {
	e := fakeWithImages(t)
	got := call(t, e, t.TempDir(), "docker_image_info", false, `{"name":["app:1","none:1"]}`)
	images, _ := got["images"].([]any)
	if len(images) != 1 || images[0].(map[string]any)["Id"] != e.image("app:1").ID {
		t.Errorf("got %v", got)
	}
}
