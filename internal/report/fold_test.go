package report

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"fleet/internal/event"
	"fleet/internal/wire"
)

// Hosts that say the same cost the memory of one, and what is more than the
// memory goes to a file that has no name.
func TestFoldIsBounded(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	var out, warn strings.Builder
	x := NewExec(&out, &warn, ExecOptions{Fold: true})
	x.fold.spool.limit = 10_000
	piece := strings.Repeat("0123456789\n", 91)
	say := func(host, text string) {
		x.Emit(event.Output{Host: host, Stream: wire.Stdout, Data: []byte(text)})
		if held := x.fold.spool.held; held > 10_000 {
			t.Fatalf("%d bytes in memory", held)
		}
	}
	for i := range 10 { // a hundred hosts, side by side
		for h := range 100 {
			say(fmt.Sprintf("web%d", h), piece[:len(piece)-i*11])
		}
	}
	say("web7", "one more\n")
	for h := range 100 {
		x.Emit(event.TaskDone{Host: fmt.Sprintf("web%d", h), Task: &event.Task{}, Outcome: event.Changed})
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 0 || x.fold.spool.file == nil {
		t.Errorf("files: %v, %v", files, err)
	}
	x.Emit(event.RunEnded{})
	if err := x.Close(); err != nil {
		t.Error(err)
	}
	got := out.String()
	if !strings.HasPrefix(got, "web[0-6,8-99] (99 hosts)\n  0123456789\n") || !strings.Contains(got, "\nweb7\n") ||
		strings.Count(got, "  0123456789\n") != 2*865 || !strings.HasSuffix(got, "  0123456789\n  one more\n") {
		t.Errorf("%d lines, of which %d are theirs: %.80s", strings.Count(got, "\n"), strings.Count(got, "  0123456789\n"), got)
	}
}

// What cannot be kept is an error, and not a shorter output.
func TestFoldWithoutRoom(t *testing.T) {
	t.Setenv("TMPDIR", "/nowhere")
	var out, warn strings.Builder
	x := NewExec(&out, &warn, ExecOptions{Fold: true})
	x.fold.spool.limit = 1
	x.Emit(event.Output{Host: "web1", Stream: wire.Stdout, Data: []byte("text\n")})
	x.Emit(event.RunEnded{})
	if err := x.Close(); err == nil || !strings.Contains(err.Error(), "cannot keep the hosts' output") {
		t.Error(err)
	}
}
