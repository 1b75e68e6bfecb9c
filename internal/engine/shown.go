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
	h.engine.stats.done(done, isTrue(res.value, "changed"))
	if n := len(res.include); n > 1 { // each file that a loop brings in counts
		h.engine.stats.count(h.host, func(s *event.HostStats) { s.OK += n - 1 })
	}
	h.engine.Events.Emit(done)
}

// reportItem emits the result of a loop's item.
func (u *turn) reportItem(p *part) {
	res, label := p.res, p.label
	res.value.Set(u.loopVar, p.item)
	res.value.Set("ansible_loop_var", u.loopVar)
	if res.noLog {
		label = "(hidden: no_log)"
	}
	u.engine.Events.Emit(event.ItemDone{Host: u.host, Task: u.event, Label: label, Outcome: res.outcome, Ignored: res.ignored, Result: res.show()})
}

// show returns the result as reports may see it.
func (r *taskResult) show() event.Result {
	value := r.value
	if r.noLog {
		value = jinja.NewMap("censored", "the output has been hidden because no_log is set", "changed", isTrue(value, "changed"))
		if r.outcome == event.Failed || r.outcome == event.Unreachable {
			value.Set("failed", true)
			value.Set("msg", "(hidden: no_log)")
		}
	}
	data := r.data
	if r.invoked != nil && !r.noLog {
		value, data = value.Clone(), nil
		value.Set("invocation", jinja.NewMap("module_args", r.invoked))
	}
	if data == nil || r.noLog {
		var err error
		if data, err = jinja.ToJSON(value); err != nil {
			data, err = jinja.ToJSON(asWritten(value)) // of include_vars
		}
		if err != nil {
			data = []byte("{}")
		}
	}
	out := event.ParseResult(data)
	out.Quiet = r.quiet
	if r.said != "" && !r.noLog {
		out.Msg = r.said
	}
	if r.noDiff {
		out.Diffs = nil
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
