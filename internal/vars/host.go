package vars

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"

	"fleet/internal/jinja"
)

// Place is a point in the order of a run: a play and a task's order in it. The
// zero Place stands for "now" where a host reads its own variables.
type Place struct {
	Play  int
	Order []int
}

// Compare orders places.
func (p Place) Compare(q Place) int {
	if c := cmp.Compare(p.Play, q.Play); c != 0 {
		return c
	}
	return slices.Compare(p.Order, q.Order)
}

// kind is how a host came to know a variable: the step of the precedence.
type kind int

const (
	added    kind = iota // given by add_host
	fact                 // returned by setup and other modules as ansible_facts
	included             // include_vars
	set                  // set_fact and register
)

// learnt is a value and the place at which it became known.
type learnt struct {
	at    Place
	value any
}

// Host is what one host has learnt. Values are kept with their places, because
// another host that is still at an earlier task must not see what came later. It
// is safe for concurrent use.
type Host struct {
	store *Store
	mu    sync.RWMutex
	kinds map[kind]map[string][]learnt
	order map[kind][]string // the names of each, as they came
	later []*laterFacts     // in the order in which they came
}

// laterFacts are facts that nobody has read before a name is asked for that may be
// among them.
type laterFacts struct {
	at   Place
	may  func(name string) bool
	read func() jinja.Scope
	was  atomic.Bool // read
}

func (l *laterFacts) lookup(name string) (any, bool) {
	if !l.was.Load() && !l.may(name) {
		return nil, false
	}
	return l.all().Lookup(name)
}

func (l *laterFacts) all() jinja.Scope {
	l.was.Store(true)
	return l.read()
}

// SetFacts adds facts, the keys as they are used in a playbook (ansible_system).
func (h *Host) SetFacts(facts *jinja.Map, at Place) { h.learn(fact, facts, at) }

// SetFactsLater is SetFacts of what read returns, which is called once, when a name
// that may be among them is asked for. Several goroutines may use what it returns.
func (h *Host) SetFactsLater(may func(name string) bool, read func() jinja.Scope, at Place) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.later = append(h.later, &laterFacts{at: at, may: may, read: sync.OnceValue(read)})
}

// Include adds what include_vars read, by Store.Map.
func (h *Host) Include(vars *jinja.Map, at Place) { h.learn(included, vars, at) }

// Set adds a variable of set_fact or register.
func (h *Host) Set(name string, value any, at Place) {
	h.store.collect(value, IsSecretName(name))
	h.learn(set, jinja.NewMap(name, value), at)
}

// Forget drops all facts, as `meta: clear_facts` wants it.
func (h *Host) Forget() {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.kinds, fact)
	delete(h.order, fact)
	h.later = nil
}

func (h *Host) learn(k kind, values *jinja.Map, at Place) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.kinds[k] == nil {
		h.kinds[k] = map[string][]learnt{}
		h.order[k] = nil
	}
	for key, v := range values.All() {
		name := jinja.Str(key)
		known := h.kinds[k][name]
		if len(known) == 0 {
			h.order[k] = append(h.order[k], name)
		}
		if n := len(known); k == included && n > 0 {
			v = h.store.Over(known[n-1].value, v)
		}
		// Turns of one task overwrite each other.
		if n := len(known); n > 0 && known[n-1].at.Compare(at) == 0 {
			known[n-1].value = v
			continue
		}
		h.kinds[k][name] = append(known, learnt{at, v})
	}
}

// lookup returns the value that the name had before the place, or has now where
// before is nil.
func (h *Host) lookup(k kind, name string, before *Place) (any, bool) {
	l, later, ok := h.latest(k, name, before)
	for i := len(later) - 1; i >= 0; i-- {
		if ok && later[i].at.Compare(l.at) < 0 {
			break
		}
		if before != nil && later[i].at.Compare(*before) >= 0 {
			continue
		}
		if v, found := later[i].lookup(name); found {
			return v, true
		}
	}
	return l.value, ok
}

// latest returns what has been read of a name, and the facts that are to be read.
func (h *Host) latest(k kind, name string, before *Place) (l learnt, later []*laterFacts, ok bool) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if k == fact {
		later = h.later
	}
	known := h.kinds[k][name]
	for i := len(known) - 1; i >= 0; i-- {
		if before == nil || known[i].at.Compare(*before) < 0 {
			return known[i], later, true
		}
	}
	return learnt{}, later, false
}

// Facts returns all facts that were known before the place, or are now where it is
// nil, as ansible_facts has them: without the prefix.
func (h *Host) Facts(before *Place) jinja.Partial { return &facts{h, before} }

// facts is the variable ansible_facts.
type facts struct {
	host   *Host
	before *Place
}

// Entry implements jinja.Partial.
func (f *facts) Entry(name string) (any, bool) {
	if factName(name) == name {
		if v, ok := f.host.lookup(fact, name, f.before); ok {
			return v, true
		}
	}
	return f.host.lookup(fact, prefix+name, f.before)
}

// Resolve implements jinja.Lazy.
func (f *facts) Resolve(*jinja.Context) (any, error) {
	all := jinja.NewMap()
	for _, name := range slices.Sorted(slices.Values(f.host.names(fact, f.before))) {
		all.Set(factName(name), oneFact{f.host, name, f.before})
	}
	return all, nil
}

// oneFact is a fact that is read when somebody looks at it.
type oneFact struct {
	host   *Host
	name   string
	before *Place
}

// Resolve implements jinja.Lazy.
func (f oneFact) Resolve(*jinja.Context) (any, error) {
	v, _ := f.host.lookup(fact, f.name, f.before)
	return v, nil
}

// prefix is in front of the names of most facts.
const prefix = "ansible_"

// factName is a fact's name inside ansible_facts. ansible_local keeps its prefix's
// meaning: it is "local".
func factName(name string) string {
	if len(name) > len(prefix) && name[:len(prefix)] == prefix {
		return name[len(prefix):]
	}
	return name
}

// names returns the names of a kind that were known before the place, or are now
// where it is nil, in the order in which they became known. Some may be there twice.
func (h *Host) names(k kind, before *Place) []string {
	h.mu.RLock()
	names := slices.Clone(h.order[k])
	later := h.later
	if before != nil {
		names = slices.DeleteFunc(names, func(name string) bool { return h.kinds[k][name][0].at.Compare(*before) >= 0 })
	}
	h.mu.RUnlock()
	if k != fact {
		return names
	}
	for _, l := range later {
		if before == nil || l.at.Compare(*before) < 0 {
			names = append(names, l.all().Names()...)
		}
	}
	return names
}
