package session_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"fleet/internal/archive"
	"fleet/internal/fleettest/distance"
	"fleet/internal/session"
	"fleet/internal/wire"
)

// call runs a module that has to do well.
func call(t *testing.T, on *session.Session, module string, args map[string]any, s *offered, a wire.Answers) {
	t.Helper()
	data, err := json.Marshal(args)
	if err != nil {
		t.Fatal(err)
	}
	c := wire.Call{Module: module, Args: data}
	if s != nil {
		c.Files, a.Open = s.files, s.open
	}
	r, err := on.Call(t.Context(), c, a)
	if err != nil || strings.Contains(string(r.Data), `"failed":true`) {
		t.Fatalf("%s: %s, %v", module, r.Data, err)
	}
}

// A file that is fetched fills the link, too, and text more than that.
func TestFetchOverADistance(t *testing.T) {
	for name, test := range map[string]struct {
		link  distance.Link
		fill  func([]byte)
		share float64
	}{
		"26 ms":  {distance.Link{RTT: 26 * time.Millisecond, Rate: 20e6}, noise(6), 0.98},
		"100 ms": {distance.Link{RTT: 100 * time.Millisecond, Rate: 20e6}, noise(6), 0.95},
		"text":   {distance.Link{RTT: 26 * time.Millisecond, Rate: 20e6}, text(6), 2.5},
	} {
		t.Run(name, func(t *testing.T) {
			data, path := make([]byte, 16<<20), filepath.Join(t.TempDir(), "f")
			test.fill(data)
			if err := os.WriteFile(path, data, 0o644); err != nil {
				t.Fatal(err)
			}
			synctest.Test(t, func(t *testing.T) {
				// Without a ping, whose answer would wait for a mutex: that holds the bubble's
				// time up.
				on, _ := overWith(t, test.link, session.Options{KeepAlive: time.Hour})
				var got bytes.Buffer
				since := time.Now()
				call(t, on, "fetch", map[string]any{"src": path}, nil, wire.Answers{Receive: &got})
				share := float64(test.link.Time(int64(len(data)))) / float64(time.Since(since))
				if share < test.share || !bytes.Equal(got.Bytes(), data) {
					t.Errorf("%d bytes, %.3f of the link's rate", got.Len(), share)
				}
			})
		})
	}
}

// An archive goes at the link's rate, once; and a folder of parts in one go.
func TestArchiveAndParts(t *testing.T) {
	link := distance.Link{RTT: 100 * time.Millisecond, Rate: 20e6}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	w := tar.NewWriter(z)
	fill := noise(7)
	for i := range 300 {
		data := make([]byte, 20_000)
		fill(data)
		if err := w.WriteHeader(&tar.Header{Name: fmt.Sprintf("f%03d", i), Mode: 0o644, Size: int64(len(data)), ModTime: time.Unix(1_700_000_000, 0)}); err != nil {
			t.Fatal(err)
		}
		w.Write(data)
	}
	w.Close()
	z.Close()
	release, parts := &offered{}, &offered{}
	release.add("a.tgz", packed.Bytes())
	for i := range 300 {
		parts.add(fmt.Sprintf("part%03d", i), []byte(fmt.Sprintln("line", i)))
	}
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		on, j := over(t, link)
		since := time.Now()
		call(t, on, "unarchive", map[string]any{"src": "a.tgz", "dest": dir}, release, wire.Answers{})
		if share := float64(link.Time(release.size())) / float64(time.Since(since)); share < 0.90 {
			t.Errorf("the archive: %.3f of the link's rate", share)
		}
		release.list(t)
		for what, spoil := range map[string]func() error{
			"again":  func() error { return nil },
			"a file": func() error { return os.WriteFile(filepath.Join(dir, "f007"), nil, 0o644) },
		} {
			if err := spoil(); err != nil {
				t.Fatal(err)
			}
			before := j.Count()
			call(t, on, "unarchive", map[string]any{"src": "a.tgz", "dest": dir}, release, wire.Answers{})
			if sent := j.Count().Up - before.Up; (sent > 50_000) != (what == "a file") {
				t.Errorf("%s: %d bytes were sent", what, sent)
			}
		}
		before := j.Count()
		call(t, on, "assemble", map[string]any{"src": "parts", "dest": filepath.Join(dir, "whole"), "remote_src": false}, parts, wire.Answers{})
		if trips := j.Count().RoundTrips - before.RoundTrips; trips > 2 {
			t.Errorf("the parts: %d round trips", trips)
		}
	})
	whole, err := os.ReadFile(filepath.Join(dir, "whole"))
	if err != nil || !strings.HasPrefix(string(whole), "line 0\nline 1\n") || !strings.HasSuffix(string(whole), "line 299\n") {
		t.Errorf("%d bytes, %v", len(whole), err)
	}
}

// list adds the listing of the archive that is offered.
func (s *offered) list(t *testing.T) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "archive")
	if err := os.WriteFile(path, s.data[s.files[0].Name], 0o644); err != nil {
		t.Fatal(err)
	}
	listing, err := archive.List(path)
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(listing)
	if err != nil {
		t.Fatal(err)
	}
	s.add("listing", data)
}

// Where the target cannot write a file, the others before it are there, nothing
// half-written is, and the connection serves the next call.
func TestTreeThatCannotBeWritten(t *testing.T) {
	s, dest := tree(100, 50_000, noise(8)), t.TempDir()
	long := strings.Repeat("x", 300) // more than a name may have
	s.files[50].Name = "d0002/" + long
	if err := os.MkdirAll(filepath.Join(dest, "d0002"), 0o755); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		on, j := over(t, distance.Link{RTT: 100 * time.Millisecond, Rate: 20e6})
		s.data[s.files[50].Name] = make([]byte, 50_000)
		r := s.copyTo(t, on, dest)
		if msg := fmt.Sprint(r["msg"]); r["failed"] != true || !strings.Contains(msg, long) || !strings.Contains(msg, "file name too long") {
			t.Errorf("%v", r)
		}
		if sent := j.Count().Up; sent > 2_500_000+2*wire.Window {
			t.Errorf("%d bytes were sent behind the failure", sent-2_500_000)
		}
		call(t, on, "ping", map[string]any{}, nil, wire.Answers{})
	})
	left := found(t, dest)
	for _, name := range left {
		if strings.Contains(name, ".fleet") {
			t.Errorf("%s was left behind", name)
		}
	}
	if len(left) < 40 || len(left) > 50 {
		t.Errorf("%d files are there", len(left))
	}
}
