package report

import (
	"encoding/json"
	"fmt"
	"strings"

	"fleet/internal/event"
	"fleet/internal/source"
)

const hidden = "(hidden: no_log)"

// shownLines is how many lines of a command's output are shown, by how many -v
// were given.
func shownLines(verbose int) int {
	switch {
	case verbose >= 3:
		return 100_000
	case verbose >= 1:
		return 500
	}
	return 25
}

func (t *Text) itemPiece(e event.ItemDone) piece {
	label := oneLine(e.Label, 200)
	if e.Task.NoLog {
		label = hidden
	}
	note := ""
	if e.Ignored {
		note = "ignored"
	}
	return t.resultPiece(e.Host, label, e.Task, e.Outcome, note, e.Result)
}

func (t *Text) retryPiece(e event.Retried) piece {
	label := oneLine(e.Label, 200)
	if e.Task.NoLog && label != "" {
		label = hidden
	}
	text := fmt.Sprintf("not yet after attempt %d, %d left", e.Attempt, e.Left)
	if e.Task.NoLog || t.options.Verbose == 0 {
		return t.piece("retrying", cyan, e.Host, label, message{text})
	}
	if e.Result.Msg != "" {
		text += ": " + oneLine(e.Result.Msg, 500)
	}
	p := t.piece("retrying", cyan, e.Host, label, message{text})
	p.body = t.details(e.Result, message{e.Result.Msg})
	return p
}

// donePiece returns the line of a host's result. A loop whose items were shown
// needs none, unless a rescue section takes over: no item says that.
func (t *Text) donePiece(e event.TaskDone, itemsShown bool) (piece, bool) {
	if itemsShown && !e.Rescued {
		return piece{}, false
	}
	note := ""
	switch {
	case e.Rescued:
		note = "rescued"
	case e.Ignored:
		note = "ignored"
	}
	p := t.resultPiece(e.Host, "", e.Task, e.Outcome, note, e.Result)
	p.via = e.Delegate
	return p, true
}

func (t *Text) resultPiece(host, label string, task *event.Task, o event.Outcome, note string, r event.Result) piece {
	var p piece
	switch o {
	case event.Failed, event.Unreachable:
		return t.failurePiece(host, label, task, o, note, r)
	case event.Skipped:
		p = t.piece("skipping", cyan, host, label, t.skipMessage(task, r))
	default:
		m := t.resultMessage(task, r)
		p = t.piece(string(o), outcomeColor(o), host, label, m)
		if t.options.Verbose > 0 && !task.NoLog && !isDebug(task) {
			p.body = append(p.body, t.details(r, m)...)
		}
	}
	if task.NoLog {
		return p
	}
	p.body = append(p.body, t.warningLines(r)...)
	if t.options.Diff {
		p.body = append(p.body, t.diffs(r.Diffs)...)
	}
	return p
}

func (t *Text) skipMessage(task *event.Task, r event.Result) message {
	if t.options.Verbose == 0 || task.NoLog {
		return nil
	}
	if r.SkipReason != "" {
		return message{"when: " + oneLine(r.SkipReason, 500)}
	}
	return messageOf(r.Msg)
}

// resultMessage returns what is to be said of a task that went well.
func (t *Text) resultMessage(task *event.Task, r event.Result) message {
	switch {
	case task.NoLog:
		if t.options.Verbose > 0 {
			return message{hidden}
		}
		return nil
	case isDebug(task):
		return debugMessage(r)
	case t.options.Verbose == 0:
		return nil
	case len(r.Changes) == 1:
		return message{oneLine(r.Changes[0], 500)}
	case len(r.Changes) > 1:
		var list message
		for _, c := range r.Changes {
			list = append(list, "- "+oneLine(c, 500))
		}
		return list
	}
	return messageOf(r.Msg)
}

func isDebug(task *event.Task) bool {
	return task.Module == "debug" || strings.HasSuffix(task.Module, ".debug")
}

// debugMessage returns what debug was asked to show: text as it is, anything
// else as YAML.
func debugMessage(r event.Result) message {
	var fields struct {
		Msg json.RawMessage `json:"msg"`
	}
	var text string
	if json.Unmarshal(r.Data, &fields) == nil && len(fields.Msg) > 0 {
		if json.Unmarshal(fields.Msg, &text) != nil {
			text = asYAML(fields.Msg)
		}
		return messageOf(text)
	}
	return messageOf(asYAML(r.Data, "changed", "failed", "warnings"))
}

// details returns what -v shows besides the message.
func (t *Text) details(r event.Result, m message) []string {
	if t.options.Verbose >= 3 {
		return indented(lines(asYAML(r.Data, "diff")))
	}
	return t.streams(r, strings.Join(m, "\n"))
}

// streams returns a command's output, but for what the message says already.
func (t *Text) streams(r event.Result, said string) []string {
	var out []string
	for _, s := range []struct{ name, text string }{{"stdout", r.Stdout}, {"stderr", r.Stderr}} {
		list := lines(s.text)
		if len(list) == 0 || strings.Contains(said, strings.Join(list, "\n")) {
			continue
		}
		out = append(out, indent+t.style.paint(dim, s.name+":"))
		for _, line := range tail(list, shownLines(t.options.Verbose)) {
			out = append(out, strings.TrimRight(indent+"  "+line, " "))
		}
	}
	return out
}

// failurePiece says what failed, where and why, and the next step.
func (t *Text) failurePiece(host, label string, task *event.Task, o event.Outcome, note string, r event.Result) piece {
	word, c := string(o), outcomeColor(o)
	if note != "" {
		word, c = word+" ("+note+")", cyan
	}
	at := task.Pos
	if !r.Pos.IsZero() {
		at = r.Pos
	}
	if task.NoLog {
		p := t.piece(word, c, host, label, message{hidden})
		p.alone = true
		p.body = t.whereLine(at)
		return p
	}
	m := messageOf(r.Msg)
	if len(m) == 0 {
		m = message{"failed without a message"}
	}
	p := t.piece(word, c, host, label, m[:1])
	p.alone = true
	p.body = indented(m[1:])
	if o == event.Failed {
		p.body = append(p.body, t.whereLine(at)...)
	}
	if r.RC != nil && *r.RC != 0 && !strings.Contains(r.Msg, "exit code") {
		p.body = append(p.body, indent+t.style.paint(dim, "exit code: ")+fmt.Sprint(*r.RC))
	}
	if t.options.Verbose >= 3 {
		p.body = append(p.body, t.details(r, m)...)
	} else {
		p.body = append(p.body, t.streams(r, r.Msg)...)
	}
	p.body = append(p.body, t.warningLines(r)...)
	if t.options.Diff {
		p.body = append(p.body, t.diffs(r.Diffs)...)
	}
	if r.Hint != "" {
		p.body = append(p.body, indent+t.style.paint(dim, "hint: ")+clean(r.Hint))
	}
	return p
}

func (t *Text) whereLine(at source.Pos) []string {
	if at.IsZero() {
		return nil
	}
	return []string{indent + t.style.paint(dim, "at ") + at.String()}
}

func (t *Text) warningLines(r event.Result) []string {
	var out []string
	for _, w := range r.Warnings {
		out = append(out, indent+t.style.paint(magenta, "warning: "+oneLine(w, 1000)))
	}
	return out
}

func (t *Text) diffs(diffs []event.Diff) []string {
	var out []string
	for _, d := range diffs {
		for _, line := range diffLines(d) {
			out = append(out, indent+t.style.paint(diffColor(line), line))
		}
	}
	return out
}

func diffColor(line string) color {
	switch {
	case strings.HasPrefix(line, "---"), strings.HasPrefix(line, "+++"):
		return bold
	case strings.HasPrefix(line, "@@"):
		return cyan
	case strings.HasPrefix(line, "+"):
		return green
	case strings.HasPrefix(line, "-"):
		return red
	}
	return noColor
}
