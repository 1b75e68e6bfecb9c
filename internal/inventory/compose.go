package inventory

import (
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"fleet/internal/source"
)

// construct gives a host its variables and groups.
func (r *reader) construct(c constructed, h *host) error {
	if r.Evaluator == nil {
		return source.Errorf(source.Pos{File: r.file}, "constructed inventories cannot be evaluated here")
	}
	vars, err := r.known(h, c.files)
	if err != nil {
		return err
	}
	for _, p := range c.compose.Pairs() {
		v, err := r.Evaluator.Eval(p.Value.Text(), p.Value.TextPos(), vars)
		if err != nil {
			if c.strict {
				return source.Errorf(p.Value.Pos(), "the variable %q of the host %q: %w", p.Key.Text(), h.Name, err)
			}
			continue
		}
		r.hostVars(h, r.pair(p.Key, v))
	}
	if vars, err = r.known(h, c.files); err != nil {
		return err
	}
	if err := r.conditions(c, h, vars); err != nil {
		return err
	}
	for _, k := range c.keyed {
		if err := r.keyed(c, k, h, vars); err != nil {
			return err
		}
	}
	return nil
}

// known returns the variables that a host has so far.
func (r *reader) known(h *host, files bool) ([]Layer, error) {
	var layers []Layer
	if files {
		var err error
		if layers, err = r.inv.Layers(h.Name, ""); err != nil {
			return nil, err
		}
	} else {
		layers = slices.Clone(r.inv.groups["all"].vars)
		for _, g := range above(h) {
			layers = append(layers, g.vars...)
		}
		layers = append(layers, h.vars...)
	}
	return append(layers, Layer{Kind: HostInventory, Origin: r.file, Vars: r.about(h)}), nil
}

// about returns the variables that every host has.
func (r *reader) about(h *host) source.Node {
	short, _, _ := strings.Cut(h.Name, ".")
	groups := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
	for _, g := range above(h) {
		if g.Name == "ungrouped" { // which a host leaves for the groups that are made here
			continue
		}
		groups.Content = append(groups.Content, textNode(g.Name, source.Pos{}))
	}
	at := source.Pos{}
	return r.inFile(&yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Content: []*yaml.Node{
		textNode("inventory_hostname", at), textNode(h.Name, at),
		textNode("inventory_hostname_short", at), textNode(short, at),
		textNode("group_names", at), groups,
	}})
}

// pair returns a mapping with one entry.
func (r *reader) pair(key, value source.Node) source.Node {
	m := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: key.Line, Column: key.Column, Content: []*yaml.Node{key.Node, value.Node}}
	return r.inFile(m)
}

// conditions puts a host into the groups whose conditions hold.
func (r *reader) conditions(c constructed, h *host, vars []Layer) error {
	for _, p := range c.groups.Pairs() {
		v, err := r.Evaluator.Eval("true if ("+p.Value.Text()+") else false", p.Value.TextPos(), vars)
		if err != nil {
			if c.strict {
				return source.Errorf(p.Value.Pos(), "the group %q and the host %q: %w", p.Key.Text(), h.Name, err)
			}
			continue
		}
		if source.Scalar(v) == true {
			join(r.inv.group(safeName(p.Key.Text()), p.Key.Pos()), h)
		}
	}
	return nil
}

// keyed puts a host into the groups that a value names.
func (r *reader) keyed(c constructed, k keyedGroup, h *host, vars []Layer) error {
	v, err := r.Evaluator.Eval(k.key.Text(), k.key.TextPos(), vars)
	if err != nil {
		if c.strict {
			return source.Errorf(k.key.Pos(), "the groups of the host %q: %w", h.Name, err)
		}
		return nil
	}
	names, ok := k.names(v)
	switch {
	case !ok:
		return k.key.Errorf("the groups of the host %q: a text, a list or a mapping is needed, not %s", h.Name, kind(v))
	case names == nil && c.strict && !v.IsList() && !v.IsMap():
		return k.key.Errorf("the groups of the host %q: the value is empty", h.Name)
	}
	for _, name := range names {
		separator := k.separator
		if k.prefix == "" && !c.leading {
			separator = ""
		}
		g := r.inv.group(safeName(k.prefix+separator+name), k.key.Pos())
		join(g, h)
		if k.parent.Exists() && k.parent.Text() != "" {
			parent := k.parent.Text()
			if strings.Contains(parent, "{{") {
				pv, err := r.Evaluator.Render(parent, k.parent.TextPos(), vars)
				if err != nil {
					if c.strict {
						return err
					}
					continue
				}
				parent = pv.Text()
			}
			r.child(r.inv.group(safeName(parent), k.parent.Pos()), g, k.parent.Pos())
		}
	}
	return nil
}

// names returns the ends of the names of the groups that a value stands for; none
// for an empty one.
func (k keyedGroup) names(v source.Node) ([]string, bool) {
	or := func(text string) string {
		if text == "" && k.fallback != nil {
			return *k.fallback
		}
		return text
	}
	var out []string
	switch {
	case v.IsList():
		for _, item := range v.Items() {
			out = append(out, or(item.Text()))
		}
	case v.IsMap():
		for _, p := range v.Pairs() {
			name := p.Key.Text() + k.separator + or(p.Value.Text())
			if p.Value.Text() == "" && k.fallback == nil && !k.trailing {
				name = p.Key.Text()
			}
			out = append(out, name)
		}
	case v.IsNull():
	case v.IsString():
		if text := or(v.Text()); text != "" {
			out = []string{text}
		}
	default:
		b, isBool := source.Scalar(v).(bool)
		return nil, isBool && !b // false is empty
	}
	return out, true
}
