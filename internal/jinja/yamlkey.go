package jinja

import (
	"strings"
)

func (w *yamlWriter) dict(m *Map, depth int) error {
	keys := m.Keys()
	if w.sort {
		if s, err := sortKeysOf(keys); err == nil {
			keys = s
		}
	}
	if w.inline(m.vals, m.keys) {
		return w.inlineItems("{", "}", len(keys), func(i int) error { return w.entry(m, keys[i], depth) })
	}
	defer w.deeper(false, false)()
	for _, k := range keys {
		w.newLevelLine()
		if err := w.entry(m, k, depth); err != nil {
			return err
		}
	}
	return nil
}

// entry writes a key and its value.
func (w *yamlWriter) entry(m *Map, k any, depth int) error {
	v, _ := m.Get(k)
	block := w.flow == 0
	if simpleKey(k) {
		if err := w.node(k, yamlPlace{mapping: true, key: true}, depth+1); err != nil {
			return err
		}
		w.indicator(":", false, false, false)
		return w.node(v, yamlPlace{mapping: true}, depth+1)
	}
	w.indicator("?", true, false, block)
	if err := w.node(k, yamlPlace{mapping: true}, depth+1); err != nil {
		return err
	}
	if block || w.col > w.width {
		w.newLevelLine()
	}
	w.indicator(":", true, false, block)
	return w.node(v, yamlPlace{mapping: true}, depth+1)
}

// simpleKey reports whether a key stands in front of a colon, without "?".
func simpleKey(k any) bool {
	switch k := k.(type) {
	case string:
		return len(k) <= 128 && !strings.ContainsAny(k, yamlBreaks)
	case Tuple:
		return len(k) == 0
	}
	return true
}
