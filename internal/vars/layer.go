package vars

import "fleet/internal/jinja"

// layer is variables of one origin.
type layer interface {
	lookup(name string) (any, bool)
	names() []string
}

type mapLayer struct{ *jinja.Map }

func (l mapLayer) lookup(name string) (any, bool) { return l.Lookup(name) }

func (l mapLayer) names() []string {
	names := make([]string, 0, l.Len())
	for _, k := range l.Keys() {
		names = append(names, jinja.Str(k))
	}
	return names
}

// hostLayer is one kind of what a host has learnt.
type hostLayer struct {
	host   *Host
	kind   kind
	before *Place
}

func (l *hostLayer) lookup(name string) (any, bool) {
	return l.host.lookup(l.kind, name, l.before)
}

func (l *hostLayer) names() []string { return l.host.names(l.kind, l.before) }

// Pending knows the tasks that were begun ahead of the results of those in front
// of them. The host may still learn from these what a scope has to show.
type Pending interface {
	// AwaitSet returns when no task in front sets the variable any more.
	AwaitSet(name string)
	// AwaitFact returns when no task in front finds a fact of that name any more.
	AwaitFact(name string)
	// AwaitAll returns when all tasks in front have ended. An error says that one of
	// them has failed: what asks is not to go on.
	AwaitAll() error
}

// pendingLayer is a hostLayer of set variables or facts, some of which may still
// be learnt.
type pendingLayer struct {
	hostLayer
	pending Pending // nil: nothing is to be waited for
}

func (l *pendingLayer) lookup(name string) (any, bool) {
	switch {
	case l.pending == nil:
	case l.kind == fact:
		l.pending.AwaitFact(name)
	default:
		l.pending.AwaitSet(name)
	}
	return l.hostLayer.lookup(name)
}

func (l *pendingLayer) names() []string {
	if l.pending != nil {
		// Where a task has failed, nobody looks at the names.
		_ = l.pending.AwaitAll()
	}
	return l.hostLayer.names()
}

// reachLayer is the weakest of all: a task sees an ansible_host and an
// ansible_connection always.
type reachLayer struct {
	scope      *Scope
	address    string
	connection func() string
}

func (l reachLayer) lookup(name string) (any, bool) {
	switch name {
	case "ansible_host":
	case "ansible_connection":
		if l.connection == nil {
			return nil, false
		}
		connection := l.connection()
		return connection, connection != ""
	default:
		return nil, false
	}
	if v, ok := l.scope.Lookup("ansible_ssh_host"); ok {
		return v, true
	}
	return l.address, true
}

func (l reachLayer) names() []string { return []string{"ansible_host", "ansible_connection"} }
