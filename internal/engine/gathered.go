package engine

import (
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
	value, raw, err := jinja.FromJSONBut(data, "ansible_facts")
	if err != nil {
		return nil, err
	}
	res := &taskResult{value: value, data: data}
	if raw != nil {
		res.facts = []facts{{host: a.factsHost(), raw: raw}}
	}
	return res, nil
}

// mayBeGathered reports whether the module setup may find a fact of this name.
func mayBeGathered(name string) bool {
	return strings.HasPrefix(name, "ansible_") && !isConnectionVariable(name) || name == "gather_subset"
}

// read reads gathered facts. What is no mapping has none.
func (f facts) read() *jinja.Map {
	out := jinja.NewMap()
	v, err := jinja.FromJSON(f.raw)
	if m, ok := v.(*jinja.Map); ok && err == nil {
		for k, v := range m.All() {
			if name, ok := k.(string); ok && mayBeGathered(name) {
				out.Set(name, v)
			}
		}
	}
	return out
}
