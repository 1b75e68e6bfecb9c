package jinja

import (
	"iter"
	"math"
	"slices"
)

// indexFrom is the size from which a Map keeps an index: below it, looking
// through the keys is faster.
const indexFrom = 9

// Map is a dictionary that keeps the order of its keys, as Python's dict. Keys
// are nil, bool, int, float64, string or a Tuple of those; keys that Python
// holds to be equal (True, 1 and 1.0) are one. The zero Map is empty and ready.
// Reading is safe from several goroutines, writing is not.
type Map struct {
	keys  []any
	vals  []any
	index map[any]int
	// owner is the render that made the map and may change it in place.
	owner *owner
}

// NewMap returns a map of the given keys and values, in turn.
func NewMap(pairs ...any) *Map {
	m := &Map{}
	for i := 0; i+1 < len(pairs); i += 2 {
		m.Set(pairs[i], pairs[i+1])
	}
	return m
}

// newMapFor returns an empty map with room for n entries.
func newMapFor(n int) *Map {
	room := make([]any, 2*n)
	m := &Map{keys: room[:0:n], vals: room[n:n]}
	if n >= indexFrom {
		m.index = make(map[any]int, n)
	}
	return m
}

// normKey returns the form of a key under which equal keys are one.
func normKey(k any) any {
	switch k := k.(type) {
	case string, int, nil:
		return k
	case bool:
		if k {
			return 1
		}
		return 0
	case float64:
		if i := int(k); float64(i) == k && math.Abs(k) < 1<<62 {
			return i
		}
		return k
	}
	return reprKey(k)
}

type composite string

// reprKey is the key of what Go cannot compare: its Python text, typed apart
// from strings.
func reprKey(k any) any { return composite(Repr(k)) }

func (m *Map) find(key any) int {
	if s, ok := key.(string); ok {
		return m.findText(s)
	}
	if m == nil {
		return -1
	}
	key = normKey(key)
	if m.index != nil {
		if i, ok := m.index[key]; ok {
			return i
		}
		return -1
	}
	for i, k := range m.keys {
		if normKey(k) == key {
			return i
		}
	}
	return -1
}

// findText is find of a text, which it does not keep.
func (m *Map) findText(key string) int {
	if m == nil {
		return -1
	}
	if m.index != nil {
		if i, ok := m.index[key]; ok {
			return i
		}
		return -1
	}
	for i, k := range m.keys {
		if t, ok := k.(string); ok && t == key {
			return i
		}
	}
	return -1
}

// Get returns the value under key.
func (m *Map) Get(key any) (any, bool) {
	if i := m.find(key); i >= 0 {
		return m.vals[i], true
	}
	return nil, false
}

// Lookup is Get of a text, which needs no memory for it.
func (m *Map) Lookup(key string) (any, bool) {
	if i := m.findText(key); i >= 0 {
		return m.vals[i], true
	}
	return nil, false
}

// GetString returns the text under key, or "" where there is none.
func (m *Map) GetString(key string) string {
	v, _ := m.Lookup(key)
	s, _ := v.(string)
	return s
}

// Has reports whether there is a value under key.
func (m *Map) Has(key any) bool { return m.find(key) >= 0 }

// Set puts v under key: in the place of the value that is there, or at the end.
func (m *Map) Set(key, v any) {
	if i := m.find(key); i >= 0 {
		m.vals[i] = v
		return
	}
	m.keys = append(m.keys, key)
	m.vals = append(m.vals, v)
	switch {
	case m.index != nil:
		m.index[normKey(key)] = len(m.keys) - 1
	case len(m.keys) >= indexFrom:
		m.reindex()
	}
}

func (m *Map) reindex() {
	m.index = nil
	if len(m.keys) < indexFrom {
		return
	}
	m.index = make(map[any]int, len(m.keys)+len(m.keys)/2)
	for i, k := range m.keys {
		m.index[normKey(k)] = i
	}
}

// Delete removes key, if it is there.
func (m *Map) Delete(key any) {
	i := m.find(key)
	if i < 0 {
		return
	}
	m.keys = slices.Delete(m.keys, i, i+1)
	m.vals = slices.Delete(m.vals, i, i+1)
	m.reindex()
}

// Len returns the number of entries.
func (m *Map) Len() int {
	if m == nil {
		return 0
	}
	return len(m.keys)
}

// Keys returns the keys in order. The caller owns the slice.
func (m *Map) Keys() []any {
	if m == nil {
		return nil
	}
	return slices.Clone(m.keys)
}

// All yields keys and values in order. The map must not change meanwhile.
func (m *Map) All() iter.Seq2[any, any] {
	return func(yield func(any, any) bool) {
		if m == nil {
			return
		}
		for i := range m.keys {
			if !yield(m.keys[i], m.vals[i]) {
				return
			}
		}
	}
}

// Clone returns a copy that shares the values.
func (m *Map) Clone() *Map {
	if m == nil {
		return &Map{}
	}
	c := &Map{keys: slices.Clone(m.keys), vals: slices.Clone(m.vals)}
	c.reindex()
	return c
}
