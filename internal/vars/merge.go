package vars

import (
	"slices"

	"fleet/internal/jinja"
)

// Merge returns the entries of strong put over those of weak, which are not
// changed. Where both have a mapping, these are merged in the same way. Templates
// are not evaluated: one that gives a mapping replaces the weaker one.
func Merge(weak, strong *jinja.Map) *jinja.Map {
	out := weak.Clone()
	for k, v := range strong.All() {
		if above, isMap := v.(*jinja.Map); isMap {
			if below, ok := out.Get(k); ok {
				if below, isMap := below.(*jinja.Map); isMap {
					v = Merge(below, above)
				}
			}
		}
		out.Set(k, v)
	}
	return out
}

// Over returns what a name stands for where a stronger value comes over a weaker
// one, or over nil.
func (s *Store) Over(weak, strong any) any {
	below, isMap := weak.(*jinja.Map)
	above, both := strong.(*jinja.Map)
	if s.Merge && isMap && both {
		return Merge(below, above)
	}
	return strong
}

// Put puts the entries of from over those of into.
func (s *Store) Put(into, from *jinja.Map) {
	for k, v := range from.All() {
		below, _ := into.Get(k)
		into.Set(k, s.Over(below, v))
	}
}

// merged returns what the layers have for a name: the strongest value, or where it
// is a mapping, those of all layers down to the first that has something else.
func merged(layers []layer, name string) (any, bool) {
	var maps []*jinja.Map // the strongest first
	for _, l := range layers {
		v, ok := l.lookup(name)
		if !ok {
			continue
		}
		m, isMap := v.(*jinja.Map)
		if !isMap && maps == nil {
			return v, true
		}
		if !isMap {
			break
		}
		maps = append(maps, m)
	}
	if maps == nil {
		return nil, false
	}
	out := maps[len(maps)-1]
	for i := len(maps) - 2; i >= 0; i-- {
		out = Merge(out, maps[i])
	}
	return out, true
}

// nested are layers of which the strongest decides, also where mappings are merged:
// a task and the blocks around it.
type nested []layer

func (n nested) lookup(name string) (any, bool) {
	for _, l := range n {
		if v, ok := l.lookup(name); ok {
			return v, true
		}
	}
	return nil, false
}

func (n nested) names() []string {
	var names []string
	for _, l := range n {
		names = append(names, l.names()...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
