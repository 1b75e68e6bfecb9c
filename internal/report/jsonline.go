package report

import (
	"encoding/json"
	"time"

	"fleet/internal/event"
	"fleet/internal/source"
	"fleet/internal/wire"
)

// jsonLine has the values of all events. Each event uses those that it has.
type jsonLine struct {
	Event     string      `json:"event"`
	Time      *time.Time  `json:"time,omitempty"`
	Playbooks []string    `json:"playbooks,omitempty"`
	Check     bool        `json:"check,omitempty"`
	Diff      bool        `json:"diff,omitempty"`
	Play      *int        `json:"play,omitempty"`
	Name      string      `json:"name,omitempty"`
	Pos       *jsonPos    `json:"pos,omitempty"`
	Host      string      `json:"host,omitempty"`
	Hosts     []string    `json:"hosts,omitempty"`
	Batch     int         `json:"batch,omitempty"`
	Batches   int         `json:"batches,omitempty"`
	Task      *jsonTask   `json:"task,omitempty"`
	Item      *string     `json:"item,omitempty"`
	Attempt   int         `json:"attempt,omitempty"`
	Left      *int        `json:"left,omitempty"`
	Outcome   string      `json:"outcome,omitempty"`
	Ignored   bool        `json:"ignored,omitempty"`
	Rescued   bool        `json:"rescued,omitempty"`
	Delegate  string      `json:"delegate,omitempty"`
	Loop      bool        `json:"loop,omitempty"`
	Result    *jsonResult `json:"result,omitempty"`

	Unreachable bool              `json:"unreachable,omitempty"`
	Reason      string            `json:"reason,omitempty"`
	Stream      string            `json:"stream,omitempty"`
	Data        string            `json:"data,omitempty"`
	Msg         string            `json:"msg,omitempty"`
	Hint        string            `json:"hint,omitempty"`
	Syntax      bool              `json:"syntax,omitempty"`
	Stats       []jsonStats       `json:"stats,omitempty"`
	Interrupted bool              `json:"interrupted,omitempty"`
	NotDone     map[string]string `json:"not_done,omitempty"`
	Custom      []jsonCustom      `json:"custom_stats,omitempty"`
	Seconds     *float64          `json:"seconds,omitempty"`
}

type jsonPos struct {
	File string `json:"file"`
	Line int    `json:"line,omitempty"`
	Col  int    `json:"col,omitempty"`
}

type jsonTask struct {
	Play    int      `json:"play"`
	Order   []int    `json:"order"`
	Name    string   `json:"name"`
	Role    string   `json:"role,omitempty"`
	Module  string   `json:"module,omitempty"`
	Pos     *jsonPos `json:"pos,omitempty"`
	Handler bool     `json:"handler,omitempty"`
	NoLog   bool     `json:"no_log,omitempty"`
}

type jsonResult struct {
	Data  json.RawMessage `json:"data,omitempty"`
	Hint  string          `json:"hint,omitempty"`
	Pos   *jsonPos        `json:"pos,omitempty"`
	Quiet bool            `json:"quiet,omitempty"`
}

type jsonStats struct {
	Host        string `json:"host"`
	OK          int    `json:"ok"`
	Changed     int    `json:"changed"`
	Unreachable int    `json:"unreachable"`
	Failed      int    `json:"failed"`
	Skipped     int    `json:"skipped"`
	Rescued     int    `json:"rescued"`
	Ignored     int    `json:"ignored"`
	Reason      string `json:"reason,omitempty"`
}

func jsonEvent(e event.Event) jsonLine {
	switch e := e.(type) {
	case event.RunStarted:
		return jsonLine{Event: "run_started", Time: &e.Time, Playbooks: e.Playbooks, Check: e.Check, Diff: e.Diff}
	case event.PlayStarted:
		return jsonLine{
			Event: "play_started", Play: &e.Play, Name: e.Name, Pos: posOf(e.Pos), Hosts: e.Hosts,
			Batch: e.Batch, Batches: e.Batches,
		}
	case event.PlayEnded:
		return jsonLine{Event: "play_ended", Play: &e.Play}
	case event.NoHosts:
		return jsonLine{Event: "play_skipped", Name: e.Name, Pos: posOf(e.Pos), Reason: e.Reason}
	case event.HostGone:
		return jsonLine{Event: "host_gone", Host: e.Host, Unreachable: e.Unreachable, Reason: e.Reason}
	case event.HostDone:
		return jsonLine{Event: "host_done", Host: e.Host, Play: &e.Play}
	case event.Warning:
		return jsonLine{Event: "warning", Host: e.Host, Pos: posOf(e.Pos), Msg: e.Msg, Hint: e.Hint}
	case event.Refused:
		return jsonLine{Event: "refused", Pos: posOf(e.Pos), Msg: e.Msg, Hint: e.Hint, Syntax: e.Syntax}
	case event.RunEnded:
		return jsonLine{
			Event: "run_ended", Stats: statsOf(e.Stats), Interrupted: e.Interrupted, NotDone: e.NotDone, Seconds: seconds(e.Elapsed),
			Custom: customOf(e.Custom),
		}
	}
	return jsonTaskEvent(e)
}

func jsonTaskEvent(e event.Event) jsonLine {
	switch e := e.(type) {
	case event.TaskStarted:
		return jsonLine{Event: "task_started", Host: e.Host, Task: taskOf(e.Task), Time: &e.Time}
	case event.Asking:
		return jsonLine{Event: "asking", Host: e.Host, Task: taskOf(e.Task), Msg: *labelOf(e.Task, e.Prompt)}
	case event.Pausing:
		return jsonLine{Event: "pausing", Host: e.Host, Task: taskOf(e.Task), Msg: *labelOf(e.Task, e.Prompt), Seconds: &e.Seconds}
	case event.TaskRedone:
		return jsonLine{Event: "task_redone", Host: e.Host, Task: taskOf(e.Task)}
	case event.ItemDone:
		return jsonLine{
			Event: "item_done", Host: e.Host, Task: taskOf(e.Task), Item: labelOf(e.Task, e.Label),
			Outcome: string(e.Outcome), Ignored: e.Ignored, Result: resultOf(e.Task, e.Result),
		}
	case event.Retried:
		line := jsonLine{
			Event: "retried", Host: e.Host, Task: taskOf(e.Task), Attempt: e.Attempt, Left: &e.Left, Result: resultOf(e.Task, e.Result),
		}
		if e.Label != "" {
			line.Item = labelOf(e.Task, e.Label)
		}
		return line
	case event.TaskDone:
		return jsonLine{
			Event: "task_done", Host: e.Host, Task: taskOf(e.Task), Outcome: string(e.Outcome), Ignored: e.Ignored,
			Rescued: e.Rescued, Delegate: e.Delegate, Loop: e.Loop, Result: resultOf(e.Task, e.Result), Seconds: seconds(e.Elapsed),
		}
	}
	return jsonLine{Event: "unknown"}
}

func posOf(p source.Pos) *jsonPos {
	if p.IsZero() {
		return nil
	}
	return &jsonPos{p.File, p.Line, p.Col}
}

func taskOf(t *event.Task) *jsonTask {
	if t == nil {
		return nil
	}
	return &jsonTask{t.Play, t.Order, t.Name, t.Role, t.Module, posOf(t.Pos), t.Handler, t.NoLog}
}

func labelOf(t *event.Task, label string) *string {
	if t != nil && t.NoLog {
		label = hidden
	}
	return &label
}

// resultOf returns what may be seen of a result.
func resultOf(t *event.Task, r event.Result) *jsonResult {
	if t != nil && t.NoLog {
		return &jsonResult{Data: json.RawMessage(`{"censored":"hidden: no_log"}`), Pos: posOf(r.Pos)}
	}
	out := &jsonResult{Data: r.Data, Hint: r.Hint, Pos: posOf(r.Pos), Quiet: r.Quiet}
	if !json.Valid(r.Data) {
		out.Data = nil
	}
	return out
}

func outputLine(host string, task *event.Task, s wire.Stream, text string) jsonLine {
	name := "stdout"
	if s == wire.Stderr {
		name = "stderr"
	}
	if task != nil && task.NoLog {
		text = hidden
	}
	return jsonLine{Event: "output", Host: host, Task: taskOf(task), Stream: name, Data: text}
}

// jsonCustom are values of set_stats.
type jsonCustom struct {
	Host string          `json:"host,omitempty"`
	Data json.RawMessage `json:"data"`
}

func customOf(stats []event.CustomStats) []jsonCustom {
	var out []jsonCustom
	for _, s := range stats {
		out = append(out, jsonCustom(s))
	}
	return out
}

func statsOf(stats []event.HostStats) []jsonStats {
	out := make([]jsonStats, len(stats))
	for i, s := range stats {
		out[i] = jsonStats{s.Host, s.OK, s.Changed, s.Unreachable, s.Failed, s.Skipped, s.Rescued, s.Ignored, s.Reason}
	}
	return out
}

func seconds(d time.Duration) *float64 {
	s := d.Round(time.Millisecond).Seconds()
	return &s
}
