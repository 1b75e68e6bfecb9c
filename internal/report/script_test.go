package report

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"fleet/internal/event"
	"fleet/internal/source"
	"fleet/internal/wire"

	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata")

// script makes events of lines as they stand in testdata: a verb, words, and
// name=value pairs.
type script struct {
	t     *testing.T
	tasks map[string]*event.Task
	clock time.Time
	// terminal is where prompts stand, besides what the report prints.
	terminal io.Writer
}

type words struct {
	rest  []string
	named map[string]string
}

func (w words) list(name string) []string {
	var out []string
	for _, n := range strings.Fields(strings.ReplaceAll(w.named[name], ",", " ")) {
		out = append(out, expand(n)...)
	}
	return out
}

// expand is the reverse of Ranges for "web[001-100]".
func expand(name string) []string {
	before, rest, ok := strings.Cut(name, "[")
	if !ok {
		return []string{name}
	}
	span, after, _ := strings.Cut(rest, "]")
	first, last, _ := strings.Cut(span, "-")
	from, _ := strconv.Atoi(first)
	to, _ := strconv.Atoi(last)
	var out []string
	for i := from; i <= to; i++ {
		out = append(out, fmt.Sprintf("%s%0*d%s", before, len(first), i, after))
	}
	return out
}

// split splits a line at blanks outside of "..." and of {...}; quoted words are
// unquoted as Go strings.
func split(t *testing.T, line string) words {
	w := words{named: map[string]string{}}
	for line = strings.TrimSpace(line); line != ""; line = strings.TrimSpace(line) {
		end := strings.IndexAny(line, ` "{`)
		word := line
		switch {
		case end < 0:
			line = ""
		case line[end] == '{':
			word, line = line, ""
		case line[end] == '"':
			quoted, err := strconv.QuotedPrefix(line[end:])
			if err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			text, _ := strconv.Unquote(quoted)
			word, line = line[:end]+text, line[end+len(quoted):]
		default:
			word, line = line[:end], line[end:]
		}
		if name, value, ok := strings.Cut(word, "="); ok && !strings.ContainsAny(name, " {") {
			w.named[name] = value
		} else {
			w.rest = append(w.rest, word)
		}
	}
	return w
}

func pos(text string) source.Pos {
	parts := strings.Split(text, ":")
	p := source.Pos{File: parts[0]}
	if len(parts) > 2 {
		p.Line, _ = strconv.Atoi(parts[1])
		p.Col, _ = strconv.Atoi(parts[2])
	}
	return p
}

func order(text string) []int {
	var out []int
	for part := range strings.SplitSeq(text, ".") {
		n, _ := strconv.Atoi(part)
		out = append(out, n)
	}
	return out
}

func (s *script) task(w words) {
	play, _ := strconv.Atoi(w.named["play"])
	name := w.rest[1]
	s.tasks[name] = &event.Task{
		Play: play, Order: order(w.named["order"]), Name: w.named["name"], Role: w.named["role"],
		Module: w.named["module"], Pos: pos(w.named["pos"]),
		Handler: slices.Contains(w.rest, "handler"), NoLog: slices.Contains(w.rest, "no_log"),
	}
}

func (s *script) result(w words) event.Result {
	r := event.ParseResult(json.RawMessage("{}"))
	if last := w.rest[len(w.rest)-1]; strings.HasPrefix(last, "{") {
		r = event.ParseResult(json.RawMessage(last))
	}
	r.Hint = w.named["hint"]
	if at := w.named["at"]; at != "" {
		r.Pos = pos(at)
	}
	return r
}

// run passes the events of one line, one for each host that it names.
func (s *script) run(line string, sink event.Sink) {
	w := split(s.t, line)
	has := func(word string) bool { return slices.Contains(w.rest, word) }
	number := func(name string) int { n, _ := strconv.Atoi(w.named[name]); return n }
	arg := func(i int) string { return w.rest[min(i, len(w.rest)-1)] }
	switch verb := w.rest[0]; verb {
	case "sleep":
		d, _ := time.ParseDuration(arg(1))
		time.Sleep(d)
		synctest.Wait()
		return
	case "task":
		s.task(w)
		return
	case "run":
		sink.Emit(event.RunStarted{Playbooks: w.list("playbooks"), Check: has("check"), Diff: has("diff"), Time: s.clock})
		return
	case "play":
		sink.Emit(event.PlayStarted{
			Play: number("play"), Name: w.named["name"], Pos: pos(w.named["pos"]), Hosts: w.list("hosts"),
			Batch: max(1, number("batch")), Batches: max(1, number("batches")),
		})
		return
	case "nohosts":
		sink.Emit(event.NoHosts{Name: w.named["name"], Reason: w.named["reason"]})
		return
	case "playend":
		sink.Emit(event.PlayEnded{Play: number("play")})
		return
	case "warn":
		sink.Emit(event.Warning{Pos: pos(w.named["pos"]), Host: w.named["host"], Msg: arg(1), Hint: w.named["hint"]})
		return
	case "end":
		s.end(w, sink)
		return
	}
	for _, host := range expand(arg(1)) {
		s.hostEvent(host, w, has, number, arg, sink)
	}
}

func (s *script) hostEvent(host string, w words, has func(string) bool, number func(string) int, arg func(int) string, sink event.Sink) {
	task := s.tasks[arg(2)]
	switch verb := w.rest[0]; verb {
	case "start":
		sink.Emit(event.TaskStarted{Host: host, Task: task, Time: s.clock})
	case "ask":
		sink.Emit(event.Asking{Host: host, Task: task, Prompt: w.named["prompt"]})
		fmt.Fprintf(s.terminal, "%s: \n", w.named["prompt"]) // the operator's Enter ends the line
	case "item":
		for _, label := range expand(w.named["label"]) {
			sink.Emit(event.ItemDone{Host: host, Task: task, Label: label, Outcome: event.Outcome(arg(3)), Ignored: has("ignored"), Result: s.result(w)})
		}
	case "retry":
		sink.Emit(event.Retried{Host: host, Task: task, Attempt: number("attempt"), Left: number("left"), Result: s.result(w)})
	case "done":
		sink.Emit(event.TaskDone{
			Host: host, Task: task, Outcome: event.Outcome(arg(3)), Ignored: has("ignored"), Rescued: has("rescued"),
			Delegate: w.named["delegate"], Loop: has("loop"), Result: s.result(w), Elapsed: time.Duration(number("ms")) * time.Millisecond,
		})
	case "gone":
		sink.Emit(event.HostGone{Host: host, Unreachable: has("unreachable"), Reason: w.named["reason"]})
	case "hostdone":
		sink.Emit(event.HostDone{Host: host, Play: number("play")})
	case "out", "err":
		stream := wire.Stdout
		if verb == "err" {
			stream = wire.Stderr
		}
		sink.Emit(event.Output{Host: host, Stream: stream, Data: []byte(arg(2))})
	default:
		s.t.Fatalf("unknown verb %q", verb)
	}
}

// end reads "stats" pairs: web1=ok,changed,unreachable,failed,skipped,rescued,ignored[,reason].
func (s *script) end(w words, sink event.Sink) {
	e := event.RunEnded{Interrupted: slices.Contains(w.rest, "interrupted"), NotDone: map[string]string{}}
	ms, _ := strconv.Atoi(w.named["ms"])
	e.Elapsed = time.Duration(ms) * time.Millisecond
	for _, word := range w.rest[1:] {
		hosts, counts, ok := strings.Cut(word, "/")
		if !ok {
			continue
		}
		if task, ok := strings.CutPrefix(counts, "in:"); ok {
			for _, host := range expand(hosts) {
				e.NotDone[host] = task
			}
			continue
		}
		fields := strings.SplitN(counts, ",", 8)
		var n [7]int
		for i := range n {
			n[i], _ = strconv.Atoi(fields[i])
		}
		reason := ""
		if len(fields) > 7 {
			reason = fields[7]
		}
		for _, host := range expand(hosts) {
			e.Stats = append(e.Stats, event.HostStats{
				Host: host, OK: n[0], Changed: n[1], Unreachable: n[2], Failed: n[3], Skipped: n[4], Rescued: n[5], Ignored: n[6], Reason: reason,
			})
		}
	}
	sink.Emit(e)
}

// golden runs every archive of testdata/dir. Its comment may have a line of
// options ("-vv -D color fold"); its file "events" goes in, and what comes out
// must be its files "out" and "warn".
func golden(t *testing.T, dir string, open func(options string, out, warn *strings.Builder) Report) {
	paths, err := filepath.Glob(filepath.Join("testdata", dir, "*.txtar"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no test data: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { goldenFile(t, path, open) })
		})
	}
}

func goldenFile(t *testing.T, path string, open func(options string, out, warn *strings.Builder) Report) {
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, f := range archive.Files {
		files[f.Name] = string(f.Data)
	}
	var out, warn strings.Builder
	r := open(string(archive.Comment), &out, &warn)
	s := &script{t: t, tasks: map[string]*event.Task{}, clock: time.Unix(1700000000, 0).UTC(), terminal: &out}
	if filepath.Base(filepath.Dir(path)) == "json" {
		s.terminal = io.Discard
	}
	for line := range strings.Lines(files["events"]) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			s.run(line, r)
		}
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{"out": visible(out.String()), "warn": visible(warn.String())}
	if *update {
		rewrite(t, path, archive, files["events"], got)
		return
	}
	for name, text := range got {
		if text != files[name] {
			t.Errorf("%s is\n%s\nwant\n%s", name, text, files[name])
		}
	}
}

func rewrite(t *testing.T, path string, a *txtar.Archive, events string, got map[string]string) {
	a.Files = []txtar.File{{Name: "events", Data: []byte(events)}, {Name: "out", Data: []byte(got["out"])}}
	if got["warn"] != "" {
		a.Files = append(a.Files, txtar.File{Name: "warn", Data: []byte(got["warn"])})
	}
	if err := os.WriteFile(path, txtar.Format(a), 0o644); err != nil {
		t.Fatal(err)
	}
}

// visible shows escape characters as <...>, and makes the text end a line.
func visible(text string) string {
	text = strings.NewReplacer("\x1b[", "<", "\r", "<cr>").Replace(text)
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "<no newline>\n"
	}
	return text
}
