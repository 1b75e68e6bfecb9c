package engine

import (
	"cmp"
	"errors"
	"strings"

	"fleet/internal/event"
	"fleet/internal/jinja"
	"fleet/internal/source"
)

// taskResult is what a task, or one turn of its loop, came to.
type taskResult struct {
	value    *jinja.Map // what register gets
	data     []byte     // the same as the target sent it, while it is the same
	outcome  event.Outcome
	ignored  bool // failed, and that is all right
	rescued  bool
	loop     bool
	noLog    bool
	noDiff   bool // a diff is in the result, and is not to be shown
	delegate string
	err      error  // of the controller, with its position
	quiet    bool   // nothing is to be said where all is well
	said     string // what reports say in place of the value's msg
	hint     string
	facts    []facts
	include  []include // what to run behind the task
	flush    bool      // run the notified handlers behind the task
	forgives bool      // a failure behind which the task runs counts no more
	// invoked are the module's arguments, where reports are to show them.
	invoked *jinja.Map
	// refreshed says that the inventory is another one: the host may be none of it.
	refreshed bool
	then      error // errEndHost, errEndPlay
	// pending is set where the module's call was sent ahead: nothing else is known yet.
	pending *pendingCall
}

// whenThere changes a module's result, now or when it arrives.
func (r *taskResult) whenThere(change func(*taskResult)) {
	if r.pending == nil {
		change(r)
		return
	}
	r.pending.changes = append(r.pending.changes, change)
}

// facts are variables that a task gives to a host.
type facts struct {
	host   string // empty: the task's own
	kind   factKind
	values *jinja.Map
	// later are gathered facts that are read when they are asked for, in place of values.
	later *jinja.Object
}

type factKind int

const (
	factGathered factKind = iota
	factIncluded
	factSet
)

// failed returns the result of a task that could not be run.
func failed(err error) *taskResult {
	return &taskResult{value: failure(err), outcome: event.Failed, err: err}
}

// failedOption returns the result of a task whose arguments cannot be evaluated.
// The value tells in Ansible's words what is undefined: playbooks look for them.
func failedOption(err error) *taskResult {
	res := failed(err)
	if jinja.IsUndefined(err) {
		res.said = sentence(err)
		res.value.Set("msg", "The task includes an option with an undefined variable. The error was: "+res.said)
	}
	return res
}

// failure returns the value of a task that could not be run.
func failure(err error) *jinja.Map {
	return jinja.NewMap("changed", false, "failed", true, "msg", sentence(err))
}

// sentence returns what an error says, without its position and hint.
func sentence(err error) string {
	var e *source.Error
	if errors.As(err, &e) {
		return e.Msg
	}
	return err.Error()
}

// unreachable returns the result of a task whose host could not be reached.
func unreachable(err error) *taskResult {
	value := jinja.NewMap("changed", false, "unreachable", true, "msg", err.Error())
	return &taskResult{value: value, outcome: event.Unreachable, err: err}
}

// skipped returns the result of a task whose condition, as it is written, does not
// hold.
func skipped(condition any) *taskResult {
	value := jinja.NewMap("changed", false, "skipped", true, "skip_reason", "Conditional result was False", "false_condition", condition)
	return &taskResult{value: value, outcome: event.Skipped}
}

// reason returns why the task failed, for the recap.
func (r *taskResult) reason() string {
	if r.noLog {
		return hiddenWord
	}
	msg := strings.TrimSpace(cmp.Or(r.said, jinja.Str(orEmpty(r.value, "msg"))))
	line, _, _ := strings.Cut(msg, "\n")
	return cmp.Or(line, "the task failed")
}

func orEmpty(m *jinja.Map, key string) any {
	if v, ok := m.Lookup(key); ok && v != nil {
		return v
	}
	return ""
}

func isTrue(m *jinja.Map, key string) bool {
	v, _ := m.Lookup(key)
	b, _ := asBool(v)
	return b
}

// judge derives the outcome from the value.
func (r *taskResult) judge() { r.judgeAs(hasFailed(r.value)) }

func (r *taskResult) judgeAs(failed bool) {
	switch {
	case isTrue(r.value, "unreachable"):
		r.outcome = event.Unreachable
	case failed:
		r.outcome = event.Failed
	case isTrue(r.value, "skipped"):
		r.outcome = event.Skipped
	case isTrue(r.value, "changed"):
		r.outcome = event.Changed
	default:
		r.outcome = event.OK
	}
}

// hasFailed reports whether a result is a failure: failed_when has the last word,
// also where the tries of `until` have run out, which the result calls failed.
func hasFailed(m *jinja.Map) bool {
	if verdict, ok := m.Get("failed_when_result"); ok {
		if failed, isBool := verdict.(bool); isBool {
			return failed
		}
	}
	return isTrue(m, "failed")
}

// add takes one item's result into the loop's.
func (r *taskResult) add(item *taskResult) {
	r.facts = append(r.facts, item.facts...)
	r.include = append(r.include, item.include...)
	r.then = cmpError(r.then, item.then)
	r.noLog = r.noLog || item.noLog
	r.flush = r.flush || item.flush
	r.forgives = r.forgives || item.forgives
	r.delegate = cmp.Or(r.delegate, item.delegate)
	if item.ignored {
		r.ignored = true
	}
	if r.err == nil && !item.ignored {
		r.err = item.err
	}
}

func cmpError(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// finishLoop sums up the results of all items.
func (r *taskResult) finishLoop(results []any) {
	changed, allSkipped, anyFailed := false, true, false
	var lost, bad *jinja.Map
	for _, v := range results {
		m := v.(*jinja.Map)
		changed = changed || isTrue(m, "changed")
		allSkipped = allSkipped && isTrue(m, "skipped")
		anyFailed = anyFailed || hasFailed(m)
		if isTrue(m, "failed") {
			bad = m
		}
		if isTrue(m, "unreachable") {
			lost = m
		}
	}
	r.value.Set("results", results)
	r.value.Set("changed", changed)
	switch {
	case lost != nil:
		r.value.Set("unreachable", true)
		r.value.Set("msg", orEmpty(lost, "msg"))
	case bad != nil:
		r.value.Set("failed", true)
		r.value.Set("msg", "One or more items failed")
		if len(results) == 1 {
			r.value.Set("msg", orEmpty(bad, "msg"))
		}
	case len(results) == 0:
		r.value.Set("skipped", true)
		r.value.Set("skipped_reason", "No items in the list")
	case allSkipped:
		r.value.Set("skipped", true)
		r.value.Set("msg", "All items skipped")
	default:
		r.value.Set("msg", "All items completed")
	}
	for _, name := range []string{"failed", "skipped"} { // conditions look at them
		if !r.value.Has(name) {
			r.value.Set(name, false)
		}
	}
	r.judgeAs(anyFailed)
}
