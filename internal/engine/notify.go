package engine

import (
	"errors"
	"slices"
	"strings"

	"fleet/internal/event"
	"fleet/internal/jinja"
	"fleet/internal/playbook"
	"fleet/internal/source"
)

// notice is a name that a task notified. Which handlers have it is decided when
// they run: an include behind the task may have brought in the role once more, and
// with it a handler of the same name, which runs in the place of the first.
type notice struct {
	name  string
	named *playbook.Task // that has the name so far; nil: handlers listen to it
	own   string         // the name of that one, evaluated
}

// notify notes the names that a changed task notifies. A handler's are looked up at
// once: the handlers behind it are those that run next.
func (h *hostRun) notify(c *jinja.Context, t *playbook.Task) error {
	for _, n := range t.Notify {
		v, err := h.engine.value(c, n)
		if err != nil {
			return err
		}
		names, ok := textList(v)
		if !ok {
			return n.Errorf("notify wants names of handlers, not %s", jinja.Repr(v))
		}
		for _, name := range names {
			note, err := h.lookUp(c, n, name)
			switch {
			case err != nil && !h.engine.Options.AllowMissingHandlers:
				return &abort{err}
			case err != nil:
				h.engine.warnOnce(err)
			case t.Handler:
				h.mark(note)
			default:
				h.noted[name] = note
			}
		}
	}
	return nil
}

// lookUp finds out whether a handler has the name or listens to it.
func (h *hostRun) lookUp(c *jinja.Context, at source.Node, name string) (notice, *source.Error) {
	note := notice{name: name}
	var known []string
	found := false
	for _, hd := range h.handlersSoFar() {
		t := hd.task
		known = append(known, t.Listen...)
		found = found || listens(t, name)
		own, err := h.engine.text(c, t.Name, "")
		if err != nil {
			h.unusable(t, err)
			continue
		}
		known = append(known, own)
		if answers(t, own, name) {
			note.named, note.own = t, own
		}
	}
	if note.named == nil && !found {
		return note, at.Errorf("The requested handler '%s' was not found in either the main handlers list nor in the listening handlers list", name).
			WithHint("%s", source.DidYouMean(name, known))
	}
	return note, nil
}

// unusable warns of a handler that no task can notify here.
func (h *hostRun) unusable(t *playbook.Task, err error) {
	if len(t.Listen) > 0 {
		return
	}
	h.engine.warnOnce(t.Name.Errorf("Handler '%s' is unusable because it has no listen topics and its name cannot be evaluated: %s", t.Name.Text(), sentence(err)).
		WithHint("give it a fixed name, or a topic to listen to"))
}

// markNoted marks the handlers that were notified since it was called last.
func (h *hostRun) markNoted() {
	for name, note := range h.noted {
		h.mark(note)
		delete(h.noted, name)
	}
}

// mark marks the handler of that name and all that listen to it, of which those of
// one name count as one. Of several lists of handlers the last one that has the name
// counts, and in that the first.
func (h *hostRun) mark(note notice) {
	var named *playbook.Task
	listeners := map[string]*playbook.Task{}
	for _, hd := range h.handlersSoFar() {
		t := hd.task
		name := t.Name.Text()
		if note.named != nil && name == note.named.Name.Text() && answers(t, note.own, note.name) {
			named = laterList(named, t)
		}
		switch {
		case !listens(t, note.name):
		case name == "":
			h.notified[t] = true
		default:
			listeners[name] = laterList(listeners[name], t)
		}
	}
	if named != nil {
		h.notified[named] = true
	}
	for _, t := range listeners {
		h.notified[t] = true
	}
}

// laterList returns the handler that counts of two of the same name, of which the
// first may be missing.
func laterList(first, second *playbook.Task) *playbook.Task {
	if first != nil && playbook.RoleOf(first) == playbook.RoleOf(second) {
		return first
	}
	return second
}

// handlersSoFar returns the handlers that there are where the host is. Others may be
// ahead of it, and have included more.
func (h *hostRun) handlersSoFar() []handler {
	return slices.DeleteFunc(h.handlers(), func(hd handler) bool {
		return len(hd.order) > 1 && slices.Compare(hd.order[1:len(hd.order)-1], h.order) > 0
	})
}

// answers reports whether a handler, whose own name is given, has a name that a task
// may notify it by: with or without that of its role in front of it.
func answers(t *playbook.Task, own, name string) bool {
	role := playbook.RoleOf(t)
	return own == name || role != nil && (role.Name+" : "+own == name || role.FullName()+" : "+own == name)
}

// listens reports whether a handler listens to a topic, which may have the name of
// the handler's role in front of it.
func listens(t *playbook.Task, topic string) bool {
	if role := playbook.RoleOf(t); role != nil {
		for _, prefix := range []string{role.Name, role.FullName()} {
			if rest, ok := strings.CutPrefix(topic, prefix+" : "); ok && slices.Contains(t.Listen, rest) {
				return true
			}
		}
	}
	return slices.Contains(t.Listen, topic)
}

// abort ends the whole run: what was found out is wrong with the playbook, and
// nothing that it does about the failures of hosts is meant for it.
type abort struct{ error }

// Unwrap returns what is wrong.
func (a *abort) Unwrap() error { return a.error }

// aborts returns what ends the whole run, where an error does.
func aborts(err error) (*abort, bool) {
	var a *abort
	return a, errors.As(err, &a)
}

// warnOnce warns of something that more than one host comes by.
func (e *Engine) warnOnce(err *source.Error) {
	if _, said := e.warned.LoadOrStore(err.Error(), true); !said {
		e.Events.Emit(event.Warning{Pos: err.Pos, Msg: err.Msg, Hint: source.HintOf(err)})
	}
}
