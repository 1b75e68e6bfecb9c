// Package event is the vocabulary of what happens during a run. The engine
// emits events, reports print them, and nothing else prints. It runs on the
// controller.
package event

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"fleet/internal/source"
	"fleet/internal/wire"
)

// Sink takes events. Emit is called by many goroutines at once, and keeps them
// waiting only while too much is still to be printed. It does not change the event's
// slices. For one host the order of the calls is the order in which things happened.
type Sink interface {
	Emit(Event)
}

// Event is one of the structs below.
type Event interface{ event() }

// RunStarted comes first.
type RunStarted struct {
	Playbooks   []string
	Check, Diff bool
	Time        time.Time
}

// PlayStarted comes before everything of a play, or of one batch of it (serial).
type PlayStarted struct {
	Play           int // from 0, counts batches too
	Name           string
	Pos            source.Pos
	Hosts          []string // those of this batch, in inventory order
	Batch, Batches int      // Batch counts from 1; 1 of 1 without serial
}

// PlayEnded says that no host has anything more to do in the play (or batch).
type PlayEnded struct {
	Play int
}

// NoHosts says that a play was passed over.
type NoHosts struct {
	Name   string
	Pos    source.Pos
	Reason string // "no host matches \"db\"", "no host is left"
}

// Task is one task as it stands in a play's order. The engine makes one Task
// for each place in the order and shares the pointer between hosts, so that the
// pointer identifies it.
type Task struct {
	Play int
	// Order places the task among those of the play, compared from the left. Every
	// host runs its tasks in this order, handlers last in their section.
	Order   []int
	Name    string // what to call it; the module's name where it has none
	Role    string // empty outside roles
	Module  string
	Pos     source.Pos
	Handler bool
	NoLog   bool
}

// Compare orders tasks of one play.
func Compare(a, b *Task) int { return slices.Compare(a.Order, b.Order) }

// TaskStarted says that a host begins a task.
type TaskStarted struct {
	Host string
	Task *Task
	Time time.Time
}

// Asking says that a task is about to ask the operator something on the terminal
// and waits for the answer.
type Asking struct {
	Host   string
	Task   *Task
	Prompt string
}

// Pausing says that a task waits for some time, and that nobody is asked.
type Pausing struct {
	Host    string
	Task    *Task
	Seconds float64
	Prompt  string // what would be asked; or empty
}

// ItemDone is the result of one turn of a loop. TaskDone follows with all.
type ItemDone struct {
	Host    string
	Task    *Task
	Label   string // the item, as loop_control.label or the item itself says it
	Outcome Outcome
	Ignored bool
	Result  Result
}

// Retried says that `until` did not hold and the task will be tried again.
type Retried struct {
	Host    string
	Task    *Task
	Label   string // of the loop's item, or empty
	Attempt int    // how many tries are over
	Left    int
	Result  Result
}

// TaskDone is a host's result of a task.
type TaskDone struct {
	Host     string
	Task     *Task
	Outcome  Outcome
	Ignored  bool   // failed or unreachable, and the play goes on
	Rescued  bool   // failed, and a rescue section takes over
	Delegate string // the host it really ran on, where that is another one
	Loop     bool   // the items came as ItemDone before
	Result   Result
	Elapsed  time.Duration
}

// TaskRedone says that a host runs a task again because the operator wants it: what
// the last TaskDone told does not count. TaskStarted and TaskDone follow.
type TaskRedone struct {
	Host string
	Task *Task
}

// HostGone says that a host takes no further part in the run.
type HostGone struct {
	Host        string
	Unreachable bool
	Reason      string
}

// HostDone says that a host has run all tasks of the play.
type HostDone struct {
	Host string
	Play int
}

// Output is a piece of what a running command writes.
type Output struct {
	Host   string
	Task   *Task // nil for `fleet exec`
	Stream wire.Stream
	Data   []byte
}

// Warning is something the operator should know and that stops nothing.
type Warning struct {
	Pos  source.Pos // zero where there is no place
	Host string     // empty where it is about no host
	Msg  string
	Hint string
}

// Refused is a mistake in the command, the inventory, or a playbook, because of
// which nothing was run. Of other events only warnings may stand beside it.
type Refused struct {
	Pos    source.Pos // zero where there is no place
	Msg    string
	Hint   string
	Syntax bool // the file at Pos is not valid YAML or JSON
}

// RunEnded comes last.
type RunEnded struct {
	Stats       []HostStats // in inventory order, all hosts that took part
	Interrupted bool
	NotDone     map[string]string // host → the task it was in when interrupted
	Elapsed     time.Duration
	Custom      []CustomStats // of set_stats; those of the run first, then by host
}

// CustomStats are values that a playbook wants to be shown at the end.
type CustomStats struct {
	Host string          // empty: of the whole run
	Data json.RawMessage // an object
}

// HostStats counts a host's tasks.
type HostStats struct {
	Host                                                        string
	OK, Changed, Unreachable, Failed, Skipped, Rescued, Ignored int
	Reason                                                      string // why it failed or was unreachable
}

// Outcome is what a task came to on a host.
type Outcome string

// The outcomes. A task that changed something is Changed and counts as ok too.
const (
	OK          Outcome = "ok"
	Changed     Outcome = "changed"
	Skipped     Outcome = "skipped"
	Failed      Outcome = "failed"
	Unreachable Outcome = "unreachable"
)

func (RunStarted) event()  {}
func (PlayStarted) event() {}
func (PlayEnded) event()   {}
func (NoHosts) event()     {}
func (TaskStarted) event() {}
func (Asking) event()      {}
func (Pausing) event()     {}
func (TaskRedone) event()  {}
func (ItemDone) event()    {}
func (Retried) event()     {}
func (TaskDone) event()    {}
func (HostGone) event()    {}
func (HostDone) event()    {}
func (Output) event()      {}
func (Refused) event()     {}
func (Warning) event()     {}
func (RunEnded) event()    {}

// Result is what a task returned.
type Result struct {
	// Data is the whole result, a JSON object.
	Data json.RawMessage
	// The values that reports show, taken from Data.
	Msg            string
	Stdout, Stderr string
	RC             *int
	Changes        []string // what the target did, in words
	Diffs          []Diff
	Warnings       []string
	SkipReason     string     // the condition that did not hold
	Quiet          bool       // the task wants nothing said where all is well (assert)
	Pos            source.Pos // of what went wrong, where known better than the task's
	Hint           string     // the next step after a failure
}

// hintMark starts the last line of a module's error where that line says the
// next step.
const hintMark = "\nhint: "

// ParseResult takes from a result's data what reports show. Values of another
// type than expected are left out: a target may say anything.
func ParseResult(data json.RawMessage) Result {
	r := Result{Data: data}
	fields := map[string]json.RawMessage{}
	if json.Unmarshal(data, &fields) != nil {
		return r
	}
	take := func(key string, dst any) bool {
		raw, given := fields[key]
		return given && json.Unmarshal(raw, dst) == nil
	}
	var msg any
	if take("msg", &msg) {
		if s, ok := msg.(string); ok {
			r.Msg = s
		} else if msg != nil {
			r.Msg = string(fields["msg"])
		}
	}
	take("hint", &r.Hint)
	r.CutHint()
	take("stdout", &r.Stdout)
	take("stderr", &r.Stderr)
	take("rc", &r.RC)
	take("changes", &r.Changes)
	take("warnings", &r.Warnings)
	take("skipped_reason", &r.SkipReason)
	take("skip_reason", &r.SkipReason)
	r.Diffs = ParseDiffs(fields["diff"])
	return r
}

// CutHint makes the message's last line the hint, where it is one.
func (r *Result) CutHint() {
	if i := strings.LastIndex(r.Msg, hintMark); i >= 0 && !strings.Contains(r.Msg[i+len(hintMark):], "\n") {
		r.Msg, r.Hint = r.Msg[:i], r.Msg[i+len(hintMark):]
	}
}
