package check

import (
	"slices"
	"strings"

	"fleet/internal/playbook"
	"fleet/internal/source"
)

// idle warns about handlers of the play that nothing notifies, and about variables
// of plays, blocks and tasks that nothing uses. It says nothing where something
// could not be read that might, and nothing of roles: those are for whoever takes them.
func (p *play) idle() {
	if p.ctx.Err() != nil || p.blind || p.openHandlers || p.learnt.open || len(p.hosts) == 0 {
		return
	}
	p.idleHandlers()
	used, known := p.usedNames()
	if !known {
		return
	}
	p.idleVars(p.src.Vars, used)
	for e := range entries(p.sections()) {
		if playbook.RoleOf(e) == nil {
			p.idleVars(e.Common().Vars, used)
		}
	}
}

// entries yields all entries, outer ones first.
func entries(list []playbook.Entry) func(yield func(playbook.Entry) bool) {
	return func(yield func(playbook.Entry) bool) {
		for _, e := range list {
			if !yield(e) {
				return
			}
			b, ok := e.(*playbook.Block)
			if !ok {
				continue
			}
			for inner := range entries(slices.Concat(b.Body, b.Rescue, b.Always)) {
				if !yield(inner) {
					return
				}
			}
		}
	}
}

// idleHandlers warns about handlers that no task names.
func (p *play) idleHandlers() {
	for _, h := range p.src.Handlers {
		if playbook.RoleOf(h) == nil && !p.mayRun(h) {
			p.doubt(h.Name.Errorf("nothing notifies the handler %q", h.Name.Text()), false)
		}
	}
}

// uses notes variables that something other than a text uses.
func (r *run) uses(names ...string) { r.byName = append(r.byName, names...) }

// usedNames returns the variables that any text uses. They are not known where
// variables are asked for by a name that is not written out.
func (r *run) usedNames() (used names, known bool) {
	if r.usage != nil {
		return r.usage, !r.indirect
	}
	r.usage = names{}.with(r.byName...)
	for _, n := range r.Loader.Rendered() {
		r.template(n)
	}
	for _, t := range r.texts {
		if t == nil {
			continue
		}
		r.indirect = r.indirect || t.indirect
		for _, ref := range t.refs {
			r.usage[ref.Name] = true
			r.indirect = r.indirect || ref.Name == "vars" || ref.Name == "hostvars"
		}
	}
	return r.usage, !r.indirect
}

// idleVars warns about variables that nothing uses.
func (p *play) idleVars(n source.Node, used names) {
	for _, pair := range n.Pairs() {
		name := pair.Key.Text()
		if used[name] || magic[name] || strings.HasPrefix(name, "ansible_") {
			continue
		}
		if source.DidYouMean(name, p.lacked()) != "" {
			continue // that mistake says it
		}
		p.doubt(source.Errorf(pair.Key.Pos(), "nothing uses the variable %q", name), false)
	}
}

// lacked returns the names that were found to be undefined, sorted.
func (r *run) lacked() []string {
	var out []string
	for k := range r.found {
		if name, found := strings.CutSuffix(k.msg, " is undefined"); found {
			out = append(out, strings.Trim(name, "'"))
		}
	}
	slices.Sort(out)
	return out
}
