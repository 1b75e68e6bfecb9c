package engine

import (
	"context"
	"errors"
	"strings"

	"fleet/internal/event"
	"fleet/internal/jinja"
	"fleet/internal/playbook"
	"fleet/internal/source"
	"fleet/internal/vars"
)

// after returns the context in which a condition looks at the result.
func (a *attempt) after(res *taskResult) *jinja.Context {
	scope, ok := a.c.Scope.(*vars.Scope)
	if !ok {
		return a.c
	}
	locals := map[string]any{}
	if a.task.Register != "" {
		locals[a.task.Register] = res.value
	}
	for _, f := range res.facts {
		for k, v := range f.values.All() {
			locals[jinja.Str(k)] = v
		}
	}
	return a.c.With(scope.With(locals))
}

// redefined returns the result as changed_when and failed_when want it.
func (a *attempt) redefined(res *taskResult) *taskResult {
	if res.outcome == event.Skipped || res.outcome == event.Unreachable {
		return res
	}
	if err := a.redefine(res); err != nil {
		f := failed(err)
		f.value.Delete("changed")         // that stays
		for k, v := range f.value.All() { // beside what the module returned
			res.value.Set(k, v)
		}
		f.value, f.facts = res.value, res.facts
		return f
	}
	return res
}

// received returns what a step came to, from what it returned.
func (a *attempt) received(ctx context.Context, res *taskResult, err error) *taskResult {
	if err != nil {
		return a.lost(ctx, err)
	}
	a.complete(res)
	return res
}

// lost tells a host that did not answer from a mistake.
func (a *attempt) lost(ctx context.Context, err error) *taskResult {
	var gone *unreachableError
	if errors.As(err, &gone) && ctx.Err() == nil {
		return unreachable(gone.err)
	}
	return failed(err)
}

// complete adds what Ansible's controller adds to every result.
func (a *attempt) complete(res *taskResult) {
	v := res.value
	addLines(v, "stdout", "stdout_lines")
	addLines(v, "stderr", "stderr_lines")
	if !v.Has("changed") {
		v.Set("changed", false)
	}
	if !v.Has("failed") {
		v.Set("failed", false)
	}
	if found, ok := v.Get("ansible_facts"); ok && a.action == nil {
		if m, ok := found.(*jinja.Map); ok {
			res.facts = append(res.facts, facts{host: a.factsHost(), values: m})
		}
	}
	res.judge()
	if res.outcome == event.Failed && a.lesser && strings.Contains(strings.ToLower(jinja.Str(orEmpty(v, "msg"))), "permission denied") {
		res.hint = "become: true runs the task as root"
	}
}

// addLines adds the lines of a stream, where they are not there.
func addLines(v *jinja.Map, stream, name string) {
	text, _ := v.Lookup(stream)
	if s, isText := text.(string); isText && !v.Has(name) {
		v.Set(name, lines(s))
	}
}

// factsHost returns the host that facts belong to: with delegate_facts the one
// that the task ran on.
func (a *attempt) factsHost() string {
	if a.delegate == "" {
		return ""
	}
	if yes, err := a.engine.truth(a.c, a.keyword(func(k *playbook.Keywords) source.Node { return k.DelegateFacts }), false); err == nil && yes {
		return a.delegate
	}
	return ""
}

// redefine applies changed_when and failed_when.
func (a *attempt) redefine(res *taskResult) error {
	if a.try > 0 {
		res.value.Set("attempts", a.try)
	}
	if a.task.ChangedWhen != nil {
		cond, err := a.engine.firstFalse(a.after(res), a.task.ChangedWhen)
		res.data = nil
		if err != nil {
			res.value.Set("changed_when_result", err.Error())
			return err
		}
		res.value.Set("changed", cond == nil)
	}
	if a.task.FailedWhen != nil {
		cond, err := a.engine.firstFalse(a.after(res), a.task.FailedWhen)
		res.data = nil
		if err != nil {
			res.value.Set("failed_when_result", err.Error())
			return err
		}
		res.value.Set("failed", cond == nil)
		res.value.Set("failed_when_result", cond == nil)
		if cond == nil && orEmpty(res.value, "msg") == "" {
			res.value.Set("msg", "the condition of failed_when holds")
		}
	}
	res.judge()
	return nil
}
