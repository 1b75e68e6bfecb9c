package vars

import (
	"maps"
	"slices"

	"fleet/internal/jinja"
	"fleet/internal/playbook"
	"fleet/internal/source"
)

// Magic gives the variables that the engine itself provides (inventory_hostname,
// hostvars, ...). They cannot be overridden.
type Magic interface {
	Lookup(name string) (any, bool)
	Names() []string
}

// Where says for which point of a run a scope is wanted.
type Where struct {
	Host        string
	PlaybookDir string         // for group_vars and host_vars beside the playbook
	Play        *Play          // nil outside of plays
	Entry       playbook.Entry // the task or block; nil: the play itself
	Magic       Magic
	Address     string // what ansible_host is where nothing sets it; empty: then it is undefined
	// Connection is what ansible_connection is where nothing sets it; nil, or an empty
	// text: then it is undefined. It is asked only with Address.
	Connection func() string
	// Before hides what the host learnt at this place or later; nil hides nothing.
	Before *Place
	// Pending waits for what the host is about to learn; nil where it is nothing.
	Pending Pending
}

// Play is the variables that a play brings for one host.
type Play struct {
	Vars    *jinja.Map
	Prompts *jinja.Map
	Files   *jinja.Map       // vars_files
	Roles   []*playbook.Role // whose defaults and vars the whole play sees
	// Reading says that the names of vars_files are wanted, which do not see what is
	// stronger than these files.
	Reading bool
}

// Scope is a jinja.Scope: the variables at one point, the strongest layer first.
// It is for one goroutine.
type Scope struct {
	*point
	local map[string]any
	below *Scope // what local was put on top of; nil: the point alone
}

// point is what scopes at one point share.
type point struct {
	magic   Magic
	layers  []layer
	merge   bool
	pending Pending
	// What the host has learnt, here so that the layers need no memory of their own.
	set, fact       pendingLayer
	included, added hostLayer
}

// Scope returns the variables at a point of the run, in Ansible's precedence.
func (s *Store) Scope(w Where) (*Scope, error) {
	base, err := s.base(w.Host, w.PlaybookDir)
	if err != nil {
		return nil, err
	}
	host := s.Host(w.Host)
	chain := s.chain(w.Entry)
	roles := rolesFor(w)
	sc := &Scope{point: &point{magic: w.Magic, pending: w.Pending, merge: s.Merge,
		layers: make([]layer, 0, 9+len(chain.params)+len(chain.vars)+2*len(roles)+len(base)),
		set:    pendingLayer{hostLayer{host, set, w.Before}, w.Pending}, fact: pendingLayer{hostLayer{host, fact, w.Before}, w.Pending},
		included: hostLayer{host, included, w.Before}, added: hostLayer{host, added, w.Before}}}
	sc.addMap(s.extra)
	sc.addNested(chain.params)
	sc.add(&sc.set, &sc.included)
	sc.addNested(chain.vars)
	for _, r := range roles {
		sc.add(chain.uses[r]...)
		if w.Play == nil || !w.Play.Reading {
			sc.addMap(s.Map(r.Vars))
		}
	}
	if w.Play != nil {
		sc.addMap(w.Play.Files)
		sc.addMap(w.Play.Prompts)
		sc.addMap(w.Play.Vars)
	}
	sc.add(&sc.fact, &sc.added)
	sc.add(base...)
	for _, r := range roles {
		sc.addMap(s.Map(r.Defaults))
	}
	if w.Address != "" {
		sc.add(reachLayer{sc, w.Address, w.Connection})
	}
	return sc, nil
}

// Settle returns when the host knows all that the tasks in front of the scope's
// point let it know. An error says that one of them has failed.
func (sc *Scope) Settle() error {
	if sc.pending == nil {
		return nil
	}
	return sc.pending.AwaitAll()
}

// links are the variables of an entry and of the blocks around it, the inner
// first: parameters, the others, and those of a role's use, which are a bit
// stronger than the role's own.
type links struct {
	params, vars []layer
	uses         map[*playbook.Role][]layer
}

func (s *Store) chain(e playbook.Entry) links {
	var l links
	for e != nil {
		b, isBlock := e.(*playbook.Block)
		if isBlock {
			l.params = s.appendLayer(l.params, b.Params)
		}
		if own := e.Common().Vars; isBlock && b.Use != nil && own.IsMap() {
			if l.uses == nil {
				l.uses = map[*playbook.Role][]layer{}
			}
			l.uses[b.Use] = s.appendLayer(l.uses[b.Use], own)
		} else {
			l.vars = s.appendLayer(l.vars, own)
		}
		up := e.Up()
		if up == nil {
			break
		}
		e = up
	}
	return l
}

// appendLayer adds the variables of a node, where it has any.
func (s *Store) appendLayer(layers []layer, n source.Node) []layer {
	if !n.IsMap() {
		return layers
	}
	if m := s.Map(n); m.Len() > 0 {
		layers = append(layers, mapLayer{m})
	}
	return layers
}

// rolesFor returns the roles that are seen at w, the strongest first: the
// entry's own, those that it depends on, those that brought it in, then the play's others, last first.
func rolesFor(w Where) []*playbook.Role {
	var own *playbook.Role
	if w.Entry != nil {
		own = playbook.RoleOf(w.Entry)
	}
	if own == nil && (w.Play == nil || len(w.Play.Roles) == 0) {
		return nil
	}
	var roles []*playbook.Role
	seen := map[*playbook.Role]bool{}
	var add func(r *playbook.Role)
	add = func(r *playbook.Role) {
		if r == nil || seen[r] {
			return
		}
		seen[r] = true
		roles = append(roles, r)
		for i := len(r.Dependencies) - 1; i >= 0; i-- {
			add(r.Dependencies[i])
		}
		for i := len(r.Parents) - 1; i >= 0; i-- {
			add(r.Parents[i])
		}
	}
	add(own)
	if w.Play != nil {
		for i := len(w.Play.Roles) - 1; i >= 0; i-- {
			add(w.Play.Roles[i])
		}
	}
	return roles
}

func (sc *point) add(layers ...layer) { sc.layers = append(sc.layers, layers...) }

func (sc *point) addNested(layers []layer) {
	if sc.merge {
		layers = []layer{nested(layers)}
	}
	sc.add(layers...)
}

func (sc *point) addMap(m *jinja.Map) {
	if m != nil && m.Len() > 0 {
		sc.layers = append(sc.layers, mapLayer{m})
	}
}

// With returns a scope that has further variables on top of all: a loop's item,
// the result that changed_when looks at. sc is not changed, and names belong to
// the scope.
func (sc *Scope) With(names map[string]any) *Scope {
	if len(names) == 0 {
		return sc
	}
	return &Scope{point: sc.point, local: names, below: sc}
}

// Lookup returns the value of a name, possibly Lazy.
func (sc *Scope) Lookup(name string) (any, bool) {
	for s := sc; s != nil; s = s.below {
		if v, ok := s.local[name]; ok {
			return v, true
		}
	}
	if sc.magic != nil {
		if v, ok := sc.magic.Lookup(name); ok {
			return v, true
		}
	}
	if sc.merge {
		return merged(sc.layers, name)
	}
	for _, l := range sc.layers {
		if v, ok := l.lookup(name); ok {
			return v, true
		}
	}
	return nil, false
}

// Names returns all names, each once, in Ansible's order: the weakest origin
// first, and those of one origin as they were written or became known.
func (sc *Scope) Names() []string {
	var names []string
	seen := map[string]bool{}
	add := func(more []string) {
		for _, name := range more {
			if !seen[name] {
				seen[name] = true
				names = append(names, name)
			}
		}
	}
	for _, l := range slices.Backward(sc.layers) {
		add(l.names())
	}
	if sc.magic != nil {
		add(sc.magic.Names())
	}
	local := map[string]bool{}
	for s := sc; s != nil; s = s.below {
		for name := range s.local {
			local[name] = true
		}
	}
	add(slices.Sorted(maps.Keys(local)))
	return names
}
