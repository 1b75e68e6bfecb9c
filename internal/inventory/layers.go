package inventory

import (
	"path/filepath"

	"fleet/internal/source"
)

// Layers returns the variables that the inventory has for a host, the weakest
// first, with group_vars and host_vars beside the inventory and beside the
// playbook ("" for none). A host that only a task names (delegate_to) belongs to no
// group but all. The error is one of the files.
func (inv *Inventory) Layers(name, playbookDir string) ([]Layer, error) {
	inv.mu.RLock()
	h := inv.find(name)
	if h == nil {
		h = &host{Host: Host{Name: name}}
	}
	c := collector{inv: inv, dirs: inv.dirs, playbook: playbookDir}
	groups := above(h)
	names := make([]string, 0, len(groups))
	c.layers = append(c.layers, inv.groups["all"].vars...)
	for _, g := range groups {
		c.layers = append(c.layers, g.vars...)
		names = append(names, g.Name)
	}
	own := h.vars[:len(h.vars):len(h.vars)]
	if h.Implicit {
		own = append(own, implicit("ansible_connection", "local"), implicit("ansible_python_interpreter", "{{ ansible_playbook_python }}"))
	}
	inv.mu.RUnlock()

	c.inventory("group_vars", AllFiles, "all")
	c.beside("group_vars", AllPlaybook, "all")
	c.inventory("group_vars", GroupFiles, names...)
	c.beside("group_vars", GroupPlaybook, names...)
	c.layers = append(c.layers, own...)
	c.inventory("host_vars", HostFiles, h.Name)
	c.beside("host_vars", HostPlaybook, h.Name)
	if c.err != nil {
		return nil, c.err
	}
	return c.layers, nil
}

// implicit returns a variable of the localhost that no inventory names: it is this
// machine, with the Python that playbooks may run here.
func implicit(name, value string) Layer {
	r := &reader{file: "implicit localhost"}
	return Layer{
		Kind: HostInventory, Origin: "implicit localhost",
		Vars: r.mapping(source.Pos{}, name, value),
	}
}

// collector gathers layers until something cannot be read.
type collector struct {
	inv      *Inventory
	dirs     []string // beside the sources
	playbook string
	layers   []Layer
	err      error
}

// inventory adds the files beside the sources.
func (c *collector) inventory(sub string, kind Kind, names ...string) {
	for _, dir := range c.dirs {
		c.add(filepath.Join(dir, sub), kind, names)
	}
}

// beside adds the files beside the playbook, but not again those of the last
// inventory folder.
func (c *collector) beside(sub string, kind Kind, names ...string) {
	if c.playbook == "" {
		return
	}
	dir := filepath.Clean(c.playbook)
	if n := len(c.dirs); n > 0 && same(c.dirs[n-1], dir) {
		return
	}
	c.add(filepath.Join(dir, sub), kind, names)
}

// same reports whether two paths name one folder.
func same(a, b string) bool {
	a, b = filepath.Clean(a), filepath.Clean(b)
	if a == b || filepath.IsAbs(a) && filepath.IsAbs(b) || filepath.IsLocal(a) && filepath.IsLocal(b) {
		return a == b // without asking where we are, once for each host
	}
	absA, errA := filepath.Abs(a)
	absB, errB := filepath.Abs(b)
	return errA == nil && errB == nil && absA == absB
}

func (c *collector) add(dir string, kind Kind, names []string) {
	for _, name := range names {
		if c.err != nil {
			return
		}
		layers, err := c.inv.folders.layers(dir, name, kind)
		c.layers, c.err = append(c.layers, layers...), err
	}
}

// GroupLayers returns the variables that the inventory has for a group itself, as
// Layers does for a host.
func (inv *Inventory) GroupLayers(group, playbookDir string) ([]Layer, error) {
	inv.mu.RLock()
	g := inv.groups[group]
	if g == nil {
		inv.mu.RUnlock()
		return nil, source.Errorf(source.Pos{}, "no group %q", group)
	}
	c := collector{inv: inv, dirs: inv.dirs, playbook: playbookDir, layers: g.vars[:len(g.vars):len(g.vars)]}
	inv.mu.RUnlock()
	c.inventory("group_vars", GroupFiles, group)
	c.beside("group_vars", GroupPlaybook, group)
	return c.layers, c.err
}
