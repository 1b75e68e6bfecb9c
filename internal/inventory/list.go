package inventory

import (
	"encoding/json"
	"fmt"
	"io"
	"sort"
	"strings"
)

// WriteList writes the inventory as JSON in the form of `ansible-inventory
// --list`. vars gives the variables of a host, a value that encoding/json can
// write, or nil for none.
func (inv *Inventory) WriteList(w io.Writer, vars func(host string) (any, error)) error {
	out := map[string]any{}
	hostvars := map[string]any{}
	sel, err := inv.Select("all")
	if err != nil {
		return err
	}
	for _, name := range sel.Hosts {
		v, err := vars(name)
		if err != nil {
			return err
		}
		if v != nil {
			hostvars[name] = v
		}
	}
	for _, g := range inv.Groups() {
		entry := map[string][]string{}
		if len(g.Hosts) > 0 && g.Name != "all" {
			entry["hosts"] = g.Hosts
		}
		if len(g.Children) > 0 {
			entry["children"] = g.Children
		}
		if len(entry) > 0 {
			out[g.Name] = entry
		}
	}
	out["_meta"] = map[string]any{"hostvars": hostvars}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "    ")
	return enc.Encode(out)
}

// WriteGraph writes the tree of groups below one as `ansible-inventory --graph`
// does. vars, where it is given, returns the variables to show for a host.
func (inv *Inventory) WriteGraph(w io.Writer, group string, vars func(host string) (map[string]string, error)) error {
	g, ok := inv.Group(group)
	if !ok {
		return fmt.Errorf("no group %q", group)
	}
	return inv.graph(w, g, 0, vars)
}

func (inv *Inventory) graph(w io.Writer, g *Group, depth int, vars func(string) (map[string]string, error)) error {
	if err := branch(w, "@"+g.Name+":", depth); err != nil {
		return err
	}
	for _, name := range g.Children {
		if child, ok := inv.Group(name); ok {
			if err := inv.graph(w, child, depth+1, vars); err != nil {
				return err
			}
		}
	}
	if g.Name == "all" {
		return nil
	}
	for _, h := range g.Hosts {
		if err := branch(w, h, depth+1); err != nil {
			return err
		}
		if err := graphVars(w, h, depth+2, vars); err != nil {
			return err
		}
	}
	return nil
}

func graphVars(w io.Writer, host string, depth int, vars func(string) (map[string]string, error)) error {
	if vars == nil {
		return nil
	}
	values, err := vars(host)
	if err != nil {
		return err
	}
	keys := make([]string, 0, len(values))
	for k := range values {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	for _, k := range keys {
		if err := branch(w, "{"+k+" = "+values[k]+"}", depth); err != nil {
			return err
		}
	}
	return nil
}

func branch(w io.Writer, text string, depth int) error {
	if depth > 0 {
		text = strings.Repeat("  |", depth) + "--" + text
	}
	_, err := fmt.Fprintln(w, text)
	return err
}
