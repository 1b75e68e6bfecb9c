package report

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"

	"fleet/internal/event"
)

// foldFrom is the number of hosts in a play above which hosts with the same
// result share a line.
const foldFrom = 20

// settle is how long the header of a task waits for hosts that are on their way
// to an earlier task which no report knows of yet.
const settle = 100 * time.Millisecond

// Text prints a run in the order of the playbook: each play, each task once,
// and below it a line for each host, however far the hosts run ahead of each
// other. What a host does ahead of the others is held back until all have come
// that far. Its methods may be called by many goroutines.
type Text struct {
	out, warn io.Writer
	options   Options
	style     style

	mu     sync.Mutex
	err    error // the first that writing gave
	blank  bool  // something was written, so that a header needs a blank line
	check  bool
	plays  []*playView // those that are not over, in order
	gone   map[string]bool
	told   map[string]bool // hosts whose failure has been shown
	alarm  *time.Timer
	headed *taskView // whose header stands above the lines that come
	closed bool
}

// NewText returns a Text that writes to out, and warnings to warn.
func NewText(out, warn io.Writer, o Options) *Text {
	return &Text{
		out: out, warn: warn, options: o, style: style{o.Color},
		gone: map[string]bool{}, told: map[string]bool{},
	}
}

// Emit takes an event. Of one host they come in order.
func (t *Text) Emit(e event.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return
	}
	switch e := e.(type) {
	case event.RunStarted:
		t.check = e.Check
	case event.PlayStarted:
		t.plays = append(t.plays, newPlayView(e, t.gone))
	case event.NoHosts:
		p := newPlayView(event.PlayStarted{Name: e.Name, Pos: e.Pos, Play: -1}, t.gone)
		p.note, p.ended = e.Reason, true
		t.plays = append(t.plays, p)
	case event.PlayEnded:
		if p := t.play(e.Play); p != nil {
			p.ended = true
		}
	case event.TaskStarted:
		t.arrive(e.Host, e.Task, true)
	case event.Asking:
		t.asking(e.Host, e.Task)
	case event.Pausing:
		t.pausing(e)
	case event.ItemDone:
		t.itemDone(e)
	case event.Retried:
		t.add(e.Task, t.retryPiece(e))
	case event.TaskDone:
		t.taskDone(e)
	case event.HostGone:
		t.hostGone(e)
	case event.HostDone:
		if p := t.play(e.Play); p != nil {
			p.done(e.Host)
		}
	case event.Warning:
		t.warning(e)
	case event.RunEnded:
		t.flush()
		t.recap(e)
	}
	t.advance()
}

// Close prints what was held back. The error is the first that writing gave.
func (t *Text) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.flush()
	t.closed = true
	if t.alarm != nil {
		t.alarm.Stop()
	}
	return t.err
}

// asking shows the header of a task that asks the operator, and what hosts have
// said in it and before it, since the prompt stands below at once: it waits for no
// host that is still in another task. The host is through with the task only behind
// the answer.
func (t *Text) asking(host string, task *event.Task) {
	t.advance()
	p := t.play(task.Play)
	if p == nil || p != t.plays[0] {
		return
	}
	asking := p.view(task)
	for _, v := range p.tasks {
		if event.Compare(v.task, task) > 0 {
			break
		}
		if v == asking || len(v.pieces) > 0 {
			t.printAtOnce(v)
		}
	}
	p.arrive(host, task, true)
}

// pausing says below the task's header how long it waits, before it does.
func (t *Text) pausing(e event.Pausing) {
	t.asking(e.Host, e.Task)
	line := "Pausing for " + strconv.FormatFloat(e.Seconds, 'f', -1, 64) + " seconds"
	if prompt := oneLine(e.Prompt, maxLine); prompt != "" {
		line += ": " + prompt
	}
	t.print(line)
}

// printAtOnce prints what there is of a task.
func (t *Text) printAtOnce(v *taskView) {
	t.taskHeader(v)
	for _, piece := range v.pieces {
		t.print(piece.text(t.style, piece.who())...)
	}
	v.pieces = nil
}

// flush prints all plays to their end.
func (t *Text) flush() {
	for _, p := range t.plays {
		p.ended = true
	}
	t.advance()
}

func (t *Text) play(number int) *playView {
	for _, p := range t.plays {
		if p.Play == number && number >= 0 {
			return p
		}
	}
	return nil
}

// arrive notes that a host began a task, or is through with it.
func (t *Text) arrive(host string, task *event.Task, busy bool) {
	if p := t.play(task.Play); p != nil {
		p.arrive(host, task, busy)
	}
}

func (t *Text) add(task *event.Task, piece piece) {
	p := t.play(task.Play)
	if p == nil { // the play is over: late, but not lost
		t.print(piece.text(t.style, piece.who())...)
		return
	}
	t.keep(p, p.view(task), piece)
}

func (t *Text) taskDone(e event.TaskDone) {
	shown := false
	if p := t.play(e.Task.Play); p != nil {
		shown = e.Loop && p.view(e.Task).itemsOf(e.Host)
		t.unfoldItems(p, p.view(e.Task), e.Host)
	}
	bad := e.Outcome == event.Failed || e.Outcome == event.Unreachable
	if piece, ok := t.donePiece(e, shown); ok {
		t.add(e.Task, piece)
	}
	if bad {
		t.told[e.Host] = true
	}
	t.arrive(e.Host, e.Task, false)
}

func (t *Text) hostGone(e event.HostGone) {
	t.gone[e.Host] = true
	for _, p := range t.plays {
		p.done(e.Host)
	}
	if t.told[e.Host] || len(t.plays) == 0 {
		return
	}
	t.told[e.Host] = true
	word := event.Failed
	if e.Unreachable {
		word = event.Unreachable
	}
	p := t.plays[0]
	p.loose = append(p.loose, t.piece(string(word), outcomeColor(word), e.Host, "", messageOf(e.Reason)))
}

func (t *Text) warning(e event.Warning) {
	text := ""
	if !e.Pos.IsZero() {
		text = e.Pos.String() + ": "
	}
	if e.Host != "" {
		text += "[" + e.Host + "] "
	}
	t.write(t.warn, t.style.paint(magenta, "warning: "+text+strings.Join(lines(e.Msg), "\n  "))+"\n")
	if e.Hint != "" {
		t.write(t.warn, t.style.paint(dim, "hint: ")+clean(e.Hint)+"\n")
	}
}

func (t *Text) write(w io.Writer, text string) {
	if _, err := io.WriteString(w, text); err != nil && t.err == nil {
		t.err = err
	}
}

// print writes lines of the run's own text.
func (t *Text) print(list ...string) {
	if len(list) > 0 {
		t.blank = true
		t.write(t.out, strings.Join(list, "\n")+"\n")
	}
}

// header writes a line that starts a section.
func (t *Text) header(text string, details ...string) {
	if t.blank {
		t.write(t.out, "\n")
	}
	t.print(append([]string{text}, details...)...)
}

func (t *Text) playHeader(p *playView) {
	text := t.style.paint(bold, "PLAY ["+oneLine(p.Name, maxLine)+"]")
	if p.Batches > 1 {
		text += fmt.Sprintf(" (batch %d of %d: %s)", p.Batch, p.Batches, Ranges(p.Hosts))
	}
	if t.check {
		text += " (check mode)"
	}
	t.header(text, t.position(p.Pos.String())...)
	if p.note != "" {
		t.print(t.style.paint(cyan, "skipping: "+p.note))
	}
}

// taskHeader prints the task's header unless it stands already above the lines
// that come. Where lines of other tasks were printed in between, it is printed
// again.
func (t *Text) taskHeader(v *taskView) {
	if t.headed == v {
		return
	}
	t.headed = v
	name := v.task.Name
	if v.task.Role != "" {
		name = v.task.Role + " : " + name
	}
	kind := "TASK"
	if v.task.Handler {
		kind = "RUNNING HANDLER"
	}
	text := t.style.paint(bold, kind+" ["+oneLine(name, maxLine)+"]")
	if v.opened {
		text += " (continued)"
	}
	v.opened = true
	t.header(text, t.position(v.task.Pos.String())...)
}

func (t *Text) position(pos string) []string {
	if t.options.Verbose < 2 || pos == "" {
		return nil
	}
	return []string{t.style.paint(dim, pos)}
}
