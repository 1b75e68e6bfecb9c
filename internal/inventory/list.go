package inventory

import (
	"fmt"
	"io"
	"sort"
	"strings"
)

// View shows an inventory in the forms of `ansible-inventory`. Its functions give
// variables as values that encoding/json can write; nil ones give none.
type View struct {
	Inventory *Inventory
	Only      []string // the hosts to show; nil is all
	HostVars  func(host string) (map[string]any, error)
	GroupVars func(group string) (map[string]any, error)
}

// builder is one listing in the making.
type builder struct {
	View
	shown map[string]bool // the hosts to show
	seen  map[string]bool // the groups, and in the tree the hosts, that stand already
	err   error           // the first one
}

func (v View) builder() (*builder, []string, error) {
	sel, err := v.Inventory.Select("all")
	if err != nil {
		return nil, nil, err
	}
	b := &builder{View: v, shown: map[string]bool{}, seen: map[string]bool{}}
	only := map[string]bool{}
	for _, h := range v.Only {
		only[h] = true
	}
	var hosts []string
	for _, h := range sel.Hosts {
		if v.Only == nil || only[h] {
			b.shown[h] = true
			hosts = append(hosts, h)
		}
	}
	return b, hosts, nil
}

// List returns the inventory as scripts print it: groups, and all variables of
// hosts in _meta.
func (v View) List() (map[string]any, error) {
	b, hosts, err := v.builder()
	if err != nil {
		return nil, err
	}
	out := map[string]any{}
	b.list(out, "all")
	vars := map[string]any{}
	for _, h := range hosts {
		if m := b.hostVars(h); len(m) > 0 {
			vars[h] = m
		}
	}
	out["_meta"] = map[string]any{"hostvars": vars}
	return out, b.err
}

func (b *builder) list(out map[string]any, name string) {
	g, ok := b.Inventory.Group(name)
	if !ok || b.seen[name] {
		return
	}
	b.seen[name] = true
	entry := map[string]any{}
	if hosts := b.hosts(g); len(hosts) > 0 {
		entry["hosts"] = hosts
	}
	if len(g.Children) > 0 {
		entry["children"] = g.Children
	}
	if vars := b.groupVars(name); len(vars) > 0 {
		entry["vars"] = vars
	}
	if len(entry) > 0 {
		out[name] = entry
	}
	for _, c := range g.Children {
		b.list(out, c)
	}
}

// hosts returns the hosts of a group that are to be shown in it.
func (b *builder) hosts(g *Group) []string {
	var out []string
	for _, h := range g.Hosts {
		if b.shown[h] && g.Name != "all" {
			out = append(out, h)
		}
	}
	return out
}

func (b *builder) hostVars(host string) map[string]any { return b.vars(b.HostVars, host) }

func (b *builder) groupVars(group string) map[string]any { return b.vars(b.GroupVars, group) }

func (b *builder) vars(of func(string) (map[string]any, error), name string) map[string]any {
	if of == nil || b.err != nil {
		return nil
	}
	m, err := of(name)
	b.err = err
	return m
}

// Tree returns the inventory as a YAML inventory is written.
func (v View) Tree() (map[string]any, error) {
	b, _, err := v.builder()
	if err != nil {
		return nil, err
	}
	return b.tree("all"), b.err
}

func (b *builder) tree(name string) map[string]any {
	g, ok := b.Inventory.Group(name)
	if !ok {
		return nil
	}
	entry, children, hosts := map[string]any{}, map[string]any{}, map[string]any{}
	for _, c := range g.Children {
		if b.seen["group "+c] {
			children[c] = map[string]any{}
			continue
		}
		b.seen["group "+c] = true
		for k, v := range b.tree(c) {
			children[k] = v
		}
	}
	for _, h := range b.hosts(g) {
		vars := map[string]any{}
		if !b.seen["host "+h] {
			b.seen["host "+h] = true
			vars = b.hostVars(h)
		}
		hosts[h] = vars
	}
	for key, m := range map[string]map[string]any{"children": children, "hosts": hosts, "vars": b.groupVars(name)} {
		if len(m) > 0 {
			entry[key] = m
		}
	}
	if len(entry) == 0 {
		return nil
	}
	return map[string]any{name: entry}
}

// WriteGraph writes the tree of groups below one. show writes a variable's value.
func (v View) WriteGraph(w io.Writer, group string, show func(any) string) error {
	g, ok := v.Inventory.Group(group)
	if !ok {
		return fmt.Errorf("no group %q", group)
	}
	b := &builder{View: v}
	b.graph(w, g, 0, show)
	return b.err
}

func (b *builder) graph(w io.Writer, g *Group, depth int, show func(any) string) {
	b.branch(w, "@"+g.Name+":", depth)
	for _, name := range g.Children {
		if child, ok := b.Inventory.Group(name); ok {
			b.graph(w, child, depth+1, show)
		}
	}
	if g.Name != "all" {
		for _, h := range g.Hosts {
			b.branch(w, h, depth+1)
			b.graphVars(w, b.hostVars(h), depth+2, show)
		}
	}
	b.graphVars(w, b.groupVars(g.Name), depth+1, show)
}

func (b *builder) graphVars(w io.Writer, vars map[string]any, depth int, show func(any) string) {
	keys := make([]string, 0, len(vars))
	for k := range vars {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	for _, k := range keys {
		b.branch(w, "{"+k+" = "+show(vars[k])+"}", depth)
	}
}

func (b *builder) branch(w io.Writer, text string, depth int) {
	if depth > 0 {
		text = strings.Repeat("  |", depth) + "--" + text
	}
	if _, err := fmt.Fprintln(w, text); err != nil && b.err == nil {
		b.err = err
	}
}
