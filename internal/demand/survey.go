package demand

import (
	"path/filepath"
	"strings"

	"fleet/internal/argument"
	"fleet/internal/inventory"
	"fleet/internal/jinja"
	"fleet/internal/playbook"
	"fleet/internal/search"
	"fleet/internal/source"
	"fleet/internal/spec"
	"fleet/internal/vars"
)

// Survey finds out what a run can read. Set the fields, then call Playbook.
type Survey struct {
	Inventory *inventory.Inventory
	Vars      *vars.Store
	Loader    *playbook.Loader
	// Actions are the steps that the controller runs itself.
	Actions []*spec.Module
	// Gather returns the gather_subset that holds facts, which are named without
	// "ansible_"; nil gathers all.
	Gather func(facts []string) []string
	// Extra are the variables of the command line; nil is none.
	Extra *jinja.Map
}

// Playbook returns what a run of pb can read. Following the includes changes what
// the plays of pb know of their roles: load the playbook again to run it.
func (s *Survey) Playbook(pb *playbook.Playbook) *Demand {
	r := &run{Survey: s, demand: &Demand{uses: map[string][][]string{}, looped: map[string]bool{}, subset: s.Gather},
		actions: map[string]bool{}, seen: map[any]bool{}}
	for _, m := range s.Actions {
		r.actions[m.Name] = true
	}
	r.value(s.Extra)
	r.writes = s.Extra != nil && s.Extra.Has("ansible_connection")
	dirs := map[string]bool{}
	for _, p := range pb.Plays {
		if r.demand.open {
			break
		}
		r.play(p)
		dirs[filepath.Dir(p.File)] = true
	}
	r.values = true
	for dir := range dirs {
		r.inventory(dir)
	}
	if r.files && r.writes {
		r.anything()
	}
	return r.demand
}

// run is one survey.
type run struct {
	*Survey
	demand  *Demand
	actions map[string]bool
	seen    map[any]bool // nodes, entries and values that were gone through
	dir     string       // the folder of the play
	scratch *playbook.Play
	// defaults are the play's module_defaults.
	defaults source.Node
	// values: what is gone through are variables, whose texts are templates or data.
	values bool
	// files: files of the controller say what is read. writes: the run itself may
	// make or change such files.
	files, writes bool
}

// meets reports whether something is met for the first time, and is still of interest.
func (r *run) meets(what any) bool {
	if r.demand.open || r.seen[what] {
		return false
	}
	r.seen[what] = true
	return true
}

// anything notes that it is not known what is read.
func (r *run) anything() { r.demand.open = true }

func (r *run) play(p *playbook.Play) {
	r.dir, r.scratch = filepath.Dir(p.File), &playbook.Play{File: p.File}
	r.defaults = p.ModuleDefaults
	r.parts(p)
	r.hosts(p.Hosts)
	for _, n := range p.VarsFiles {
		r.varsFile(n)
	}
	if len(p.VarsPrompt) > 0 || p.Strategy.Exists() && argument.ShortName(p.Strategy.Text()) == "debug" {
		r.anything() // who knows what is typed
	}
}

// inventory takes in the variables of all hosts.
func (r *run) inventory(dir string) {
	for _, h := range r.Inventory.Hosts() {
		if r.demand.open {
			return
		}
		r.host(h.Name, dir)
	}
	writes := r.writes
	r.host("localhost", dir) // plays read its variables before they know their hosts
	r.writes = writes        // whoever runs there says so
}

func (r *run) host(name, dir string) {
	layers, err := r.Inventory.Layers(name, dir)
	if err != nil {
		r.anything()
	}
	for _, l := range layers {
		r.node(l.Vars)
	}
}

// hosts notes whether a play may run on the controller itself.
func (r *run) hosts(n source.Node) {
	for _, item := range n.Items() {
		r.hosts(item)
	}
	for _, local := range []string{"localhost", "127.0.0.1", "::1", "{"} {
		r.writes = r.writes || strings.Contains(n.Text(), local)
	}
}

// connection notes whether tasks may run on the controller itself.
func (r *run) connection(n source.Node) {
	switch n.Text() {
	case "", "ssh", "smart", "paramiko", "ansible.builtin.ssh":
	default:
		r.writes = true
	}
}

// varsFile takes in an entry of vars_files.
func (r *run) varsFile(n source.Node) {
	items := n.Items()
	if !n.IsList() {
		items = []source.Node{n}
	}
	for _, item := range items {
		r.varFile(item, nil)
	}
}

// varFile takes in a file of variables that a node names.
func (r *run) varFile(name source.Node, t *playbook.Task) {
	if !name.IsString() || jinja.IsTemplate(name.Text()) {
		r.anything()
		return
	}
	file, err := r.searchFor(t).Find("vars", name.Text())
	r.files = true
	if err != nil {
		return // the run says so, or takes the next one of a list
	}
	docs, err := source.ReadYAML(file)
	if err != nil {
		r.anything()
	}
	for _, doc := range docs {
		r.node(doc)
	}
}

// searchFor returns where a task's files are looked for; nil is the play.
func (r *run) searchFor(t *playbook.Task) search.Path {
	path := search.Path{Play: r.dir}
	if t == nil {
		return path
	}
	if role := playbook.RoleOf(t); role != nil {
		path.Role, path.Around = role.Dir, role.Around()
	}
	path.Task = t.Dir
	return path
}
