package inventory

import (
	"sort"
	"strings"
	"unicode"

	"fleet/internal/source"
)

// newInventory returns an inventory with the groups that are always there.
func newInventory() *Inventory {
	inv := &Inventory{hosts: map[string]*host{}, groups: map[string]*group{}}
	inv.adopt(inv.group("all", source.Pos{}), inv.group("ungrouped", source.Pos{}))
	return inv
}

// group returns the group of that name, which is made where it is new.
func (inv *Inventory) group(name string, pos source.Pos) *group {
	written := name
	name = inv.groupName(name)
	g := inv.groups[name]
	if g == nil {
		g = &group{Group: Group{Name: name, Written: written, Pos: pos, Priority: 1}}
		inv.groups[name] = g
		inv.groupList = append(inv.groupList, g)
	}
	return g
}

// host returns the host of that name, which is made where it is new.
func (inv *Inventory) host(name string, pos source.Pos, file, dir string) *host {
	h := inv.hosts[name]
	if h == nil {
		h = &host{Host: Host{Name: name, Pos: pos, File: file, Dir: dir}}
		inv.hosts[name] = h
		inv.hostList = append(inv.hostList, h)
		if inv.local == nil && isLocal(name) {
			inv.local = h
		}
	}
	return h
}

// isLocal reports whether the name is one of those that stand for the
// controller where no inventory has them.
func isLocal(name string) bool {
	return name == "localhost" || name == "127.0.0.1" || name == "::1"
}

// adopt puts child below parent. It reports whether that is new, and the groups
// in between where child is already above parent.
func (inv *Inventory) adopt(parent, child *group) (added bool, loop []string) {
	if loop := path(child, parent, map[*group]bool{}); loop != nil {
		return false, append(loop, child.Name)
	}
	for _, c := range parent.children {
		if c == child {
			return false, nil
		}
	}
	parent.children = append(parent.children, child)
	child.parents = append(child.parents, parent)
	sink(child, parent.Depth+1)
	return true, nil
}

// path returns the names from a group down to one below it, or nil. seen holds
// the groups that do not lead there.
func path(from, to *group, seen map[*group]bool) []string {
	if from == to {
		return []string{from.Name}
	}
	if seen[from] {
		return nil
	}
	seen[from] = true
	for _, c := range from.children {
		if rest := path(c, to, seen); rest != nil {
			return append([]string{from.Name}, rest...)
		}
	}
	return nil
}

// sink makes a group at least so deep, and those below it deeper.
func sink(g *group, depth int) {
	if g.Depth >= depth {
		return
	}
	g.Depth = depth
	for _, c := range g.children {
		sink(c, depth+1)
	}
}

// join puts the host into the group and reports whether that is new.
func join(g *group, h *host) bool {
	for _, other := range h.groups {
		if other == g {
			return false
		}
	}
	g.hosts = append(g.hosts, h)
	h.groups = append(h.groups, g)
	return true
}

// leave takes the host out of the group.
func leave(g *group, h *host) {
	for i, other := range g.hosts {
		if other == h {
			g.hosts = append(g.hosts[:i:i], g.hosts[i+1:]...)
			break
		}
	}
	for i, other := range h.groups {
		if other == g {
			h.groups = append(h.groups[:i:i], h.groups[i+1:]...)
			break
		}
	}
}

// settle keeps the rules: every group is below all, and a host in no other
// group is in ungrouped.
func (inv *Inventory) settle() {
	all, ungrouped := inv.groups["all"], inv.groups["ungrouped"]
	for _, g := range inv.groupList {
		if g != all && len(g.parents) == 0 {
			inv.adopt(all, g)
		}
	}
	for _, h := range inv.hostList {
		own := 0
		for _, g := range h.groups {
			if g != all && g != ungrouped {
				own++
			}
		}
		if own > 0 {
			leave(ungrouped, h)
		} else {
			join(ungrouped, h)
		}
	}
}

// members returns the hosts of a group and of the groups below it, level by
// level.
func members(g *group) []*host {
	var hosts []*host
	seenHost := map[*host]bool{}
	seenGroup := map[*group]bool{g: true}
	for level := []*group{g}; len(level) > 0; {
		var next []*group
		for _, g := range level {
			for _, h := range g.hosts {
				if !seenHost[h] {
					seenHost[h] = true
					hosts = append(hosts, h)
				}
			}
			for _, c := range g.children {
				if !seenGroup[c] {
					seenGroup[c] = true
					next = append(next, c)
				}
			}
		}
		level = next
	}
	return hosts
}

// above returns all groups that the host is in, directly or not, without all:
// by depth, priority and name, so that later ones are stronger.
func above(h *host) []*group {
	seen := map[*group]bool{}
	var all []*group
	var climb func([]*group)
	climb = func(groups []*group) {
		for _, g := range groups {
			if !seen[g] && g.Name != "all" {
				seen[g] = true
				all = append(all, g)
				climb(g.parents)
			}
		}
	}
	climb(h.groups)
	sort.Slice(all, func(i, j int) bool {
		a, b := all[i], all[j]
		if a.Depth != b.Depth {
			return a.Depth < b.Depth
		}
		if a.Priority != b.Priority {
			return a.Priority < b.Priority
		}
		return a.Name < b.Name
	})
	return all
}

// copy returns what may be given away of a group.
func (g *group) copy() *Group {
	out := g.Group
	for _, c := range g.children {
		out.Children = append(out.Children, c.Name)
	}
	for _, p := range g.parents {
		out.Parents = append(out.Parents, p.Name)
	}
	out.Hosts = names(g.hosts)
	return &out
}

func names(hosts []*host) []string {
	out := make([]string, 0, len(hosts))
	for _, h := range hosts {
		out = append(out, h.Name)
	}
	return out
}

// badName returns why a name cannot be a host's or group's: a pattern could not
// say it, or it is a path.
func badName(name string) string {
	switch {
	case name == "", strings.TrimSpace(name) == "":
		return "is empty"
	case strings.ContainsFunc(name, unicode.IsControl):
		return "holds a control character"
	case name == "." || name == "..", strings.Contains(name, "/"):
		return `holds "/" or dots alone`
	case strings.ContainsAny(name, " \t\r\n,"):
		return "holds a blank or a comma"
	case strings.HasPrefix(name, "!"), strings.HasPrefix(name, "&"), strings.HasPrefix(name, "~"):
		return "starts with a character that patterns use"
	}
	return ""
}
