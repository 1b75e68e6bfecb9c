package inventory

import (
	"fmt"

	"fleet/internal/source"
)

// AddHost adds a host at run time (where it is new) and puts it into groups,
// which are made where they are new. It reports whether anything changed.
func (inv *Inventory) AddHost(name string, groups ...string) (changed bool, err error) {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	changed, err = inv.addHost(name, groups)
	if err == nil {
		inv.added = append(inv.added, func(inv *Inventory) { _, _ = inv.addHost(name, groups) })
	}
	return changed, err
}

func (inv *Inventory) addHost(name string, groups []string) (changed bool, err error) {
	for _, n := range append([]string{name}, groups...) {
		if why := badName(n); why != "" {
			return false, fmt.Errorf("%q cannot be the name of a host or group: it %s", n, why)
		}
	}
	h := inv.hosts[name]
	if h == nil {
		h = inv.host(name, source.Pos{}, "", "")
		join(inv.groups["all"], h)
		changed = true
	}
	for _, g := range groups {
		changed = join(inv.group(g, source.Pos{}), h) || changed
	}
	inv.settle()
	return changed, nil
}

// AddGroup makes a group at run time where it is new, puts it below its parents
// and the hosts into it. It reports whether anything changed.
func (inv *Inventory) AddGroup(name string, parents []string, hosts ...string) (changed bool, err error) {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	changed, err = inv.addGroup(name, parents, hosts)
	if err == nil {
		inv.added = append(inv.added, func(inv *Inventory) { _, _ = inv.addGroup(name, parents, hosts) })
	}
	return changed, err
}

func (inv *Inventory) addGroup(name string, parents, hosts []string) (changed bool, err error) {
	for _, n := range append([]string{name}, parents...) {
		if why := badName(n); why != "" {
			return false, fmt.Errorf("%q cannot be the name of a group: it %s", n, why)
		}
	}
	changed = inv.groups[inv.groupName(name)] == nil
	g := inv.group(name, source.Pos{})
	for _, p := range parents {
		changed = changed || inv.groups[inv.groupName(p)] == nil
		added, loop := inv.adopt(inv.group(p, source.Pos{}), g)
		if loop != nil {
			return changed, fmt.Errorf("the group %q cannot be below %q, which is below it", name, p)
		}
		changed = changed || added
	}
	for _, n := range hosts {
		h := inv.find(n)
		if h == nil {
			return changed, fmt.Errorf("no host %q", n)
		}
		if !h.Implicit {
			changed = join(g, h) || changed
		}
	}
	inv.settle()
	return changed, nil
}

// Refresh reads the sources anew, and adds what was added at run time again, as far
// as its hosts are still there. After an error the inventory is as it was.
func (inv *Inventory) Refresh() error {
	if inv.read == nil {
		return nil
	}
	fresh, err := inv.read()
	if err != nil {
		return err
	}
	inv.mu.Lock()
	defer inv.mu.Unlock()
	for _, add := range inv.added {
		add(fresh)
	}
	inv.hosts, inv.hostList, inv.groups, inv.groupList = fresh.hosts, fresh.hostList, fresh.groups, fresh.groupList
	inv.local, inv.dirs, inv.warnings, inv.unread = fresh.local, fresh.dirs, fresh.warnings, fresh.unread
	inv.folders.forget()
	return nil
}
