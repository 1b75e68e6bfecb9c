package engine

import (
	"slices"

	"fleet/internal/jinja"
	"fleet/internal/playbook"
	"fleet/internal/source"
	"fleet/internal/spec"
)

// profile is what is known of a task before it runs that decides how far it and
// those behind it may be sent ahead.
type profile struct {
	early    bool // may be begun before the tasks in front of it have landed
	passes   bool // whether it failed, the target knows: others may be sent behind it
	heard    bool // nothing can go wrong when it notifies
	tolerant bool // it cannot fail
	notifies bool
	debugged bool // the operator may be asked about its result: nothing is begun behind it

	names   []string     // the variables that it sets
	anyName bool         // it may set any
	module  *spec.Module // whose result may hold facts; nil where it is not known
}

func (p *profile) sets(name string) bool { return p.anyName || slices.Contains(p.names, name) }

func (p *profile) finds(name string) bool { return p.module == nil || p.module.Finds(name) }

func (p *profile) findsAny() bool {
	return p.module == nil || p.module.File != "" || len(p.module.Facts) > 0
}

// profileOf returns a task's profile, made once for all hosts.
func (h *hostRun) profileOf(t *playbook.Task) *profile {
	if p, known := h.profiles.Load(t); known {
		return p.(*profile)
	}
	p, _ := h.profiles.LoadOrStore(t, h.newProfile(t))
	return p.(*profile)
}

func (h *hostRun) newProfile(t *playbook.Task) *profile {
	p := &profile{notifies: len(t.Notify) > 0, debugged: h.mayDebug(t)}
	p.early = !h.engine.Options.NoPipelining && h.mayBeEarly(t)
	failed, fails := constant(t.FailedWhen)
	_, changes := constant(t.ChangedWhen)
	p.tolerant = t.FailedWhen != nil && fails && !failed
	p.passes = (t.FailedWhen == nil || p.tolerant) && (t.ChangedWhen == nil || changes) && !h.given(t, func(k *playbook.Keywords) source.Node { return k.IgnoreUnreachable })
	p.heard = h.knowsHandlers(t)
	p.names, p.anyName = namesOf(t, h.given(t, func(k *playbook.Keywords) source.Node { return k.ModuleDefaults }))
	_, p.module, _ = h.engine.module(t)
	return p
}

func (h *hostRun) given(t *playbook.Task, get func(*playbook.Keywords) source.Node) bool {
	return given(h.Play, t, get).Exists()
}

// mayBeEarly reports whether nothing about a task makes it wait for its turn:
// that it tries again, that others see it, or that it does more than a call.
func (h *hostRun) mayBeEarly(t *playbook.Task) bool {
	if h.linear || t.Until != nil || t.Retries.Exists() || t.Async.Exists() || t != factsTask && h.together(t) {
		return false
	}
	if l := t.Loop; l != nil && (l.Parallel.Exists() || l.Pause.Exists() || len(l.Break) > 0) {
		return false
	}
	if h.engine.Options.TaskTimeout > 0 {
		return false
	}
	for _, get := range []func(*playbook.Keywords) source.Node{
		func(k *playbook.Keywords) source.Node { return k.Timeout },
		func(k *playbook.Keywords) source.Node { return k.Throttle },
		func(k *playbook.Keywords) source.Node { return k.DelegateTo },
	} {
		if h.given(t, get) {
			return false
		}
	}
	act, _, err := h.engine.module(t)
	return err == nil && (act == nil || act.early)
}

// constant returns the value of conditions that are written as yes or no.
func constant(conditions []source.Node) (value, ok bool) {
	value = true
	for _, n := range conditions {
		b, isBool := source.Scalar(n).(bool)
		if !isBool {
			return false, false
		}
		value = value && b
	}
	return value, true
}

// knowsHandlers reports whether all that a task notifies is named, and known.
func (h *hostRun) knowsHandlers(t *playbook.Task) bool {
	handlers := h.handlers()
	return !slices.ContainsFunc(t.Notify, func(n source.Node) bool {
		name := n.Text()
		return !n.IsString() || jinja.IsTemplate(name) || !slices.ContainsFunc(handlers, func(hd handler) bool {
			return hd.task.Name.Text() == name && !jinja.IsTemplate(name) || slices.Contains(hd.task.Listen, name)
		})
	})
}

// namesOf returns the variables that a task sets, or that it may be any.
func namesOf(t *playbook.Task, defaults bool) (names []string, any bool) {
	if t.Register != "" {
		names = append(names, t.Register)
	}
	if jinja.IsTemplate(t.Module) {
		return nil, true
	}
	if shortName(t.Module) != "set_fact" {
		return names, false
	}
	if !t.Action.IsMap() || t.Args.Exists() || defaults {
		return nil, true
	}
	for _, p := range t.Action.Pairs() {
		if jinja.IsTemplate(p.Key.Text()) {
			return nil, true
		}
		names = append(names, p.Key.Text())
	}
	return names, false
}

// isConnectionVariable reports whether a variable says how to reach a host. No
// fact is one: what a target says never decides where fleet goes.
func isConnectionVariable(name string) bool {
	switch name {
	case "ansible_connection", "ansible_host", "ansible_ssh_host", "ansible_port", "ansible_ssh_port",
		"ansible_user", "ansible_ssh_user", "ansible_password", "ansible_ssh_pass", "ansible_ssh_password",
		"ansible_ssh_private_key_file", "ansible_private_key_file", "ansible_ssh_private_key_passphrase",
		"ansible_ssh_common_args", "ansible_ssh_extra_args", "ansible_host_key_checking", "ansible_ssh_host_key_checking",
		"ansible_timeout", "ansible_ssh_timeout", "ansible_become", "ansible_become_user", "ansible_become_method",
		"ansible_become_password", "ansible_become_pass", "ansible_sudo_pass", "ansible_become_flags", "ansible_become_exe":
		return true
	}
	return false
}
