package inventory

import "sort"

// Hosts returns the hosts in the order of definition, without an implicit
// localhost.
func (inv *Inventory) Hosts() []*Host {
	inv.mu.RLock()
	defer inv.mu.RUnlock()
	out := make([]*Host, 0, len(inv.hostList))
	for _, h := range inv.hostList {
		c := h.Host
		out = append(out, &c)
	}
	return out
}

// Host returns the host of that name. For localhost, 127.0.0.1 and ::1 it is,
// where no inventory names one of them, the implicit localhost.
func (inv *Inventory) Host(name string) (*Host, bool) {
	inv.mu.RLock()
	defer inv.mu.RUnlock()
	if h := inv.find(name); h != nil {
		c := h.Host
		return &c, true
	}
	return nil, false
}

// Implicit reports whether the name is that of the implicit localhost.
func (inv *Inventory) Implicit(name string) bool {
	if !isLocal(name) {
		return false
	}
	h, ok := inv.Host(name)
	return ok && h.Implicit
}

// find returns the host, or the one that stands for the controller.
func (inv *Inventory) find(name string) *host {
	switch h := inv.hosts[name]; {
	case h != nil:
		return h
	case !isLocal(name):
		return nil
	case inv.local != nil:
		return inv.local
	}
	return &host{Host: Host{Name: name, Implicit: true}}
}

// Groups returns all groups in the order of definition.
func (inv *Inventory) Groups() []*Group {
	inv.mu.RLock()
	defer inv.mu.RUnlock()
	out := make([]*Group, 0, len(inv.groupList))
	for _, g := range inv.groupList {
		out = append(out, g.copy())
	}
	return out
}

// Group returns the group of that name.
func (inv *Inventory) Group(name string) (*Group, bool) {
	inv.mu.RLock()
	defer inv.mu.RUnlock()
	if g := inv.groups[name]; g != nil {
		return g.copy(), true
	}
	return nil, false
}

// Members returns the hosts of a group and of all groups below it, in Ansible's
// order: what groups['name'] gives.
func (inv *Inventory) Members(group string) []string {
	inv.mu.RLock()
	defer inv.mu.RUnlock()
	if g := inv.groups[group]; g != nil {
		return names(members(g))
	}
	return nil
}

// GroupNames returns the names of all groups that the host is in, directly or
// not, sorted and without "all": what group_names gives.
func (inv *Inventory) GroupNames(host string) []string {
	inv.mu.RLock()
	defer inv.mu.RUnlock()
	h := inv.find(host)
	if h == nil {
		return nil
	}
	out := []string{}
	for _, g := range above(h) {
		out = append(out, g.Name)
	}
	sort.Strings(out)
	return out
}

// Warnings returns what looks wrong in the sources and is not an error.
func (inv *Inventory) Warnings() []error { return inv.warnings }
