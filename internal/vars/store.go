// Package vars says which value a name has, on this host, at this place of the
// play. It runs on the controller. It holds Ansible's precedence, what each host
// has learnt during the run, and the marks of secret names; it evaluates
// nothing: values that hold templates are given out as they are.
package vars

import (
	"sync"

	"gopkg.in/yaml.v3"

	"fleet/internal/inventory"
	"fleet/internal/jinja"
	"fleet/internal/source"
)

// Secrets takes the values that must never be shown.
type Secrets interface {
	Add(secret string)
}

// Store is the variables of one run. It is safe for concurrent use.
type Store struct {
	// Merge puts the mappings that a name has in several places together, in place of
	// the strongest alone. Set it before the store is used.
	Merge bool

	inventory *inventory.Inventory
	extra     *jinja.Map
	secrets   Secrets

	values sync.Map // *yaml.Node → any: what Value made of it

	// What hosts know before the run.
	cached   func(host string) jinja.Scope
	mayCache func(name string) bool

	mu    sync.Mutex
	hosts map[string]*Host
	bases map[baseKey]*base
}

type baseKey struct{ host, dir string }

// base is what the inventory says of a host, the strongest layer first.
type base struct {
	once   sync.Once
	layers []layer
	err    error
}

// NewStore returns a store over an inventory. extra are the variables of the
// command line, which win over all others; it may be nil.
func NewStore(inv *inventory.Inventory, extra *jinja.Map, secrets Secrets) *Store {
	if extra == nil {
		extra = jinja.NewMap()
	}
	s := &Store{inventory: inv, extra: extra, secrets: secrets,
		hosts: map[string]*Host{}, bases: map[baseKey]*base{}}
	s.markMap(extra)
	return s
}

// Value returns what a node of the operator's own files stands for, made once:
// text with a template marker is Lazy, and what lies under a secret name is
// marked.
func (s *Store) Value(n source.Node) any {
	if !n.Exists() {
		return nil
	}
	if v, ok := s.values.Load(n.Node); ok {
		return v
	}
	v, _ := s.values.LoadOrStore(n.Node, jinja.FromYAML(n))
	return v
}

// Map is Value for variables: a mapping, with the secrets in it marked. Of any
// other node it is empty.
func (s *Store) Map(n source.Node) *jinja.Map {
	if !n.IsMap() {
		return jinja.NewMap()
	}
	key := (*secretNode)(n.Node)
	if v, ok := s.values.Load(key); ok {
		return v.(*jinja.Map)
	}
	m, ok := jinja.FromYAML(n).(*jinja.Map)
	if !ok {
		m = jinja.NewMap()
	}
	s.markMap(m)
	if n.Encrypted() {
		s.hideText(m)
	}
	v, _ := s.values.LoadOrStore(key, m)
	return v.(*jinja.Map)
}

// secretNode is another key for the same node: its value with secrets marked.
type secretNode yaml.Node

// SetCache lets hosts know facts before the run: those that read returns, which is
// called when a host is asked for a name that may be among them. Call it before
// a host has learnt anything.
func (s *Store) SetCache(read func(host string) jinja.Scope, may func(name string) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cached, s.mayCache = read, may
	for name, h := range s.hosts {
		h.SetFactsLater(may, func() jinja.Scope { return read(name) }, Place{})
	}
}

// Host returns what the host has learnt so far.
func (s *Store) Host(name string) *Host {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.hosts[name]
	if h == nil {
		h = &Host{store: s, kinds: map[kind]map[string][]learnt{}, order: map[kind][]string{}}
		if s.cached != nil {
			h.SetFactsLater(s.mayCache, func() jinja.Scope { return s.cached(name) }, Place{})
		}
		s.hosts[name] = h
	}
	return h
}

// base returns the inventory's layers for a host, the strongest first.
func (s *Store) base(host, playbookDir string) ([]layer, error) {
	key := baseKey{host, playbookDir}
	s.mu.Lock()
	b := s.bases[key]
	if b == nil {
		b = &base{}
		s.bases[key] = b
	}
	s.mu.Unlock()
	b.once.Do(func() {
		layers, err := s.inventory.Layers(host, playbookDir)
		b.err = err
		for i := len(layers) - 1; i >= 0; i-- {
			b.layers = append(b.layers, mapLayer{s.Map(layers[i].Vars)})
		}
	})
	return b.layers, b.err
}

// Define gives a host the variables of add_host, as strong as the inventory's. It
// reports whether one of them was not known before with the same value.
func (s *Store) Define(host, playbookDir string, vars *jinja.Map, at Place) (changed bool, err error) {
	layers, err := s.base(host, playbookDir)
	if err != nil {
		return false, err
	}
	h := s.Host(host)
	layers = append([]layer{&hostLayer{h, added, nil}}, layers...)
	for k, v := range vars.All() {
		known, ok := search(layers, jinja.Str(k))
		if same := ok && jinja.Equal(known, v); !same {
			changed = true
		}
	}
	s.collect(vars, false)
	h.learn(added, vars, at)
	return changed, nil
}

func search(layers []layer, name string) (any, bool) {
	for _, l := range layers {
		if v, ok := l.lookup(name); ok {
			return v, true
		}
	}
	return nil, false
}

// InventoryChanged makes the store ask the inventory anew, after add_host and group_by.
func (s *Store) InventoryChanged() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.bases)
}

// Given reports whether the command line sets the variable.
func (s *Store) Given(name string) bool { return s.extra.Has(name) }
