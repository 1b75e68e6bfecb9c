package engine

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"fleet/internal/wire"
)

// A file that has not changed for a while is read once, and one that has changed
// is read again.
func TestDigests(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	d := digests{open: openFile}
	sum := func() string {
		t.Helper()
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		got, err := d.of(path, info)
		if err != nil {
			t.Fatal(err)
		}
		return got.sum
	}
	write := func(text string, age time.Duration) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, time.Time{}, time.Now().Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	write("one", time.Hour)
	one := sum()
	if err := os.Chmod(path, 0o200); err != nil { // root may read it all the same
		t.Fatal(err)
	}
	if sum() != one || len(d.known) != 1 {
		t.Error("the file is read again")
	}
	write("two", 0)
	two := sum()
	write("six", 0)
	if six := sum(); two == one || six == two || len(d.known) != 1 {
		t.Error("a file that has just changed is taken for unchanged")
	}
	write("six", time.Minute)
	if sum() == one || len(d.known) != 2 {
		t.Error("the new time makes no difference")
	}
}

// The error is that of the first file in order, whoever comes to it first.
func TestDigestsOfMany(t *testing.T) {
	dir := t.TempDir()
	var files []regular
	for i, name := range []string{"a", "b", "c", "d", "e", "f"} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, regular{path, info, i})
	}
	d := digests{open: openFile}
	got := make([]string, len(files))
	if err := d.all(files, func(r regular, sum string, _ int64) { got[r.at] = sum }); err != nil {
		t.Fatal(err)
	}
	for i, f := range files {
		if want, _, err := digestFile(f.path, openFile); err != nil || got[i] != want {
			t.Errorf("%s: %s, not %s, %v", f.path, got[i], want, err)
		}
	}
	if err := os.Remove(files[3].path); err != nil {
		t.Fatal(err)
	}
	if err := d.all(files, func(regular, string, int64) {}); err == nil || !strings.Contains(err.Error(), files[3].path) {
		t.Errorf("a missing file: %v", err)
	}
}

// What one host was sent is at hand for the next, within a bound.
func TestPacks(t *testing.T) {
	var p packs
	text := bytes.Repeat([]byte("one piece of a file, "), 3000)
	first, ok := p.pack(text)
	if !ok || len(first) > len(text)/10 {
		t.Fatalf("%d bytes of %d, %v", len(first), len(text), ok)
	}
	var work sync.WaitGroup
	for range 50 {
		work.Go(func() {
			if again, ok := p.pack(text); !ok || &again[0] != &first[0] {
				t.Error("it is packed again")
			}
		})
	}
	work.Wait()
	noise := make([]byte, 60_000)
	for i := range 600 {
		for j := 0; j < len(noise); j += 2 { // half of it shrinks
			noise[j] = byte(j * (i + 3) >> 7)
		}
		p.pack(noise[:len(noise)-i])
	}
	kept := 0
	for _, b := range p.known {
		kept += len(b)
	}
	if kept > maxPacked || len(p.order) != len(p.known) {
		t.Errorf("%d bytes are kept in %d pieces", kept, len(p.known))
	}
}

// A folder that goes to many hosts costs this for each of them.
func BenchmarkOffer(b *testing.B) {
	dir := b.TempDir()
	for i := range 2000 {
		sub := filepath.Join(dir, fmt.Sprint(i/50))
		if err := os.MkdirAll(sub, 0o755); err != nil {
			b.Fatal(err)
		}
		path := filepath.Join(sub, fmt.Sprint(i))
		if err := os.WriteFile(path, make([]byte, 25_000), 0o644); err != nil {
			b.Fatal(err)
		}
		if err := os.Chtimes(path, time.Time{}, time.Now().Add(-time.Hour)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	var e Engine
	e.sealed.open = openFile
	for b.Loop() {
		p, err := e.offer(dir, true, true, &e.sealed)
		if err != nil {
			b.Fatal(err)
		}
		payload, err := wire.Encode(wire.Call{Module: "copy", Files: p.files})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := (wire.Frame{Kind: wire.KindCall, Payload: payload}).Append(nil); err != nil {
			b.Fatal(err)
		}
	}
}
