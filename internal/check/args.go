package check

import (
	"slices"
	"strconv"
	"strings"

	"fleet/internal/argument"
	"fleet/internal/playbook"
	"fleet/internal/source"
	"fleet/internal/spec"
)

// opaque is a value that is not known before the run.
type opaque struct{}

// given is the arguments of a task, as far as they are known.
type given struct {
	module *spec.Module // nil: unknown
	values map[string]any
	nodes  map[string]source.Node // of those that are written as a mapping
	pos    map[string]source.Pos
	// maybe are those that may turn out to be omitted.
	words map[string]string // what stands in free form, by argument
	maybe names
	// template: a template gives further arguments.
	template bool
	err      error
}

// given reads the arguments of a task.
func (p *play) given(t *playbook.Task) *given {
	g := &given{module: p.module(t), values: map[string]any{}, nodes: map[string]source.Node{}, pos: map[string]source.Pos{}, words: map[string]string{}, maybe: names{}}
	if g.module == nil {
		return g
	}
	p.defaults(t, g)
	p.mapping(t.Args, g)
	if n := t.Action; n.IsString() || n.Exists() && !n.IsMap() && !n.IsList() && !n.IsNull() {
		p.freeForm(t, g)
		return g
	}
	p.mapping(t.Action, g)
	return g
}

// module returns the description of what a task runs, or nil.
func (r *run) module(t *playbook.Task) *spec.Module {
	name := argument.ShortName(t.Module)
	if name == "gather_facts" {
		name = "setup"
	}
	if m := r.actions[name]; m != nil {
		return m
	}
	for _, n := range []string{t.Module, name} {
		if m, ok := r.Modules.Find(n); ok {
			return m
		}
	}
	return nil
}

// defaults adds what module_defaults says, the outer first.
func (p *play) defaults(t *playbook.Task, g *given) {
	nodes := []source.Node{p.src.ModuleDefaults}
	for b := t.Parent; b != nil; b = b.Parent {
		nodes = slices.Insert(nodes, 1, b.ModuleDefaults)
	}
	for _, n := range append(nodes, t.ModuleDefaults) {
		all := []source.Node{n}
		if n.IsList() {
			all = n.Items()
		}
		for _, m := range all {
			g.template = g.template || p.isTemplate(m)
			for _, pair := range m.Pairs() {
				switch name := argument.ShortName(pair.Key.Text()); {
				case name == g.module.Name:
					p.mapping(pair.Value, g)
				case stands(g.module.Name, name):
					g.template = true // what the host has decides whether they count
				}
			}
		}
	}
}

// stands reports whether a module hands its arguments to another, as the host needs it.
func stands(general, special string) bool {
	switch general {
	case "package":
		return slices.Contains([]string{"apt", "dnf", "dnf5", "yum"}, special)
	case "service":
		return slices.Contains([]string{"systemd", "systemd_service", "sysvinit"}, special)
	}
	return false
}

// mapping adds the entries of a mapping, or of a template that will give one.
func (p *play) mapping(n source.Node, g *given) {
	if p.isTemplate(n) {
		g.template = true
	}
	for _, pair := range n.Pairs() {
		name := pair.Key.Text()
		g.values[name], g.maybe[name] = p.plain(pair.Value)
		g.nodes[name], g.pos[name] = pair.Value, pair.Value.Pos()
	}
}

// freeForm adds what the text behind the module's name says.
func (p *play) freeForm(t *playbook.Task, g *given) {
	var pairs []playbook.KV
	var template bool
	pairs, template, g.err = argument.FreeForm(t, g.module)
	g.template = g.template || template
	for _, kv := range pairs {
		g.values[kv.Key], g.pos[kv.Key] = kv.Value, kv.Pos
		delete(g.nodes, kv.Key)
		g.words[kv.Key] = kv.Value
		if strings.Contains(kv.Value, "{{") || strings.Contains(kv.Value, "{%") {
			g.values[kv.Key], g.maybe[kv.Key] = opaque{}, strings.Contains(kv.Value, "omit")
		}
	}
}

// plain returns the value of a node with opaque for every template in it, and
// whether it may turn out to be omitted.
func (p *play) plain(n source.Node) (v any, maybe bool) {
	switch {
	case n.IsMap():
		m := map[string]any{}
		for _, pair := range n.Pairs() {
			value, omit := p.plain(pair.Value)
			if !omit {
				m[pair.Key.Text()] = value
			}
		}
		return m, false
	case n.IsList():
		list := []any{}
		for _, item := range n.Items() {
			value, _ := p.plain(item)
			list = append(list, value)
		}
		return list, false
	case n.IsString():
		if t := p.template(n); t != nil {
			return opaque{}, t.maybe
		}
	}
	return source.Scalar(n), false
}

// get returns an argument by its name or an alias.
func (g *given) get(name string) (any, bool) {
	if v, ok := g.values[name]; ok && v != nil {
		return v, true
	}
	if g.module == nil {
		return nil, false
	}
	a, _ := spec.Find(g.module.Args(), name)
	for _, alias := range append([]string{a.Name}, a.Aliases...) {
		if v, ok := g.values[alias]; ok && v != nil {
			return v, true
		}
	}
	return nil, false
}

// text returns what is written for an argument.
func (g *given) text(name string) string {
	if word, ok := g.words[name]; ok {
		return word
	}
	return g.nodes[name].Text()
}

// flag returns an argument that is yes or no, and whether it is known.
func (g *given) flag(name string) (value, known bool) {
	v, given := g.get(name)
	switch v := v.(type) {
	case bool:
		return v, true
	case string:
		switch strings.ToLower(v) {
		case "yes", "on", "1", "true", "t", "y":
			return true, true
		}
		return false, true
	case int:
		return v == 1, true
	}
	return false, !given && !g.template
}

// arguments holds the arguments of a task against its module.
func (p *play) arguments(t *playbook.Task, g *given, s site) {
	m := g.module
	if m == nil {
		return
	}
	if g.err != nil {
		p.fail(g.err, t.ModulePos, s.certain)
		return
	}
	relaxed := *m
	if g.template {
		relaxed.OneOf, relaxed.Together = nil, nil
		args := slices.Clone(m.Args())
		for i := range args {
			args[i].Required = false
		}
		relaxed.Declares = func() []spec.Arg { return args }
	}
	all := withoutEchoes(mistakes(&relaxed, g, false))
	if len(all) == 0 {
		return
	}
	open := p.Open != nil && p.Open(m.Name)
	least := mistakes(&relaxed, g, true)
	for _, e := range all {
		unknown := strings.HasPrefix(e.Msg, "unknown argument")
		surely := slices.ContainsFunc(least, func(o *spec.Error) bool { return o.Msg == e.Msg })
		if unknown && open || !surely && !unknown {
			continue
		}
		at := argument.Error(t, m, e)
		if e.Written {
			at.Msg += "; the module gets it as text, as Python writes it"
			p.doubt(at, false)
			continue
		}
		p.add(at, s.certain && surely)
	}
}

// withoutEchoes leaves out that an argument is missing where it is there under a name
// that is nearly its own.
func withoutEchoes(all []*spec.Error) []*spec.Error {
	var meant []string
	for _, e := range all {
		if strings.HasPrefix(e.Msg, "unknown argument") {
			meant = append(meant, source.DidYouMean(e.Key, e.Known))
		}
	}
	there := func(name string) bool {
		return slices.ContainsFunc(meant, func(hint string) bool { return strings.Contains(hint, strconv.Quote(name)) })
	}
	return slices.DeleteFunc(all, func(e *spec.Error) bool {
		if list, missing := strings.CutPrefix(e.Msg, "missing required arguments: "); missing {
			return !slices.ContainsFunc(strings.Split(list, ", "), func(name string) bool { return !there(name) })
		}
		list, oneOf := strings.CutPrefix(e.Msg, "one of the following is required: ")
		return oneOf && slices.ContainsFunc(strings.Split(list, ", "), there)
	})
}

// mistakes returns what is wrong with the arguments; with least, without those
// that may turn out to be omitted.
func mistakes(m *spec.Module, g *given, least bool) []*spec.Error {
	values := map[string]any{}
	for name, v := range g.values {
		if !least || !g.maybe[name] {
			values[name] = v
		}
	}
	return m.Check(values, func(v any) bool { _, is := v.(opaque); return is })
}
