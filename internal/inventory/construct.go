package inventory

import (
	"slices"
	"strings"

	"fleet/internal/source"
)

// Evaluator evaluates the expressions of constructed inventories.
type Evaluator interface {
	// Eval returns what an expression is with these variables, the later layers over
	// the earlier. The text stands at pos.
	Eval(expr string, pos source.Pos, vars []Layer) (source.Node, error)
	// Render is Eval for a template.
	Render(template string, pos source.Pos, vars []Layer) (source.Node, error)
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
	if !name.IsString() {
		r.fail(name.Errorf("the name of an inventory plugin must be text, not %s", kind(name)))
		return
	}
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
