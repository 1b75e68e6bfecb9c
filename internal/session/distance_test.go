package session_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"fleet/internal/fleettest/distance"
	"fleet/internal/wire"
)

// The tests of this file run in a bubble of testing/synctest: the link takes
// exactly the time that it would take, and the processor takes none.

func TestTreeOverADistance(t *testing.T) {
	for name, test := range map[string]struct {
		link        distance.Link
		files, size int
		fill        func(p []byte)
		trips       int     // of the first copy, where no rate holds it up
		again       int     // of the second
		share       float64 // of the link's rate, at least
	}{
		"one":                 {distance.Link{RTT: 100 * time.Millisecond}, 1, 25_000, noise(1), 2, 1, 0},
		"twenty":              {distance.Link{RTT: 100 * time.Millisecond}, 20, 500, text(1), 2, 1, 0},
		"a thousand":          {distance.Link{RTT: 100 * time.Millisecond}, 1000, 500, text(1), 2, 1, 0},
		"empty files":         {distance.Link{RTT: 100 * time.Millisecond}, 50, 0, text(1), 1, 1, 0},
		"at 26 ms":            {distance.Link{RTT: 26 * time.Millisecond, Rate: 20e6}, 200, 25_000, noise(1), 0, 4, 0.95},
		"at 100 ms":           {distance.Link{RTT: 100 * time.Millisecond, Rate: 20e6}, 200, 25_000, noise(1), 0, 2, 0.90},
		"text at 26 ms":       {distance.Link{RTT: 26 * time.Millisecond, Rate: 20e6}, 200, 25_000, text(1), 0, 4, 2.5},
		"text at 100 ms":      {distance.Link{RTT: 100 * time.Millisecond, Rate: 20e6}, 200, 25_000, text(1), 0, 2, 2},
		"one large":           {distance.Link{RTT: 26 * time.Millisecond, Rate: 20e6}, 1, 64 << 20, noise(1), 0, 1, 0.99},
		"one large, 100 ms":   {distance.Link{RTT: 100 * time.Millisecond, Rate: 20e6}, 1, 16 << 20, noise(1), 0, 1, 0.95},
		"one large, 1 Gbit/s": {distance.Link{RTT: 10 * time.Millisecond, Rate: 1e9}, 1, 32 << 20, noise(1), 0, 1, 0.90},
	} {
		t.Run(name, func(t *testing.T) {
			s, dest := tree(test.files, test.size, test.fill), filepath.Join(t.TempDir(), "tree")
			synctest.Test(t, func(t *testing.T) {
				on, link := over(t, test.link)
				before, since := link.Count(), time.Now()
				if r := s.copyTo(t, on, dest); r["changed"] != true {
					t.Fatalf("%v", r)
				}
				took, trips := time.Since(since), link.Count().RoundTrips-before.RoundTrips
				if test.trips > 0 && trips > test.trips {
					t.Errorf("the first copy takes %d round trips", trips)
				}
				if share := float64(test.link.Time(s.size())) / float64(took); share < test.share {
					t.Errorf("%d bytes in %s: %.3f of the link's rate", s.size(), took, share)
				}
				t.Logf("%d bytes in %s: %.3f of the link, %d round trips", s.size(), took, float64(test.link.Time(s.size()))/float64(took), trips)
				before, since = link.Count(), time.Now()
				if r := s.copyTo(t, on, dest); r["changed"] != false {
					t.Errorf("again: %v", r)
				}
				took, after := time.Since(since), link.Count()
				if trips := float64(took) / float64(test.link.RTT); after.RoundTrips-before.RoundTrips != 1 || trips > float64(test.again)+0.1 {
					t.Errorf("again: %d round trips, %s is the time of %.1f", after.RoundTrips-before.RoundTrips, took, trips)
				}
			})
			s.compare(t, dest)
		})
	}
}

// Only what differs is read and sent, whatever lies between.
func TestTreeSendsWhatDiffers(t *testing.T) {
	s, dest := tree(200, 3000, text(2)), t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		on, link := over(t, distance.Link{RTT: 100 * time.Millisecond})
		s.copyTo(t, on, dest)
		for i := 0; i < 200; i += 7 {
			path := filepath.Join(dest, fmt.Sprintf("d%04d/f%05d", i/20, i))
			if err := os.WriteFile(path, []byte("something else"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		s.opens = 0
		before := link.Count()
		r := s.copyTo(t, on, dest)
		after := link.Count()
		if r["changed"] != true || s.opens != 29 || after.RoundTrips-before.RoundTrips > 2 {
			t.Errorf("%d files were read, %d round trips, %v", s.opens, after.RoundTrips-before.RoundTrips, r)
		}
	})
	s.compare(t, dest)
}

// Whatever happens on the way, the file is named, and what was begun is removed.
func TestTreeThatFails(t *testing.T) {
	const bad = "d0001/f00025"
	for name, test := range map[string]struct {
		spoil func(s *offered)
		want  string
	}{
		"unreadable": {func(s *offered) { delete(s.data, bad) }, `file "d0001/f00025": permission denied`},
		"shorter":    {func(s *offered) { s.data[bad] = s.data[bad][:100] }, `file "d0001/f00025" changed on the controller while the task ran: it has 100 bytes, not 40000`},
		"other":      {func(s *offered) { s.data[bad] = make([]byte, 40_000) }, `file "d0001/f00025" changed on the controller while the task ran: its SHA-256 is`},
	} {
		t.Run(name, func(t *testing.T) {
			s, dest := tree(60, 40_000, noise(3)), t.TempDir()
			test.spoil(s)
			synctest.Test(t, func(t *testing.T) {
				on, _ := over(t, distance.Link{RTT: 100 * time.Millisecond, Rate: 20e6})
				r := s.copyTo(t, on, dest)
				if r["failed"] != true || !strings.Contains(fmt.Sprint(r["msg"]), test.want) {
					t.Errorf("%v", r["msg"])
				}
				if r := s.copyTo(t, on, t.TempDir()); r["failed"] != true {
					t.Errorf("the next call: %v", r)
				}
			})
			left := found(t, dest)
			for _, name := range left {
				if strings.Contains(name, ".fleet") || name == bad {
					t.Errorf("%s was left behind", name)
				}
			}
			if !slices.Contains(left, "d0001/f00024") || slices.Contains(left, "d0001/f00026") {
				t.Errorf("%d files are there", len(left))
			}
		})
	}
}

// A file that became longer is copied as it was.
func TestFileThatGrows(t *testing.T) {
	s, dest := tree(3, 1000, text(4)), t.TempDir()
	name := s.files[2].Name
	was := s.data[name]
	s.data[name] = append(bytes.Clone(was), "more"...)
	synctest.Test(t, func(t *testing.T) {
		on, _ := over(t, distance.Link{})
		if r := s.copyTo(t, on, dest); r["changed"] != true || r["failed"] != nil {
			t.Errorf("%v", r)
		}
	})
	s.data[name] = was
	s.compare(t, dest)
}

// A copy that is cancelled half-way ends at once and leaves no temporary file.
func TestTreeThatIsCancelled(t *testing.T) {
	s, dest := tree(100, 100_000, noise(5)), t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		on, _ := over(t, distance.Link{RTT: 100 * time.Millisecond, Rate: 20e6})
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		since := time.Now()
		_, err := on.Call(ctx, wire.Call{Module: "copy", Args: json.RawMessage(fmt.Sprintf(`{"src":"x/","dest":%q}`, dest)), Files: s.files},
			wire.Answers{Open: s.open})
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(since) > 4*time.Second {
			t.Errorf("%v after %s", err, time.Since(since))
		}
	})
	left := found(t, dest)
	if len(left) == 0 || len(left) == 100 {
		t.Errorf("%d files are there", len(left))
	}
	for _, name := range left {
		if got, err := os.ReadFile(filepath.Join(dest, name)); err != nil || !bytes.Equal(got, s.data[name]) {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
}

// Links, empty folders and modes arrive, too, and cost nothing.
func TestTreeOfAllKinds(t *testing.T) {
	s, dest := &offered{}, t.TempDir()
	s.files = append(s.files, wire.File{Name: "empty/", Mode: 0o750})
	s.add("first", []byte("one\n"))
	s.files = append(s.files, wire.File{Name: "link", Link: "first"})
	s.add("nothing", nil)
	s.files = append(s.files, wire.File{Name: "z/", Mode: 0o755})
	s.add("z/last", []byte("two\n"))
	s.files[len(s.files)-1].Mode = 0o755
	synctest.Test(t, func(t *testing.T) {
		on, link := over(t, distance.Link{RTT: 10 * time.Millisecond})
		before := link.Count()
		if r := s.copyTo(t, on, dest, "mode", "preserve"); r["changed"] != true {
			t.Fatalf("%v", r)
		}
		if trips := link.Count().RoundTrips - before.RoundTrips; trips != 2 {
			t.Errorf("%d round trips", trips)
		}
		if r := s.copyTo(t, on, dest, "mode", "preserve"); r["changed"] != false {
			t.Errorf("again: %v", r)
		}
	})
	for name, want := range map[string]fs.FileMode{"empty": fs.ModeDir | 0o750, "first": 0o644, "link": fs.ModeSymlink | 0o777, "nothing": 0o644, "z/last": 0o755} {
		if info, err := os.Lstat(filepath.Join(dest, name)); err != nil || info.Mode() != want {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
	if to, err := os.Readlink(filepath.Join(dest, "link")); err != nil || to != "first" {
		t.Errorf("link to %q, %v", to, err)
	}
}
