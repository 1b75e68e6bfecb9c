package client

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// serve returns a client of an engine that answers with a handler, and speaks an
// API version.
func serve(t *testing.T, api string, handler http.HandlerFunc) *Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if api != "" {
			w.Header().Set("Api-Version", api)
		}
		if r.URL.Path != "/_ping" {
			handler(w, r)
		}
	}))
	t.Cleanup(server.Close)
	c, err := New("tcp://"+strings.TrimPrefix(server.URL, "http://"), "auto")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestVersion(t *testing.T) {
	for api, want := range map[string]string{"1.40": "/v1.40/info", "1.99": "/v1.56/info", "": "/v1.56/info"} {
		path := ""
		c := serve(t, api, func(w http.ResponseWriter, r *http.Request) {
			path = r.URL.Path
			io.WriteString(w, "{}")
		})
		if _, err := c.Info(t.Context()); err != nil || path != want {
			t.Errorf("API %q: asked %q, want %q: %v", api, path, want, err)
		}
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Api-Version", "1.39") }))
	defer server.Close()
	old, err := New(server.URL, "auto")
	if err != nil {
		t.Fatal(err)
	}
	if err := old.Connect(t.Context()); err == nil || IsUnreached(err) || !strings.Contains(err.Error(), "1.39") {
		t.Errorf("an engine that is too old: %v", err)
	}
}

func TestNew(t *testing.T) {
	for _, c := range []struct{ host, version, err string }{
		{"unix:///run/x.sock", "auto", ""},
		{"tcp://a:2375", "1.41", ""},
		{"a:2375", "auto", `"a" is not supported: want unix:///path or tcp://host:port`},
		{"", "auto", "want unix:///path or tcp://host:port"},
		{"ssh://a", "auto", `"ssh" is not supported: want unix:///path or tcp://host:port`},
		{"unix:///x", "1.2", `api_version "1.2": want auto, or 1.40 or newer`},
		{"unix:///x", "new", `api_version "new": want auto, or 1.40 or newer`},
	} {
		_, err := New(c.host, c.version)
		if fmt.Sprint(err) != c.err && !(err == nil && c.err == "") {
			t.Errorf("%q, %q: %v, want %s", c.host, c.version, err, c.err)
		}
	}
	t.Setenv("DOCKER_CERT_PATH", t.TempDir())
	if _, err := New("tcp://a:2376", "auto"); err == nil || !strings.Contains(err.Error(), "DOCKER_CERT_PATH") {
		t.Errorf("without the certificates: %v", err)
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []struct {
		status int
		body   string
		want   string
	}{
		{404, `{"message":"no such thing\n"}`, "no such thing"},
		{500, "plain words", "plain words"},
		{502, "", "the answer to GET /v1.41/images/a/b:1/json is 502 Bad Gateway"},
	} {
		e := serve(t, "1.41", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(c.status)
			io.WriteString(w, c.body)
		})
		_, err := e.Image(t.Context(), "a/b:1")
		if fmt.Sprint(err) != c.want || IsNotFound(err) != (c.status == 404) || IsUnreached(err) {
			t.Errorf("%d %q: %v, want %s", c.status, c.body, err, c.want)
		}
	}
	asked := false
	e := serve(t, "1.41", func(http.ResponseWriter, *http.Request) { asked = true })
	if _, err := e.Container(t.Context(), ""); !IsNotFound(err) || asked {
		t.Errorf("an empty name: %v, asked %v", err, asked)
	}
}

func TestUnreached(t *testing.T) {
	c, err := New("unix://"+filepath.Join(t.TempDir(), "none.sock"), "auto")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Connect(t.Context()); !IsUnreached(err) || IsSilent(err) {
		t.Errorf("without a socket: %v", err)
	}
	server := httptest.NewServer(nil)
	server.Close()
	if c, err = New(server.URL, "auto"); err != nil {
		t.Fatal(err)
	}
	if err := c.Connect(t.Context()); !IsUnreached(err) || !IsSilent(err) {
		t.Errorf("where nothing listens: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	if err := c.Connect(ctx); IsUnreached(err) {
		t.Errorf("no time left: %v", err)
	}
}

// The answer of an old engine is a list of all, that of a new one has the sums.
func TestDiskUsage(t *testing.T) {
	old := serve(t, "1.41", func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, `{"LayersSize":100,"Images":[{"Containers":1,"Size":60,"SharedSize":10},{"Containers":0,"Size":50,"SharedSize":10}],
			"Containers":[{"State":"running","SizeRw":5},{"State":"exited","SizeRw":7}],
			"Volumes":[{"UsageData":{"Size":3,"RefCount":1}},{"UsageData":{"Size":-1,"RefCount":0}},{}],
			"BuildCache":[{"Size":8,"InUse":true},{"Size":9},{"Size":10,"Shared":true}]}`)
	})
	recent := serve(t, "1.52", func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, `{"ImageUsage":{"ActiveCount":1,"TotalCount":2,"Reclaimable":40,"TotalSize":100},
			"ContainerUsage":{"ActiveCount":1,"TotalCount":2,"Reclaimable":7,"TotalSize":12},
			"VolumeUsage":{"ActiveCount":1,"TotalCount":3,"TotalSize":3},
			"BuildCacheUsage":{"ActiveCount":1,"TotalCount":3,"Reclaimable":9,"TotalSize":17}}`)
	})
	a, err := old.DiskUsage(t.Context(), false, "image")
	b, berr := recent.DiskUsage(t.Context(), false, "image")
	if err != nil || berr != nil || !reflect.DeepEqual(a, b) || a.Images.Reclaimable != 40 {
		t.Errorf("%v, %v\nold %+v\nnew %+v", err, berr, a, b)
	}
}

func TestNextEnd(t *testing.T) {
	gone := make(chan struct{})
	c := serve(t, "1.41", func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		if strings.Contains(r.URL.Path, "/c/") {
			io.WriteString(w, `{"StatusCode":3}`)
			return
		}
		<-r.Context().Done()
		close(gone)
	})
	select {
	case got := <-c.NextEnd(t.Context(), "c").Result:
		if got.StatusCode != 3 {
			t.Errorf("the exit code is %d", got.StatusCode)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("no end came")
	}
	ctx, cancel := context.WithCancel(t.Context())
	ending := c.NextEnd(ctx, "other")
	cancel()
	<-gone
	if err := <-ending.Error; err == nil {
		t.Error("a wait that was given up has no error")
	}
}
