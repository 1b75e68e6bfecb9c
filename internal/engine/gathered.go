package engine

import (
	"slices"
	"strings"

	"fleet/internal/jinja"
)

// factsMayWait reports whether nobody sees the facts but as variables. They are
// read then when the first one is asked for: a machine has some hundred, and most
// plays want none.
func (a *attempt) factsMayWait() bool {
	t := a.task
	return t.Register == "" && t.Loop == nil && t.Until == nil && t.ChangedWhen == nil && t.FailedWhen == nil
}

// gathered returns the result of the module setup without the facts in it.
func (a *attempt) gathered(data []byte) (*taskResult, error) {
	value, found, err := jinja.FromJSONBut(data, "ansible_facts")
	if err != nil {
		return nil, err
	}
	res := &taskResult{value: value, data: data}
	if found != nil {
		res.facts = []facts{{host: a.factsHost(), later: found}}
	}
	return res, nil
}

// mayBeGathered reports whether the module setup may find a fact of this name.
func mayBeGathered(name string) bool {
	return strings.HasPrefix(name, "ansible_") && !isConnectionVariable(name) || name == "gather_subset"
}

// gatheredFacts are the facts that the module setup has found, without what it
// must not say.
type gatheredFacts struct{ found *jinja.Object }

// Lookup implements jinja.Scope.
func (g gatheredFacts) Lookup(name string) (any, bool) {
	if !mayBeGathered(name) {
		return nil, false
	}
	return g.found.Lookup(name)
}

// Names implements jinja.Scope.
func (g gatheredFacts) Names() []string {
	return slices.DeleteFunc(g.found.Names(), func(name string) bool { return !mayBeGathered(name) })
}

// read reads them all.
func (g gatheredFacts) read() *jinja.Map {
	out := jinja.NewMap()
	for _, name := range g.Names() {
		v, _ := g.Lookup(name)
		out.Set(name, v)
	}
	return out
}
