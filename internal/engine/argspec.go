package engine

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"fleet/internal/jinja"
)

// specCheck holds values against an argument specification as roles have it
// (meta/argument_specs.yml), and collects what is wrong in Ansible's words.
type specCheck struct{ errs []string }

func (c *specCheck) addf(path []string, format string, args ...any) {
	msg := fmt.Sprintf(format, args...)
	if len(path) > 0 {
		msg += " found in " + strings.Join(path, " -> ")
	}
	c.errs = append(c.errs, msg)
}

// options checks the values of one level. path is empty at the top, where values
// of other names are no mistake: they are variables like all others.
func (c *specCheck) options(spec, values *jinja.Map, path []string) {
	var missing []string
	for k, v := range spec.All() {
		about, _ := v.(*jinja.Map)
		if about == nil {
			about = jinja.NewMap()
		}
		name := jinja.Str(k)
		value, given := valueOf(name, about, values)
		switch {
		case !given && isTrue(about, "required"):
			missing = append(missing, name)
		case !given, value == nil && !isTrue(about, "required"):
		default:
			c.option(name, about, value, path)
		}
	}
	if sort.Strings(missing); len(missing) > 0 {
		c.addf(path, "missing required arguments: %s", strings.Join(missing, ", "))
	}
	if len(path) > 0 {
		c.unknown(spec, values, path)
	}
}

// unknown notes values of names that the specification does not have.
func (c *specCheck) unknown(spec, values *jinja.Map, path []string) {
	known := map[string]bool{}
	var names []string
	for k, v := range spec.All() {
		names = append(names, jinja.Str(k))
		known[jinja.Str(k)] = true
		if about, ok := v.(*jinja.Map); ok {
			for _, alias := range textsOf(about, "aliases") {
				known[alias] = true
			}
		}
	}
	sort.Strings(names)
	for k := range values.All() {
		if name := jinja.Str(k); !known[name] {
			c.addf(nil, "%s. Supported parameters include: %s.", strings.Join(append(slices.Clone(path), name), "."), strings.Join(names, ", "))
		}
	}
}

// valueOf returns what is given under an option's name or one of its aliases.
func valueOf(name string, about, values *jinja.Map) (any, bool) {
	for _, n := range append([]string{name}, textsOf(about, "aliases")...) {
		if v, ok := values.Get(n); ok {
			return v, true
		}
	}
	return nil, false
}

// option checks one value: its type, then its elements, choices and sub-options.
func (c *specCheck) option(name string, about *jinja.Map, value any, path []string) {
	kind := or(about.GetString("type"), func() string { return "str" })
	got, err := toType(kind, value)
	if err != nil {
		in := ""
		if len(path) > 0 {
			in = fmt.Sprintf(" found in '%s'.", strings.Join(path, " -> "))
		}
		c.addf(nil, "argument '%s' is of type %s%s and we were unable to convert to %s: %s", name, class(value), in, kind, err)
		return
	}
	items, isList := got.([]any)
	if elements := about.GetString("elements"); isList && elements != "" {
		items = c.elements(name, elements, items)
		got = items
	}
	c.choices(name, about, got, path)
	c.below(name, about, got, path)
}

func (c *specCheck) elements(name, kind string, items []any) []any {
	out := make([]any, 0, len(items))
	for _, item := range items {
		got, err := toType(kind, item)
		if err != nil {
			c.addf(nil, "Elements value for option '%s' is of type %s and we were unable to convert to %s: %s", name, class(item), kind, err)
			continue
		}
		out = append(out, got)
	}
	return out
}

func (c *specCheck) choices(name string, about *jinja.Map, value any, path []string) {
	choices := textsOf(about, "choices")
	if len(choices) == 0 {
		return
	}
	items, isList := value.([]any)
	if !isList {
		if got := jinja.Str(value); !slices.Contains(choices, got) {
			c.addf(path, "value of %s must be one of: %s, got: %s", name, strings.Join(choices, ", "), got)
		}
		return
	}
	var bad []string
	for _, item := range items {
		if got := jinja.Str(item); !slices.Contains(choices, got) {
			bad = append(bad, got)
		}
	}
	if len(bad) > 0 {
		c.addf(path, "value of %s must be one or more of: %s. Got no match for: %s", name, strings.Join(choices, ", "), strings.Join(bad, ", "))
	}
}

// below checks the sub-options of a mapping, or of the mappings in a list.
func (c *specCheck) below(name string, about *jinja.Map, value any, path []string) {
	sub, _ := about.Get("options")
	spec, ok := sub.(*jinja.Map)
	if !ok {
		return
	}
	items, isList := value.([]any)
	if !isList {
		items = []any{value}
	}
	path = append(slices.Clone(path), name)
	for _, item := range items {
		values, isMap := item.(*jinja.Map)
		if !isMap {
			c.addf(nil, "value of '%s' must be of type dict or list of dicts", name)
			continue
		}
		c.groups(about, values, path)
		c.options(spec, values, path)
	}
}

// groups checks what a specification says of several options together.
func (c *specCheck) groups(about, values *jinja.Map, path []string) {
	given := func(names []string) (out []string) {
		for _, n := range names {
			if v, ok := values.Get(n); ok && v != nil {
				out = append(out, n)
			}
		}
		return out
	}
	for _, group := range groupsOf(about, "mutually_exclusive") {
		if len(given(group)) > 1 {
			c.addf(path, "parameters are mutually exclusive: %s", strings.Join(group, "|"))
		}
	}
	for _, group := range groupsOf(about, "required_together") {
		if n := len(given(group)); n > 0 && n < len(group) {
			c.addf(path, "parameters are required together: %s", strings.Join(group, ", "))
		}
	}
	for _, group := range groupsOf(about, "required_one_of") {
		if len(given(group)) == 0 {
			c.addf(path, "one of the following is required: %s", strings.Join(group, ", "))
		}
	}
}

func groupsOf(m *jinja.Map, key string) [][]string {
	v, _ := m.Get(key)
	list, _ := v.([]any)
	var out [][]string
	for _, item := range list {
		if names, ok := textList(item); ok {
			out = append(out, names)
		}
	}
	return out
}

// textsOf returns a list's members as texts.
func textsOf(m *jinja.Map, key string) []string {
	v, _ := m.Get(key)
	list, _ := v.([]any)
	var out []string
	for _, item := range list {
		out = append(out, jinja.Str(item))
	}
	return out
}
