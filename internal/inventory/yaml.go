package inventory

import (
	"strconv"
	"strings"

	"fleet/internal/source"
)

// yaml reads a YAML or JSON inventory: a mapping from groups to their hosts,
// vars and children. With the key _meta it is what an inventory script prints,
// which has lists where YAML has mappings.
func (r *reader) yaml(data []byte) {
	doc, ok := r.document(r.file, data)
	if !ok {
		return
	}
	const hint = `start with "all:" and "hosts:" below it`
	switch {
	case !doc.Exists(), doc.IsNull(), doc.IsMap() && len(doc.Pairs()) == 0:
		r.fail(source.Errorf(source.Pos{File: r.file}, "the inventory is empty").WithHint(hint))
		return
	case !doc.IsMap():
		r.fail(doc.Errorf("an inventory is a mapping of groups, not %s", kind(doc)).WithHint(hint))
		return
	case doc.Get("plugin").Exists() && !doc.Get("plugin").IsMap():
		r.plugin(doc)
		return
	}
	r.groups(doc, doc.Get("_meta").Exists())
}

// groups reads all groups, and the variables of hosts in _meta, which it returns.
// script says that the text may be as scripts print it.
func (r *reader) groups(doc source.Node, script bool) source.Node {
	meta := doc.Get("_meta")
	for _, p := range doc.Pairs() {
		if p.Key.Text() != "_meta" {
			r.yamlGroup(p.Key, p.Value, script)
		}
	}
	for _, n := range []source.Node{meta, meta.Get("hostvars")} {
		if n.Exists() && !n.IsMap() && !n.IsNull() {
			r.fail(n.Errorf("_meta and its hostvars must be mappings, not %s", kind(n)).WithHint(`as in {"_meta": {"hostvars": {"web1": {"a": 1}}}}`))
			return meta
		}
	}
	for _, p := range meta.Get("hostvars").Pairs() {
		if script && r.inv.hosts[p.Key.Text()] == nil { // a script may tell of more than it lists
			continue
		}
		for _, h := range r.hosts(p.Key.Text(), p.Key.Pos(), nil) {
			r.hostVars(h, p.Value)
		}
	}
	return meta
}

// document reads a text that holds one YAML document.
func (r *reader) document(file string, data []byte) (source.Node, bool) {
	docs, err := r.Files.Parse(file, data)
	doc, err := single(docs, err)
	if err != nil {
		r.fail(err)
	}
	return doc, err == nil
}

// single returns the only document of a file, or the zero Node for an empty one.
func single(docs []source.Node, err error) (source.Node, error) {
	switch {
	case err != nil || len(docs) == 0:
		return source.Node{}, err
	case len(docs) > 1:
		return source.Node{}, docs[1].Errorf("the file has a second YAML document").WithHint(`take the line "---" out, or make two files`)
	}
	return docs[0], nil
}

var groupKeys = []string{"children", "hosts", "vars"}

// yamlGroup reads a group and those below it.
func (r *reader) yamlGroup(key, body source.Node, script bool) *group {
	name := key.Text()
	if why := badName(name); why != "" {
		r.fail(key.Errorf("%q cannot be the name of a group: it %s", name, why))
		return nil
	}
	g := r.inv.group(name, key.Pos())
	switch {
	case script && body.IsList():
		r.hostNames(body, g)
		return g
	case !body.IsMap() && !body.IsNull():
		r.fail(body.Errorf("the group %q must be a mapping, not %s", name, kind(body)).
			WithHint(`a group has "hosts", "vars" and "children"`))
		return g
	}
	for _, p := range body.Pairs() {
		switch p.Key.Text() {
		case "hosts":
			r.yamlHosts(p.Value, g, script)
		case "children":
			r.yamlChildren(p.Value, g, script)
		case "vars":
			r.groupVars(g, p.Value)
		default:
			r.strangeKey(p, name)
		}
	}
	return g
}

// strangeKey notes a key that a group does not have.
func (r *reader) strangeKey(p source.Pair, group string) {
	e := source.Errorf(p.Key.Pos(), "unknown key %q in the group %q", p.Key.Text(), group)
	if e.Hint = source.DidYouMean(p.Key.Text(), groupKeys); e.Hint == "" {
		e.Hint = `a variable goes under "vars"`
		if p.Value.IsMap() || p.Value.IsNull() {
			e.Hint = `a group goes under "children", a host under "hosts"`
		}
	}
	r.fail(e)
}

// yamlHosts reads the hosts of a group.
func (r *reader) yamlHosts(n source.Node, g *group, script bool) {
	switch {
	case n.IsNull():
	case script && n.IsList():
		r.hostNames(n, g)
	case n.IsString():
		r.hosts(n.Text(), n.Pos(), g)
	case !n.IsMap():
		r.fail(n.Errorf(`the "hosts" of the group %q must be a mapping, not %s`, g.Name, kind(n)).
			WithHint(`write "NAME:" a line, without "- "`))
	}
	for _, p := range n.Pairs() {
		if !p.Key.IsString() {
			r.fail(p.Key.Errorf("Host pattern %s must be a string", p.Key.Text()).WithHint("quote it: %q", p.Key.Text()))
			continue
		}
		for _, h := range r.hosts(p.Key.Text(), p.Key.Pos(), g) {
			r.hostVars(h, p.Value)
		}
	}
}

// hostNames reads a list of names.
func (r *reader) hostNames(n source.Node, g *group) {
	for _, item := range n.Items() {
		if item.IsMap() || item.IsList() || item.IsNull() {
			r.fail(item.Errorf("a host in the group %q must be a name, not %s", g.Name, kind(item)))
			continue
		}
		r.hosts(item.Text(), item.Pos(), g)
	}
}

// yamlChildren reads the groups below a group.
func (r *reader) yamlChildren(n source.Node, g *group, script bool) {
	switch {
	case n.IsNull():
	case n.IsString():
		r.child(g, r.inv.group(n.Text(), n.Pos()), n.Pos())
	case script && n.IsList():
		for _, item := range n.Items() {
			r.child(g, r.inv.group(item.Text(), item.Pos()), item.Pos())
		}
	case !n.IsMap():
		r.fail(n.Errorf(`the "children" of the group %q must be a mapping, not %s`, g.Name, kind(n)).
			WithHint(`write "NAME:" a line, without "- "`))
	}
	for _, p := range n.Pairs() {
		if below := r.yamlGroup(p.Key, p.Value, script); below != nil {
			r.child(g, below, p.Key.Pos())
		}
	}
}

// child puts one group below another.
func (r *reader) child(parent, child *group, pos source.Pos) {
	if _, loop := r.inv.adopt(parent, child); loop != nil {
		r.fail(source.Errorf(pos, "the group %q contains itself: %s", parent.Name, strings.Join(loop, " → ")))
	}
}

// groupVars notes the variables of a group.
func (r *reader) groupVars(g *group, vars source.Node) {
	if vars.IsNull() {
		return
	}
	if !vars.IsMap() {
		r.fail(vars.Errorf(`the "vars" of the group %q must be a mapping, not %s`, g.Name, kind(vars)))
		return
	}
	kind := GroupInventory
	if g.Name == "all" {
		kind = AllInventory
	}
	if p := vars.Get("ansible_group_priority"); p.Exists() {
		priority, err := strconv.Atoi(p.Text())
		if err != nil {
			r.fail(p.Errorf("ansible_group_priority must be a whole number, not %q", p.Text()))
		}
		g.Priority = priority
		vars = dropKey(vars, "ansible_group_priority")
	}
	g.vars = append(g.vars, Layer{Kind: kind, Origin: r.file + ": group " + g.Name, Vars: vars})
}

// hostVars notes the variables of a host.
func (r *reader) hostVars(h *host, vars source.Node) {
	if !vars.Exists() || vars.IsNull() {
		return
	}
	if !vars.IsMap() {
		r.fail(vars.Errorf("the variables of the host %q must be a mapping, not %s", h.Name, kind(vars)).
			WithHint(`as in "%s: {ansible_host: 192.0.2.1}"`, h.Name))
		return
	}
	h.vars = append(h.vars, Layer{Kind: HostInventory, Origin: r.file + ": host " + h.Name, Vars: vars})
}

// dropKey returns the mapping without a key.
func dropKey(n source.Node, key string) source.Node {
	cut := *n.Node
	cut.Content = nil
	for _, p := range n.Pairs() {
		if p.Key.Text() != key {
			cut.Content = append(cut.Content, p.Key.Node, p.Value.Node)
		}
	}
	n.Node = &cut
	return n
}
