package check

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"fleet/internal/jinja"
	"fleet/internal/playbook"
	"fleet/internal/search"
	"fleet/internal/source"
	"fleet/internal/vars"
)

// play is one play that is checked.
type play struct {
	*run
	src     *playbook.Play
	dir     string // the playbook's folder
	vars    *vars.Play
	hosts   []string
	sure    bool // these are the hosts, and there are some
	classes []class
	scopes  map[playbook.Entry][]*vars.Scope

	included    map[*playbook.Task]*inclusion
	handlers    []*playbook.Task // the play's, and those of included roles
	handled     handled          // what they are called
	notified    names            // what tasks notify
	anyNotified bool             // some notify what is not known before the run
	// openHandlers: there are handlers whose names are not known.
	openHandlers bool
	// scratch stands for the play where roles are included: reading a role changes
	// what a play knows of its roles.
	scratch *playbook.Play

	surveyed names         // includes that were followed for what they define
	followed map[step]bool // includes and variables that were followed, and whether for certain
	asserted names         // variables that the play itself asks for
	ended    bool          // the play may have ended here
	within   []template    // variables' values that are being followed
}

// step is an include or a variable's value that is looked into at a place.
type step struct{ what, where any }

func (r *run) newPlay(pp *playbook.Play) *play {
	p := &play{run: r, src: pp, dir: filepath.Dir(pp.File), scopes: map[playbook.Entry][]*vars.Scope{},
		included: map[*playbook.Task]*inclusion{}, handlers: slices.Clone(pp.Handlers),
		scratch: &playbook.Play{File: pp.File}, notified: names{}, surveyed: names{}, followed: map[step]bool{}, asserted: names{}}
	p.vars = &vars.Play{Vars: r.Vars.Map(pp.Vars), Prompts: jinja.NewMap(), Files: jinja.NewMap()}
	if pp.Gaps {
		p.openHandlers, p.learnt.open = true, true
	}
	for _, prompt := range pp.VarsPrompt {
		p.vars.Prompts.Set(prompt.Name, "")
	}
	for b := range blocks(p.sections()) {
		if b.Role != nil && !b.Role.Private {
			p.vars.Roles = append(p.vars.Roles, b.Role)
		}
	}
	return p
}

// sections returns the play's lists of entries in the order in which they run.
func (p *play) sections() []playbook.Entry {
	return slices.Concat(p.src.PreTasks, p.src.Roles, p.src.Tasks, p.src.PostTasks)
}

// blocks yields the blocks among the entries, outer ones first.
func blocks(entries []playbook.Entry) func(yield func(*playbook.Block) bool) {
	return func(yield func(*playbook.Block) bool) {
		for _, e := range entries {
			b, ok := e.(*playbook.Block)
			if !ok {
				continue
			}
			if !yield(b) {
				return
			}
			for inner := range blocks(slices.Concat(b.Body, b.Rescue, b.Always)) {
				if !yield(inner) {
					return
				}
			}
		}
	}
}

// searchFor returns where an entry's files are looked for; nil is the play.
func (p *play) searchFor(e playbook.Entry) search.Path {
	path := search.Path{Play: p.dir}
	if e == nil {
		return path
	}
	if role := playbook.RoleOf(e); role != nil {
		path.Role, path.Around = role.Dir, role.Around()
	}
	if t, ok := e.(*playbook.Task); ok {
		path.Task = t.Dir
	}
	return path
}

// searchForTask is searchFor, where no task is the play.
func (p *play) searchForTask(t *playbook.Task) search.Path {
	if t == nil {
		return p.searchFor(nil)
	}
	return p.searchFor(t)
}

// check checks the play, once all plays have been surveyed.
func (p *play) check() {
	p.see(p.src.File)
	p.run.gathered = p.run.gathered || p.gathers()
	p.findHosts()
	p.classify()
	s := site{certain: p.sure && len(p.src.When) == 0}
	p.definitions(p.vars.Vars)
	p.overrides(p.src.Vars)
	p.reserved(p.src.Vars)
	p.connectionVars(p.src.Vars)
	p.playKeywords(s)
	for _, n := range p.src.VarsFiles {
		p.varsFile(n, s)
	}
	for _, h := range p.handlers { // they run between the sections
		p.sets(h)
	}
	for _, section := range [][]playbook.Entry{p.src.PreTasks, p.src.Roles, p.src.Tasks, p.src.PostTasks} {
		p.entries(section, s)
	}
	s.certain = false
	for _, h := range p.handlers {
		at := p.lent(h, s)
		at.lenient = playbook.RoleOf(h) != nil && !p.mayRun(h) // a role has handlers for its users, too
		p.task(h, at)
		p.topics(h)
	}
}

// playKeywords checks what the play says besides its tasks.
func (p *play) playKeywords(s site) {
	p.keywords(&p.src.Keywords, s)
	for _, n := range []source.Node{p.src.GatherFacts, p.src.GatherSubset, p.src.GatherTimeout, p.src.FactPath, p.src.Serial, p.src.MaxFailPercentage, p.src.ForceHandlers} {
		p.evaluated(n, s)
	}
	for _, prompt := range p.src.VarsPrompt {
		p.evaluated(prompt.Text, s)
		p.evaluated(prompt.Default, s)
	}
	p.conditions(p.src.When, s)
}

// class is the hosts of a play that have the same variables as far as the check
// can tell: the same names, and the same templates behind them.
type class struct{ hosts []string }

// classify sorts the play's hosts into classes.
func (p *play) classify() {
	index := map[string]int{}
	for _, h := range p.hosts {
		layers, err := p.Inventory.Layers(h, p.dir)
		if err != nil {
			p.fail(err, p.src.Hosts.Pos(), true)
			return
		}
		p.learnt.files = p.learnt.files || isLocal(h)
		for _, l := range layers {
			p.definitions(p.Vars.Map(l.Vars))
		}
		values := strongest(layers)
		p.inventoryConnection(values)
		p.learnt.files = p.learnt.files || values["ansible_connection"].Text() == "local"
		key := p.signature(values)
		i, known := index[key]
		if !known {
			i = len(p.classes)
			index[key] = i
			p.classes = append(p.classes, class{})
		}
		p.classes[i].hosts = append(p.classes[i].hosts, h)
	}
}

// signature is the same for hosts of one class.
func (p *play) signature(values map[string]source.Node) string {
	lines := make([]string, 0, len(values))
	for name, n := range values {
		templates := false
		p.leaf(n, func(source.Node, *text) { templates = true })
		if templates {
			name += fmt.Sprintf(" %p", n.Node)
		}
		lines = append(lines, name)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}
