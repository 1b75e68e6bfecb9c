package check

import (
	"slices"
	"strings"

	"fleet/internal/argument"
	"fleet/internal/jinja"
	"fleet/internal/playbook"
	"fleet/internal/source"
	"fleet/internal/spec"
)

// learnt is what tasks may bring in during the run.
type learnt struct {
	names names // of variables
	// modules are those that may find facts.
	modules []*spec.Module
	hosts   names // that add_host names
	// files: tasks may make files on the controller.
	files bool
	// paths are the parts of paths that such tasks name.
	paths names
	// later are those that only tasks set, by the place of the first that does.
	later map[string]source.Pos
	// elsewhere are those of names that something else than such a task gives.
	elsewhere names
	// results are those that tasks register.
	results map[string]*record
	// open: there is more, whose names are not known before the run.
	open bool
}

// has reports whether a task may set the variable.
func (l *learnt) has(name string) bool {
	return l.names[name] || l.isFact(name)
}

// isFact reports whether a module may find a fact of this name.
func (l *learnt) isFact(name string) bool {
	return slices.ContainsFunc(l.modules, func(m *spec.Module) bool { return m.Finds(name) })
}

// survey collects what the play's tasks bring in, in includes too.
func (p *play) survey() {
	for _, n := range p.src.VarsFiles {
		p.surveyVarsFile(n)
	}
	p.surveyEntries(p.sections())
	for i := 0; i < len(p.handlers); i++ { // includes bring in more
		p.surveyTask(p.handlers[i])
	}
}

func (p *play) surveyEntries(entries []playbook.Entry) {
	for _, e := range entries {
		switch e := e.(type) {
		case *playbook.Task:
			p.surveyTask(e)
		case *playbook.Block:
			p.surveyEntries(e.Body)
			p.surveyEntries(e.Rescue)
			p.surveyEntries(e.Always)
		}
	}
}

func (p *play) surveyTask(t *playbook.Task) {
	for _, name := range p.setNames(t) {
		p.learnt.names[name] = true
		if _, known := p.learnt.later[name]; !known {
			p.learnt.later[name] = t.Pos
		}
	}
	p.recordResult(t)
	p.surveyController(t)
	if jinja.IsTemplate(t.Module) {
		p.learnt.open = true
	}
	if m := p.module(t); m != nil && (m.File != "" || m.Facts != nil) && !slices.Contains(p.learnt.modules, m) {
		p.learnt.modules = append(p.learnt.modules, m)
	}
	switch argument.ShortName(t.Module) {
	case "set_fact":
		p.learnArguments(t)
	case "add_host":
		p.learnArguments(t)
		p.surveyHost(t)
		p.learnt.open = true // its groups may have group_vars
	case "group_by":
		p.learnt.open = true
	case "meta":
		if strings.TrimSpace(t.Action.Text()) == "refresh_inventory" {
			p.learnt.open = true // it may have other hosts, groups and variables
		}
	case "include_vars":
		p.surveyIncludeVars(t)
	case "include_tasks", "include_role":
		p.surveyInclude(t)
	}
}

// surveyController notes whether the task may make files on the controller, which
// later tasks then find.
func (p *play) surveyController(t *playbook.Task) {
	to := inherited(p.src, t, func(k *playbook.Keywords) source.Node { return k.DelegateTo })
	by := inherited(p.src, t, func(k *playbook.Keywords) source.Node { return k.Connection })
	if argument.ShortName(t.Module) == "fetch" || p.isTemplate(to) || isLocal(to.Text()) || by.Text() == "local" {
		p.learnt.files = true
		p.learnPaths(t.Action)
		p.learnPaths(t.Args)
		if t.Loop != nil {
			p.learnPaths(t.Loop.Items)
		}
	}
}

// learnPaths takes in the parts of paths that a task on the controller names.
func (p *play) learnPaths(n source.Node) {
	for _, pair := range n.Pairs() {
		p.learnPaths(pair.Value)
	}
	for _, item := range n.Items() {
		p.learnPaths(item)
	}
	for _, part := range strings.FieldsFunc(n.Text(), func(c rune) bool { return strings.ContainsRune("/ \t\n\"'={}", c) }) {
		p.learnt.paths[part] = true
	}
}

func isLocal(host string) bool { return host == "localhost" || host == "127.0.0.1" || host == "::1" }

// learnArguments takes the names of a task's arguments for variables.
func (p *play) learnArguments(t *playbook.Task) {
	g := p.given(t)
	p.learnt.open = p.learnt.open || g.template
	for name := range g.values {
		if jinja.IsTemplate(name) {
			p.learnt.open = true
		}
		p.learnt.names[name] = true
		if argument.ShortName(t.Module) != "set_fact" {
			p.learnt.elsewhere[name] = true
		}
	}
}

// learn takes in a variable that comes from elsewhere than a register or set_fact.
func (p *play) learn(name string) { p.learnt.names[name], p.learnt.elsewhere[name] = true, true }

func (p *play) surveyHost(t *playbook.Task) {
	g := p.given(t)
	for _, key := range []string{"name", "host", "hostname"} {
		if name, ok := g.values[key].(string); ok {
			p.learnt.hosts[name] = true
		}
	}
}

// surveyIncludeVars takes in what include_vars can read.
func (p *play) surveyIncludeVars(t *playbook.Task) {
	g := p.given(t)
	if _, others := g.values["extensions"]; others {
		p.learnt.open = true
	}
	if v, named := g.values["name"]; named {
		if name, ok := v.(string); ok {
			p.learn(name)
		} else {
			p.learnt.open = true
		}
		return
	}
	where := p.searchFor(t)
	for _, arg := range []string{"file", "dir"} {
		v, ok := g.values[arg]
		if !ok {
			continue
		}
		var files []string
		if name, literal := v.(string); literal {
			if found, err := where.Find("vars", name); err == nil {
				files = varFiles(found)
			}
		} else if files = p.candidates(t, g.text(arg), where.Dirs("vars")); len(files) == 0 {
			p.learnt.open = true
		}
		p.learnFiles(files)
	}
	if g.template {
		p.learnt.open = true
	}
}

// learnFiles takes in the variables of files.
func (p *play) learnFiles(files []string) {
	for _, f := range files {
		for _, file := range varFiles(f) {
			for _, pair := range p.varDoc(file).node.Pairs() {
				p.learn(pair.Key.Text())
			}
		}
	}
}

// surveyVarsFile takes in an entry of vars_files: what surely will be read as
// the play's variables, what perhaps will be as names only.
func (p *play) surveyVarsFile(n source.Node) {
	where := p.searchFor(nil)
	items := n.Items()
	if !n.IsList() {
		items = []source.Node{n}
	}
	for _, item := range items {
		name, literal := p.literal(item)
		if !literal {
			files := p.candidates(nil, item.Text(), where.Dirs("vars"))
			p.learnt.open = p.learnt.open || len(files) == 0
			p.learnFiles(files)
			continue
		}
		found, err := where.Find("vars", name)
		if err != nil {
			continue
		}
		doc := p.varDoc(found)
		p.learnt.open = p.learnt.open || doc.err != nil // it is told by itself
		p.Vars.Put(p.vars.Files, p.Vars.Map(doc.node))
		return
	}
}

// surveyInclude takes in what an include can bring in, each file once.
func (p *play) surveyInclude(t *playbook.Task) {
	inc := p.include(t)
	p.learnt.open = p.learnt.open || inc.open
	p.openHandlers = p.openHandlers || inc.open
	for _, part := range inc.parts {
		if part.err != nil && !part.vague {
			p.openHandlers, p.learnt.open = true, true
		}
		if part.block == nil || p.surveyed[part.key] {
			continue
		}
		p.surveyed[part.key] = true
		p.handlers = append(append(p.handlers, part.block.Handlers...), part.handlers...)
		p.learnRoles(part)
		p.surveyEntries([]playbook.Entry{part.block})
	}
}

// learnRoles takes in the variables that included roles show to others: those of
// public ones, and those of dependencies.
func (p *play) learnRoles(part part) {
	for b := range blocks([]playbook.Entry{part.block}) {
		if b.Role == nil || b.Role.Private && len(b.Role.Parents) == 0 {
			continue
		}
		for _, n := range []source.Node{b.Role.Defaults, b.Role.Vars} {
			for _, pair := range n.Pairs() {
				p.learn(pair.Key.Text())
			}
		}
	}
}
