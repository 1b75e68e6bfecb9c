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
	later []laterFacts      // in the order in which they came
	wait  atomic.Bool       // there are some in later
}

// laterFacts are facts that nobody has asked for so far.
type laterFacts struct {
	at   Place
	may  func(name string) bool // may be among them
	read func() *jinja.Map
}

// SetFacts adds facts, the keys as they are used in a playbook (ansible_system).
func (h *Host) SetFacts(facts *jinja.Map, at Place) { h.learn(fact, facts, at) }

// SetFactsLater is SetFacts of what read returns, which is called when a name that
// may be among them is asked for.
func (h *Host) SetFactsLater(may func(name string) bool, read func() *jinja.Map, at Place) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.later = append(h.later, laterFacts{at, may, read})
	h.wait.Store(true)
}

// unfold reads the facts that nobody has asked for so far. The caller holds mu.
func (h *Host) unfold() {
	for _, l := range h.later {
		h.keep(fact, l.read(), l.at)
	}
	h.later = nil
	h.wait.Store(false)
}

// ask unfolds where the name may be among the facts; an empty name is any.
func (h *Host) ask(name string) {
	if !h.wait.Load() {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if name == "" || slices.ContainsFunc(h.later, func(l laterFacts) bool { return l.may(name) }) {
		h.unfold()
	}
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
	h.later = nil
	h.wait.Store(false)
}

func (h *Host) learn(k kind, values *jinja.Map, at Place) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if k == fact {
		h.unfold()
	}
	h.keep(k, values, at)
}

// keep is learn. The caller holds mu.
func (h *Host) keep(k kind, values *jinja.Map, at Place) {
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
	if k == fact {
		h.ask(name)
	}
	h.mu.RLock()
	defer h.mu.RUnlock()
	known := h.kinds[k][name]
	for i := len(known) - 1; i >= 0; i-- {
		if before == nil || known[i].at.Compare(*before) < 0 {
			return known[i].value, true
		}
	}
	return nil, false
}

// Facts returns all facts as ansible_facts has them: without the prefix.
func (h *Host) Facts(before *Place) *jinja.Map {
	facts := jinja.NewMap()
	for _, name := range slices.Sorted(slices.Values(h.names(fact))) {
		if v, ok := h.lookup(fact, name, before); ok {
			facts.Set(factName(name), v)
		}
	}
	return facts
}

// factName is a fact's name inside ansible_facts. ansible_local keeps its prefix's
// meaning: it is "local".
func factName(name string) string {
	const prefix = "ansible_"
	if len(name) > len(prefix) && name[:len(prefix)] == prefix {
		return name[len(prefix):]
	}
	return name
}

// names returns all names of a kind in the order in which they became known.
func (h *Host) names(k kind) []string {
	if k == fact {
		h.ask("")
	}
	h.mu.RLock()
	defer h.mu.RUnlock()
	return slices.Clone(h.order[k])
}
