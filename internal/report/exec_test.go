package report

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"fleet/internal/event"
	"fleet/internal/redact"
	"fleet/internal/wire"
)

func TestExec(t *testing.T) {
	golden(t, "exec", func(options string, out, warn *strings.Builder) Report {
		o := ExecOptions{
			Color: strings.Contains(options, "color"), Fold: strings.Contains(options, "--fold"),
			Terminal: strings.Contains(options, "terminal"),
		}
		for _, word := range strings.Fields(options) {
			if hosts, ok := strings.CutPrefix(word, "hosts="); ok {
				for part := range strings.SplitSeq(hosts, ",") {
					o.Hosts = append(o.Hosts, expand(part)...)
				}
			}
		}
		return NewExec(out, warn, o)
	})
}

func TestJSON(t *testing.T) {
	golden(t, "json", func(_ string, out, _ *strings.Builder) Report {
		secrets := &redact.Set{}
		secrets.Add("1000")
		secrets.Add("hunter2")
		return NewJSON(out, secrets)
	})
}

func TestStatusLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var term strings.Builder
		screen := NewScreen(&term)
		out := screen.Around(&term)
		s := NewStatus(screen, func() int { return 62 })
		first := &event.Task{Order: []int{1}, Role: "docker", Name: "install packages"}
		second := &event.Task{Order: []int{2}, Name: "next"}
		s.Emit(event.PlayStarted{Hosts: make([]string, 100)})
		s.Emit(event.TaskStarted{Host: "web7", Task: first})
		s.Emit(event.TaskStarted{Host: "web1", Task: first})
		s.Emit(event.TaskStarted{Host: "web2", Task: second})
		time.Sleep(150 * time.Millisecond)
		if _, err := out.Write([]byte("a line\n")); err != nil {
			t.Fatal(err)
		}
		s.Emit(event.TaskDone{Host: "web2", Task: second})
		time.Sleep(12 * time.Second)
		if _, err := out.Write([]byte("prompt: ")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		const clear = "\r\x1b[K"
		got := strings.Split(term.String(), clear)
		if want := "2/100 hosts in [docker : install packages] (1 further on) 0s"; got[1] != want {
			t.Errorf("the first line is %q", got[1])
		}
		if got[2] != "a line\n" {
			t.Errorf("after the line was wiped: %q", got[2])
		}
		last := got[len(got)-2]
		if last != "2/100 hosts in [docker : install packages] web[1,7] 12s" || got[len(got)-1] != "prompt: " {
			t.Errorf("in the end: %q, %q", last, got[len(got)-1])
		}
	})
}

func TestUseColor(t *testing.T) {
	for _, c := range []struct {
		terminal bool
		env      map[string]string
		want     bool
	}{
		{true, nil, true},
		{false, nil, false},
		{true, map[string]string{"TERM": "dumb"}, false},
		{true, map[string]string{"NO_COLOR": "1"}, false},
		{false, map[string]string{"FORCE_COLOR": "1"}, true},
		{false, map[string]string{"CLICOLOR_FORCE": "0"}, false},
		{false, map[string]string{"CLICOLOR_FORCE": "1", "NO_COLOR": "1"}, false},
	} {
		if got := UseColor(c.terminal, func(k string) string { return c.env[k] }); got != c.want {
			t.Errorf("terminal %v, %v: %v", c.terminal, c.env, got)
		}
	}
}

func TestClean(t *testing.T) {
	for text, want := range map[string]string{
		"plain\tüber\n":         "plain\tüber\n",
		"\x1b[31mred":           `\x1b[31mred`,
		"10%\r50%\r100%\nend":   "100%\nend",
		"dos\r\nlines\r\n":      "dos\nlines\n",
		"bad\xff\u202eevil\x00": `bad\xff\u202eevil\x00`,
		"\u0085":                `\u0085`,
	} {
		if got := clean(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

// TestQueueKeepsOrderAndClosesLast: what was emitted is printed before Close
// returns.
func TestQueueKeepsOrderAndClosesLast(t *testing.T) {
	var out strings.Builder
	q := Queue(NewExec(&out, &out, ExecOptions{Hosts: []string{"a"}}))
	for _, text := range []string{"1\n", "2\n", "3"} {
		q.Emit(event.Output{Host: "a", Stream: wire.Stdout, Data: []byte(text)})
	}
	q.Emit(event.RunEnded{})
	if err := q.Close(); err != nil {
		t.Fatal(err)
	}
	if want := "a | 1\na | 2\na | 3\n0 of 1 hosts did well; interrupted: a\n"; out.String() != want {
		t.Errorf("got %q", out.String())
	}
}

// What was emitted before Wait is printed when it returns.
func TestQueueWait(t *testing.T) {
	var out strings.Builder
	q := Queue(NewJSON(&out, &redact.Set{}))
	for i := range 100 {
		q.Emit(event.PlayEnded{Play: i})
	}
	q.Hold()()
	if n := strings.Count(out.String(), "\n"); n != 100 {
		t.Errorf("%d of 100 events are printed", n)
	}
	if err := q.Close(); err != nil {
		t.Error(err)
	}
}

// slow is a report that prints nothing until it is let go.
type slow struct{ printed, goOn chan struct{} }

func (s slow) Emit(event.Event) { s.printed <- struct{}{}; <-s.goOn }
func (s slow) Close() error     { return nil }

// TestQueueBoundsOutput: hosts that write faster than the terminal prints wait for
// it, before there is much of it in memory.
func TestQueueBoundsOutput(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := slow{make(chan struct{}, 1000), make(chan struct{})}
		q := Queue(s)
		taken := 0
		go func() {
			for range 1000 {
				q.Emit(event.Output{Host: "a", Stream: wire.Stdout, Data: make([]byte, 64<<10)})
				taken++
			}
		}()
		synctest.Wait()
		if most := queueOutput>>16 + 2; taken > most {
			t.Errorf("%d pieces of 64 KiB wait in memory, more than %d", taken, most)
		}
		close(s.goOn)
		synctest.Wait()
		if err := q.Close(); err != nil || taken != 1000 || len(s.printed) != 1000 {
			t.Errorf("%d taken, %d printed, %v", taken, len(s.printed), err)
		}
	})
}

// oneWrite counts writes.
type oneWrite struct{ writes int }

func (w *oneWrite) Write(p []byte) (int, error) { w.writes++; return len(p), nil }

// TestExecWritesInPieces: the lines of one piece go out together.
func TestExecWritesInPieces(t *testing.T) {
	out := &oneWrite{}
	x := NewExec(out, out, ExecOptions{Hosts: []string{"a"}})
	x.Emit(event.Output{Host: "a", Stream: wire.Stdout, Data: []byte(strings.Repeat("line\n", 1000) + "half")})
	if out.writes != 1 {
		t.Errorf("%d writes", out.writes)
	}
}
