package inventory

import "errors"

var errSoon = errors.New("inventory: being built")

type varFiles struct{}

// Load reads the sources in order into one inventory. A source is a file, a
// folder, or a list of hosts that holds a comma. Every mistake that is found is
// part of the error (errors.Join of *source.Error).
func Load(sources ...string) (*Inventory, error) { return nil, errSoon }

// Hosts returns the hosts in the order of definition, without an implicit localhost.
func (inv *Inventory) Hosts() []*Host { return nil }

// Host returns the host of that name; for localhost, 127.0.0.1 and ::1 that no
// inventory names it is the implicit localhost.
func (inv *Inventory) Host(name string) (*Host, bool) { return nil, false }

// Groups returns all groups in the order of definition.
func (inv *Inventory) Groups() []*Group { return nil }

// Group returns the group of that name.
func (inv *Inventory) Group(name string) (*Group, bool) { return nil, false }

// Members returns the hosts of a group and of all groups below it, in Ansible's
// order: what groups['name'] gives.
func (inv *Inventory) Members(group string) []string { return nil }

// GroupNames returns the names of all groups that the host is in, directly or
// not, sorted and without "all": what group_names gives.
func (inv *Inventory) GroupNames(host string) []string { return nil }

// Layers returns the variables that the inventory has for a host, the weakest
// first, with group_vars and host_vars beside the inventory and beside the
// playbook ("" for none).
func (inv *Inventory) Layers(host, playbookDir string) ([]Layer, error) { return nil, errSoon }

// Select returns the hosts that the patterns name, in Ansible's order.
func (inv *Inventory) Select(patterns ...string) (Selection, error) { return Selection{}, errSoon }

// Warnings returns what looks wrong and is not an error.
func (inv *Inventory) Warnings() []error { return nil }

// AddHost adds a host at run time (where it is new) to groups, which are made
// where they are new. It reports whether anything changed.
func (inv *Inventory) AddHost(name string, groups ...string) (changed bool, err error) {
	return false, errSoon
}

// AddGroup makes a group at run time where it is new, puts it under its parents
// and the hosts into it. It reports whether anything changed.
func (inv *Inventory) AddGroup(name string, parents []string, hosts ...string) (changed bool, err error) {
	return false, errSoon
}
