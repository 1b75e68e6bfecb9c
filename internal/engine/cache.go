package engine

import (
	"fleet/internal/event"
	"fleet/internal/jinja"
)

// FactCache keeps the facts of hosts between runs. It is safe for concurrent use.
type FactCache interface {
	// Load returns the facts of a host, nil where there are none.
	Load(host string) (*jinja.Map, error)
	// Add puts facts of a host over those that are there.
	Add(host string, facts *jinja.Map) error
	// Drop forgets a host.
	Drop(host string) error
}

// whenGathered is the fact that says that the module setup found the others.
const whenGathered = "_ansible_facts_gathered"

// openCache lets hosts know what the cache has of them, once a host is asked for
// a fact.
func (e *Engine) openCache() {
	if e.Facts == nil {
		return
	}
	e.Vars.SetCache(func(host string) jinja.Scope {
		facts, err := e.Facts.Load(host)
		e.warnCache(err)
		known := jinja.Vars{}
		for name, v := range withoutConnection(facts).All() {
			known[jinja.Str(name)] = v
		}
		return known
	}, mayBeGathered)
}

// warnCache says once that the cache does not work.
func (e *Engine) warnCache(err error) {
	if err != nil {
		e.cacheWarned.Do(func() { e.Events.Emit(event.Warning{Msg: "the cache of facts: " + err.Error()}) })
	}
}

// cache keeps facts that a host has found.
func (e *Engine) cache(host string, f facts) {
	if e.Facts == nil {
		return
	}
	values := f.values
	if f.later != nil {
		values = gatheredFacts{f.later}.read()
		values.Set(whenGathered, true)
	}
	e.warnCache(e.Facts.Add(host, values))
}

// forget drops the facts of a host, those in the cache included.
func (e *Engine) forget(host string) {
	e.Vars.Host(host).Forget()
	e.gathered.Delete(host)
	if e.Facts != nil {
		e.warnCache(e.Facts.Drop(host))
	}
}

// gathers reports whether a play gathers the host's facts: what the play says, or
// else the setting; and with "smart" only where it is not done yet.
func (h *hostRun) gathers(c *jinja.Context) (bool, error) {
	e := h.engine
	gather, err := e.truth(c, h.GatherFacts, e.Options.Gathering != "explicit")
	if err != nil || !gather || e.Options.Gathering != "smart" {
		return gather, err
	}
	if _, done := e.gathered.LoadOrStore(h.host, true); done {
		return false, nil
	}
	if e.Facts == nil {
		return true, nil
	}
	known, err := e.Facts.Load(h.host)
	e.warnCache(err)
	return known == nil || !known.Has(whenGathered), nil
}
