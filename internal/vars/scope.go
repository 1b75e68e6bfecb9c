package vars

import (
	"maps"
	"slices"

	"fleet/internal/jinja"
	"fleet/internal/playbook"
)

// layer is variables of one origin.
type layer interface {
	lookup(name string) (any, bool)
	names() []string
}

type mapLayer struct{ *jinja.Map }

func (l mapLayer) lookup(name string) (any, bool) { return l.Lookup(name) }

func (l mapLayer) names() []string {
	names := make([]string, 0, l.Len())
	for _, k := range l.Keys() {
		names = append(names, jinja.Str(k))
	}
	return names
}

// hostLayer is one kind of what a host has learnt.
type hostLayer struct {
	host   *Host
	kind   kind
	before *Place
}

func (l hostLayer) lookup(name string) (any, bool) {
	return l.host.lookup(l.kind, name, l.before)
}

func (l hostLayer) names() []string { return l.host.names(l.kind, l.before) }

// Pending knows the tasks that were begun ahead of the results of those in front
// of them. The host may still learn from these what a scope has to show.
type Pending interface {
	// AwaitSet returns when no task in front sets the variable any more.
	AwaitSet(name string)
	// AwaitFact returns when no task in front finds a fact of that name any more.
	AwaitFact(name string)
	// AwaitAll returns when all tasks in front have ended. An error says that one of
	// them has failed: what asks is not to go on.
	AwaitAll() error
}

// pendingLayer is a hostLayer of set variables or facts, some of which may still
// be learnt.
type pendingLayer struct {
	hostLayer
	pending Pending
}

func (l pendingLayer) lookup(name string) (any, bool) {
	if l.kind == fact {
		l.pending.AwaitFact(name)
	} else {
		l.pending.AwaitSet(name)
	}
	return l.hostLayer.lookup(name)
}

func (l pendingLayer) names() []string {
	// Where a task has failed, nobody looks at the names.
	_ = l.pending.AwaitAll()
	return l.hostLayer.names()
}

// addressLayer is the weakest of all: a task sees an ansible_host always.
type addressLayer struct {
	scope   *Scope
	address string
}

func (l addressLayer) lookup(name string) (any, bool) {
	if name != "ansible_host" {
		return nil, false
	}
	if v, ok := l.scope.Lookup("ansible_ssh_host"); ok {
		return v, true
	}
	return l.address, true
}

func (l addressLayer) names() []string { return []string{"ansible_host"} }

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
	local   map[string]any
	magic   Magic
	layers  []layer
	merge   bool
	pending Pending
}

// Scope returns the variables at a point of the run, in Ansible's precedence.
func (s *Store) Scope(w Where) (*Scope, error) {
	base, err := s.base(w.Host, w.PlaybookDir)
	if err != nil {
		return nil, err
	}
	host := s.Host(w.Host)
	chain := s.chain(w.Entry)
	sc := &Scope{magic: w.Magic, pending: w.Pending, merge: s.Merge}
	sc.add(mapLayer{s.extra})
	sc.addNested(chain.params)
	sc.add(w.learnt(host, set), hostLayer{host, included, w.Before})
	sc.addNested(chain.vars)
	roles := rolesFor(w)
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
	sc.add(w.learnt(host, fact), hostLayer{host, added, w.Before})
	sc.add(base...)
	for _, r := range roles {
		sc.addMap(s.Map(r.Defaults))
	}
	if w.Address != "" {
		sc.add(addressLayer{sc, w.Address})
	}
	return sc, nil
}

func (w Where) learnt(h *Host, k kind) layer {
	l := hostLayer{h, k, w.Before}
	if w.Pending == nil {
		return l
	}
	return pendingLayer{l, w.Pending}
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
		own := mapLayer{s.Map(e.Common().Vars)}
		if b, isBlock := e.(*playbook.Block); isBlock {
			l.params = append(l.params, mapLayer{s.Map(b.Params)})
			if b.Use != nil && own.Len() > 0 {
				if l.uses == nil {
					l.uses = map[*playbook.Role][]layer{}
				}
				l.uses[b.Use] = append(l.uses[b.Use], own)
				own = mapLayer{jinja.NewMap()}
			}
		}
		l.vars = append(l.vars, own)
		up := e.Up()
		if up == nil {
			break
		}
		e = up
	}
	empty := func(l layer) bool { return l.(mapLayer).Len() == 0 }
	l.params = slices.DeleteFunc(l.params, empty)
	l.vars = slices.DeleteFunc(l.vars, empty)
	return l
}

// rolesFor returns the roles that are seen at w, the strongest first: the
// entry's own, those that it depends on, those that brought it in, then the play's others, last first.
func rolesFor(w Where) []*playbook.Role {
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
	if w.Entry != nil {
		add(playbook.RoleOf(w.Entry))
	}
	if w.Play != nil {
		for i := len(w.Play.Roles) - 1; i >= 0; i-- {
			add(w.Play.Roles[i])
		}
	}
	return roles
}

func (sc *Scope) add(layers ...layer) { sc.layers = append(sc.layers, layers...) }

func (sc *Scope) addNested(layers []layer) {
	if sc.merge {
		layers = []layer{nested(layers)}
	}
	sc.add(layers...)
}

func (sc *Scope) addMap(m *jinja.Map) {
	if m != nil && m.Len() > 0 {
		sc.layers = append(sc.layers, mapLayer{m})
	}
}

// With returns a scope that has further variables on top of all: a loop's item,
// the result that changed_when looks at. sc is not changed.
func (sc *Scope) With(names map[string]any) *Scope {
	if len(names) == 0 {
		return sc
	}
	out := *sc
	out.local = make(map[string]any, len(sc.local)+len(names))
	for k, v := range sc.local {
		out.local[k] = v
	}
	for k, v := range names {
		out.local[k] = v
	}
	return &out
}

// Lookup returns the value of a name, possibly Lazy.
func (sc *Scope) Lookup(name string) (any, bool) {
	if v, ok := sc.local[name]; ok {
		return v, true
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
	add(slices.Sorted(maps.Keys(sc.local)))
	return names
}
