package inventory

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	"gopkg.in/yaml.v3"

	"fleet/internal/source"
)

// Evaluator evaluates the expressions of constructed inventories.
type Evaluator interface {
	// Eval returns what an expression is with these variables, the later layers over
	// the earlier. The text stands at pos.
	Eval(expr string, pos source.Pos, vars []Layer) (source.Node, error)
}

// constructed is what a file with `plugin: constructed` says: variables and groups
// that follow from the variables of the hosts so far.
type constructed struct {
	compose, groups source.Node
	keyed           []keyedGroup
	strict          bool
	files           bool // group_vars and host_vars count too
	leading         bool // a group without a prefix starts with the separator
}

// keyedGroup makes groups out of a value.
type keyedGroup struct {
	key, parent       source.Node
	prefix, separator string
	fallback          *string // stands for an empty value
	trailing          bool    // an empty value leaves the separator
}

var constructedKeys = []string{
	"compose", "groups", "keyed_groups", "leading_separator", "plugin", "strict", "use_extra_vars", "use_vars_plugins",
}

// plugin reads a file that names an inventory plugin.
func (r *reader) plugin(doc source.Node) {
	name := doc.Get("plugin")
	short := strings.TrimPrefix(strings.TrimPrefix(name.Text(), "ansible.builtin."), "ansible.legacy.")
	if short != "constructed" {
		r.fail(name.Errorf("the inventory plugin %q is not supported", name.Text()).
			WithHint(`fleet has "constructed"; of another, write the output of "ansible-inventory --list" into a file and use that`))
		return
	}
	before := len(r.errs)
	c := r.constructed(doc)
	if len(r.errs) > before {
		return
	}
	r.inv.settle()
	for _, h := range slices.Clone(r.inv.hostList) {
		if err := r.construct(c, h); err != nil {
			r.fail(err)
			return
		}
	}
}

// constructed reads the options.
func (r *reader) constructed(doc source.Node) constructed {
	c := constructed{leading: true}
	for _, p := range doc.Pairs() {
		switch p.Key.Text() {
		case "plugin", "use_extra_vars", "cache": // variables of the command line always count
		case "compose", "groups":
			if !p.Value.IsMap() && !p.Value.IsNull() {
				r.fail(p.Value.Errorf("%q is a mapping of names to expressions, not %s", p.Key.Text(), kind(p.Value)))
			}
			if p.Key.Text() == "compose" {
				c.compose = p.Value
			} else {
				c.groups = p.Value
			}
		case "keyed_groups":
			for _, item := range p.Value.Items() {
				c.keyed = append(c.keyed, r.keyedGroup(item))
			}
		case "strict":
			c.strict = r.truth(p)
		case "use_vars_plugins":
			c.files = r.truth(p)
		case "leading_separator":
			c.leading = r.truth(p)
		default:
			e := p.Key.Errorf("a constructed inventory has no option %q", p.Key.Text())
			e.Hint = source.DidYouMean(p.Key.Text(), constructedKeys)
			r.fail(e)
		}
	}
	return c
}

func (r *reader) truth(p source.Pair) bool {
	b, ok := source.Scalar(p.Value).(bool)
	if !ok {
		r.fail(p.Value.Errorf("%q wants true or false", p.Key.Text()))
	}
	return b
}

func (r *reader) keyedGroup(n source.Node) keyedGroup {
	k := keyedGroup{separator: "_", trailing: true}
	if !n.IsMap() || !n.Get("key").Exists() {
		r.fail(n.Errorf(`an entry of "keyed_groups" is a mapping with a key, not %s`, kind(n)).WithHint(`as in "- {key: os, prefix: os}"`))
	}
	known := []string{"default_value", "key", "parent_group", "prefix", "separator", "trailing_separator"}
	for _, p := range n.Pairs() {
		switch p.Key.Text() {
		case "key":
			k.key = p.Value
		case "parent_group":
			k.parent = p.Value
		case "prefix":
			k.prefix = p.Value.Text()
		case "separator":
			k.separator = p.Value.Text()
		case "default_value":
			text := p.Value.Text()
			k.fallback = &text
		case "trailing_separator":
			k.trailing = r.truth(p)
		default:
			e := p.Key.Errorf(`an entry of "keyed_groups" has no option %q`, p.Key.Text())
			e.Hint = source.DidYouMean(p.Key.Text(), known)
			r.fail(e)
		}
	}
	if k.fallback != nil && n.Get("trailing_separator").Exists() {
		r.fail(n.Errorf("default_value and trailing_separator exclude each other"))
	}
	return k
}

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
				expr := strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(parent), "{{"), "}}")
				pv, err := r.Evaluator.Eval(expr, k.parent.TextPos(), vars)
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

var unsafeName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[0-9]|[^\pL\pN_]`)
})

// safeName is a group's name that can be a variable's too.
func safeName(name string) string { return unsafeName().ReplaceAllString(name, "_") }
