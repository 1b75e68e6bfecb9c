package engine

import (
	"cmp"
	"errors"
	"time"

	"fleet/internal/event"
	"fleet/internal/jinja"
	"fleet/internal/source"
)

// report emits a task's result and counts it.
func (h *hostRun) report(et *event.Task, res *taskResult, elapsed time.Duration) {
	done := event.TaskDone{Host: h.host, Task: et, Outcome: res.outcome, Ignored: res.ignored, Rescued: res.rescued,
		Delegate: res.delegate, Loop: res.loop, Result: res.show(), Elapsed: elapsed}
	h.count(done, res, 1)
	h.engine.Events.Emit(done)
}

// retract takes back what report has counted: the task is run again.
func (h *hostRun) retract(et *event.Task, res *taskResult) {
	done := event.TaskDone{Host: h.host, Task: et, Outcome: res.outcome, Ignored: res.ignored, Rescued: res.rescued}
	h.count(done, res, -1)
	h.engine.Events.Emit(event.TaskRedone{Host: h.host, Task: et})
}

// count adds a result to the host's numbers, n times.
func (h *hostRun) count(done event.TaskDone, res *taskResult, n int) {
	h.engine.stats.done(done, isTrue(res.value, "changed"), n)
	if more := len(res.include) - 1; more > 0 { // each file that a loop brings in counts
		h.engine.stats.count(h.host, func(s *event.HostStats) { s.OK += n * more })
	}
}

// reportItem emits the result of a loop's item.
func (u *turn) reportItem(p *part) {
	res, label := p.res, p.label
	res.value.Set(u.loopVar, p.item)
	res.value.Set("ansible_loop_var", u.loopVar)
	if p.attempt != nil && u.indexVar != "" {
		res.value.Set(u.indexVar, p.locals[u.indexVar])
		res.value.Set("ansible_index_var", u.indexVar)
	}
	if p.attempt != nil && p.locals["ansible_loop"] != nil {
		res.value.Set("ansible_loop", p.locals["ansible_loop"])
	}
	if res.noLog {
		label = hiddenWord
	}
	u.engine.Events.Emit(event.ItemDone{Host: u.host, Task: u.event, Label: label, Outcome: res.outcome, Ignored: res.ignored, Result: res.show()})
}

// show returns the result as reports may see it.
func (r *taskResult) show() event.Result {
	value := r.value
	if r.noLog {
		value = r.censored()
	}
	data := r.data
	if r.invoked != nil && !r.noLog {
		value, data = value.Clone(), nil
		value.Set("invocation", jinja.NewMap("module_args", r.invoked))
	}
	if data == nil || r.noLog {
		data = encoded(value)
	}
	out := fieldsOf(value, !r.noDiff)
	out.Data, out.Quiet = data, r.quiet
	if r.said != "" && !r.noLog {
		out.Msg = r.said
	}
	if r.outcome == event.Skipped {
		if cond, ok := value.Get("false_condition"); ok {
			out.SkipReason = jinja.Str(cond)
		}
	}
	var e *source.Error
	if !r.noLog && errors.As(r.err, &e) {
		out.Pos = e.Pos
		out.Hint = cmp.Or(source.HintOf(r.err), out.Hint)
	}
	if out.Hint == "" && !r.noLog {
		out.Hint = r.hint
	}
	return out
}

// fieldsOf takes from a result what reports show, as event.ParseResult does from its
// text.
func fieldsOf(value *jinja.Map, diffs bool) event.Result {
	out := event.Result{Hint: value.GetString("hint"), Stdout: value.GetString("stdout"), Stderr: value.GetString("stderr"),
		Changes: textsUnder(value, "changes"), Warnings: textsUnder(value, "warnings"), SkipReason: value.GetString("skip_reason")}
	switch msg, _ := value.Lookup("msg"); msg := msg.(type) {
	case nil:
	case string:
		out.Msg = msg
	default:
		out.Msg = string(encoded(msg))
	}
	out.CutHint()
	if rc, isInt := orEmpty(value, "rc").(int); isInt {
		out.RC = &rc
	}
	if diff, there := value.Lookup("diff"); there && diffs {
		out.Diffs = event.ParseDiffs(encoded(diff))
	}
	return out
}

// textsUnder returns the list under a key, where it is one of texts.
func textsUnder(value *jinja.Map, key string) []string {
	items, _ := orEmpty(value, key).([]any)
	var out []string
	for _, item := range items {
		text, isText := item.(string)
		if !isText {
			return nil
		}
		out = append(out, text)
	}
	return out
}

// encoded writes a value as JSON, with what the operator wrote in place of what
// JSON does not have.
func encoded(v any) []byte {
	data, err := jinja.ToJSON(v)
	if err != nil {
		data, err = jinja.ToJSON(asWritten(v)) // of include_vars
	}
	if err != nil {
		return []byte("{}")
	}
	return data
}

// hiddenWord stands where no_log hides something.
const hiddenWord = "(hidden: no_log)"

// censored is what may be seen of a result that no_log hides.
func (r *taskResult) censored() *jinja.Map {
	value := jinja.NewMap("censored", "the output has been hidden because no_log is set", "changed", isTrue(r.value, "changed"))
	if r.outcome == event.Failed || r.outcome == event.Unreachable {
		value.Set("failed", true)
		value.Set("msg", hiddenWord)
	}
	return value
}

// asWritten returns a value in which templates and encrypted values are the text
// that the operator wrote.
func asWritten(v any) any {
	switch v := v.(type) {
	case interface{ Source() string }:
		return v.Source()
	case *jinja.Vaulted:
		return v.Vault()
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = asWritten(e)
		}
		return out
	case *jinja.Map:
		out := jinja.NewMap()
		for k, e := range v.All() {
			out.Set(k, asWritten(e))
		}
		return out
	}
	return v
}
