package check

import (
	"slices"
	"strings"

	"fleet/internal/jinja"
	"fleet/internal/source"
	"fleet/internal/vars"
)

// findHosts finds the play's hosts, and says where its pattern names nothing.
func (p *play) findHosts() {
	patterns, known := p.patterns()
	if !known {
		return
	}
	sel, err := p.Inventory.Select(patterns...)
	if err != nil {
		p.fail(err, p.src.Hosts.Pos(), true)
		return
	}
	p.hosts = slices.DeleteFunc(sel.Hosts, func(h string) bool { return p.limit != nil && !p.limit[h] })
	p.sure = len(p.hosts) > 0
	if p.learnt.open || len(p.learnt.hosts) > 0 {
		return // hosts and groups may come during the run
	}
	for _, u := range sel.Unknown {
		p.doubt(p.src.Hosts.Errorf("no host or group is called %q", u.Pattern).WithHint("%s", u.Hint), false)
	}
	if len(sel.Hosts) == 0 && len(sel.Unknown) == 0 {
		p.doubt(p.src.Hosts.Errorf("no host matches %q", strings.Join(patterns, ",")), false)
	}
}

// patterns returns the play's host patterns, where they can be known.
func (p *play) patterns() ([]string, bool) {
	bad := false
	p.leaf(p.src.Hosts, func(n source.Node, t *text) {
		if t.err != nil {
			p.add(t.err, true)
			bad = true
		}
	})
	scope, err := p.Vars.Scope(vars.Where{Host: "localhost", PlaybookDir: p.dir, Play: p.vars, Magic: inventoryGroups{p.run}})
	switch {
	case bad:
		return nil, false
	case err != nil:
		return p.literals(p.src.Hosts)
	}
	v, err := jinja.Deep(jinja.NewContext(p.ctx, nil, scope), p.Vars.Value(p.src.Hosts))
	if err != nil {
		if jinja.IsUndefined(err) && !p.learnt.open && len(p.learnt.names) == 0 {
			p.fail(err, p.src.Hosts.Pos(), true)
		}
		return nil, false
	}
	return texts(v)
}

// literals are the texts of a text or a list of them, where none is a template. No
// variables are needed for them, which may be closed (a vault without password).
func (p *play) literals(n source.Node) ([]string, bool) {
	items := n.Items()
	if !n.IsList() {
		items = []source.Node{n}
	}
	var out []string
	for _, item := range items {
		text, literal := p.literal(item)
		if !literal {
			return nil, false
		}
		out = append(out, text)
	}
	return out, true
}

// texts takes a text, or a list of texts.
func texts(v any) ([]string, bool) {
	switch v := v.(type) {
	case string:
		return []string{v}, true
	case []any:
		var out []string
		for _, e := range v {
			l, ok := texts(e)
			if !ok {
				return nil, false
			}
			out = append(out, l...)
		}
		return out, true
	}
	return nil, false
}

// inventoryGroups is the variable groups, for patterns that use it.
type inventoryGroups struct{ *run }

func (inventoryGroups) Names() []string { return []string{"groups"} }

func (g inventoryGroups) Lookup(name string) (any, bool) {
	if name != "groups" {
		return nil, false
	}
	m := jinja.NewMap()
	for _, group := range g.Inventory.Groups() {
		var members []any
		for _, h := range g.Inventory.Members(group.Name) {
			members = append(members, h)
		}
		m.Set(group.Name, members)
	}
	return m, true
}
