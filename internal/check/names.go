package check

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"fleet/internal/jinja"
	"fleet/internal/playbook"
	"fleet/internal/source"
	"fleet/internal/vars"
)

// evaluated checks a node whose templates are all evaluated at a site.
func (p *play) evaluated(n source.Node, s site) {
	p.leaf(n, func(_ source.Node, t *text) { p.use(t, s) })
}

// use checks a text that is evaluated at a site: its syntax, and its variables.
func (p *play) use(t *text, s site) {
	if t.err != nil {
		p.add(t.err, s.certain)
		return
	}
	for _, r := range t.refs {
		if r.Guarded && len(r.Path) == 0 && !s.locals[r.Name] && p.circle(r, s) {
			return
		}
		if r.Guarded || strings.EqualFold(r.Name, "undefined") || s.tested[r.Name] || p.asserted[r.Name] {
			continue
		}
		if !s.locals[r.Name] {
			if p.circle(r, s) {
				return
			}
			p.variable(r, s)
			p.compared(r, s)
		}
		p.members(r, s)
	}
}

// variable checks that a variable exists at a site, and what its value says.
func (p *play) variable(r jinja.Ref, s site) {
	if len(p.hosts) == 0 {
		return // nobody knows whose variables these are
	}
	s.certain = s.certain && r.Always
	var lacking []class
	inside := s
	if p.learnt.has(r.Name) || p.learnt.open {
		inside = s.perhaps() // a task may have set another value
	}
	for i, scope := range p.scopesAt(s.entry) {
		v, ok := scope.Lookup(r.Name)
		if !ok {
			lacking = append(lacking, p.classes[i])
			continue
		}
		p.value(v, inside)
		if secret, encrypted := v.(*jinja.Vaulted); encrypted && r.Printed && len(r.Path) == 0 {
			p.decrypted(secret, inside)
		}
	}
	switch {
	case len(lacking) == 0:
	case provided(r.Name, s.entry):
		p.fact(r, s)
		p.ungathered(r, s)
	case p.learnt.has(r.Name):
		if len(lacking) == len(p.classes) {
			p.tooEarly(r, s)
		}
	case len(lacking) == len(p.classes):
		p.undefined(r, s)
	case !p.learnt.open && s.certain:
		p.undefinedOn(r, lacking)
	}
}

// fact warns about what looks like the name of a fact and is none.
func (p *play) fact(r jinja.Ref, s site) {
	name, isFact := strings.CutPrefix(r.Name, "ansible_")
	if r.Name == "ansible_facts" && len(r.Path) > 0 {
		name = strings.TrimPrefix(r.Path[0], "ansible_")
	}
	if len(r.Path) > 0 && r.Path[0] == "ansible_"+name && slices.Contains(p.Facts, name) && !p.learnt.names[r.Path[0]] && p.forgiving == 0 {
		r.Path = r.Path[:1]
		s.certain = s.certain && r.Always
		p.lacks(r, s, "in ansible_facts it is called "+name)
		return
	}
	if !isFact || p.learnt.has(name) || p.learnt.has("ansible_"+name) || slices.Contains(p.Facts, name) {
		return
	}
	for _, known := range p.Facts {
		if !strings.HasSuffix(known, "_") && slip(name, known) {
			p.doubt(source.Errorf(r.Pos, "no host tells a fact %q", name).WithHint("did you mean %q?", known), false)
			return
		}
	}
}

// undefined notes a variable that no host has. Where not all variables are known
// it is worth a word only if it looks like a slip of the pen, and stands nowhere else.
func (p *play) undefined(r jinja.Ref, s site) {
	e := source.Errorf(r.Pos, "%s is undefined", jinja.Repr(r.Name))
	e.Hint = source.DidYouMean(r.Name, p.known(s))
	if p.learnt.open || s.lenient {
		if slices.ContainsFunc(p.known(s), func(known string) bool { return slip(r.Name, known) }) {
			p.slips = append(p.slips, slipped{r.Name, e})
		}
		return
	}
	if e.Hint == "" && r.Name == "item" {
		e.Hint = "only a loop gives it" + loopNames(s)
	}
	e.Hint = hintFor(r, e.Hint)
	if e.Hint == "" {
		e.Hint = "no inventory, play, role or task sets it; -e " + r.Name + "=... would"
	}
	p.doubt(e, s.certain && p.Refused == nil)
}

// loopNames says how the variables of the loops around are called.
func loopNames(s site) string {
	if len(s.locals) == 0 {
		return ", and there is none here"
	}
	return ", and here it is called " + strings.Join(slices.Sorted(maps.Keys(s.locals)), " or ")
}

// undefinedOn notes a variable that only some hosts of the play have.
func (p *play) undefinedOn(r jinja.Ref, lacking []class) {
	on := names{}
	for _, c := range lacking {
		for _, host := range c.hosts {
			on[host] = true
		}
	}
	first := p.hosts[slices.IndexFunc(p.hosts, func(host string) bool { return on[host] })]
	name := jinja.Repr(r.Name)
	e := source.Errorf(r.Pos, "%s is undefined on the host %q", name, first)
	if more := len(on) - 1; more > 0 {
		e.Msg = fmt.Sprintf("%s is undefined on the host %q and %d more", name, first, more)
	}
	p.doubt(e.WithHint("other hosts of the play have it: set it for all, or use default()"), false)
}

// known returns all names that a site knows, sorted.
func (p *play) known(s site) []string {
	var all []string
	for _, scope := range p.scopesAt(s.entry) {
		all = append(all, scope.Names()...)
	}
	for _, set := range []names{s.locals, p.learnt.names, magic} {
		for name := range set {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// decrypted checks that an encrypted value can be read that is used in the clear.
func (p *play) decrypted(v *jinja.Vaulted, s site) {
	if _, err := v.Resolve(nil); err != nil {
		p.fail(err, source.Pos{}, s.certain)
	}
}

// value checks the templates in a variable's value. Those inside of lists and
// mappings are evaluated only where just that part is used.
func (p *play) value(v any, s site) {
	switch v := v.(type) {
	case template:
		key := step{v, definer(s.entry)}
		certain, before := p.followed[key]
		if before && (certain || !s.certain) {
			return
		}
		p.followed[key] = s.certain
		p.within = append(p.within, v)
		p.use(p.lazy(v), s)
		p.within = p.within[:len(p.within)-1]
	case *jinja.Map:
		for _, e := range v.All() {
			p.value(e, s.perhaps())
		}
	case []any:
		for _, e := range v {
			p.value(e, s.perhaps())
		}
	}
}

// scopesAt returns the variables that an entry sees, for each class of hosts.
func (p *play) scopesAt(e playbook.Entry) []*vars.Scope {
	e = definer(e)
	if scopes, known := p.scopes[e]; known {
		return scopes
	}
	var scopes []*vars.Scope
	for _, c := range p.classes {
		scope, err := p.Vars.Scope(vars.Where{Host: c.hosts[0], PlaybookDir: p.dir, Play: p.vars, Entry: e})
		if err != nil {
			p.fail(err, p.src.Hosts.Pos(), true)
			scope = &vars.Scope{}
		}
		scopes = append(scopes, scope)
	}
	p.scopes[e] = scopes
	return scopes
}

// definer returns the innermost entry, from e outwards, that defines variables;
// nil is the play.
func definer(e playbook.Entry) playbook.Entry {
	for e != nil {
		b, isBlock := e.(*playbook.Block)
		if e.Common().Vars.Exists() || isBlock && (b.Role != nil || b.Params.Exists()) {
			return e
		}
		up := e.Up()
		if up == nil {
			return nil
		}
		e = up
	}
	return nil
}
