package spec

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Check holds given arguments against the module and returns every mismatch.
// opaque reports values that are not known yet (templates): their names are
// checked and their types are not. A nil opaque takes every value as known.
func (m *Module) Check(given map[string]any, opaque func(any) bool) []*Error {
	if m.File != "" {
		return nil
	}
	needs := opaque != nil || !m.OwnNeeds
	if opaque == nil {
		opaque = func(any) bool { return false }
	}
	c := checker{opaque: opaque, lenient: !needs}
	args := m.Args()
	c.fields(args, given, "")
	c.lenient = false
	if needs {
		c.groups(m, args, given)
	}
	return c.errs
}

// groups holds the names that are given against the groups that they belong to.
func (c *checker) groups(m *Module, args []Arg, given map[string]any) {
	has := func(name string) bool {
		a, _ := Find(args, name)
		_, ok := lookup(&a, given)
		return ok
	}
	for _, group := range m.Exclusive {
		if on := filter(group, has); len(on) > 1 {
			c.add(on[1], "parameters are mutually exclusive: %s", strings.Join(group, "|"))
		}
	}
	for _, group := range m.OneOf {
		if len(filter(group, has)) == 0 {
			c.add("", "one of the following is required: %s", quoteList(group))
		}
	}
	for _, group := range m.Together {
		if on := filter(group, has); len(on) > 0 && len(on) < len(group) {
			c.add(on[0], "parameters are required together: %s", quoteList(group))
		}
	}
}

func filter(names []string, keep func(string) bool) []string {
	return slices.DeleteFunc(slices.Clone(names), func(n string) bool { return !keep(n) })
}

// lookup returns the value given for a under its name or an alias. A null value
// counts as not given, as in Ansible.
func lookup(a *Arg, given map[string]any) (any, bool) {
	if v := given[a.Name]; v != nil {
		return v, true
	}
	for _, name := range a.Aliases {
		if v := given[name]; v != nil {
			return v, true
		}
	}
	return nil, false
}

type checker struct {
	opaque  func(any) bool
	lenient bool // nothing is missing
	errs    []*Error
}

func (c *checker) add(key, format string, args ...any) {
	c.errs = append(c.errs, &Error{Key: key, Msg: fmt.Sprintf(format, args...)})
}

func (c *checker) fields(args []Arg, given map[string]any, prefix string) {
	var unknown []string
	for key := range given {
		if _, ok := Find(args, key); !ok {
			unknown = append(unknown, key)
		}
	}
	slices.Sort(unknown)
	for _, key := range unknown {
		c.add(prefix+key, "unknown argument %q", prefix+key)
		c.errs[len(c.errs)-1].Known = Names(args)
	}
	for i := range args {
		a := &args[i]
		v, ok := lookup(a, given)
		switch {
		case !ok && a.Required && c.lenient:
		case !ok && a.Required:
			c.add("", "missing required arguments: %s", prefix+a.Name)
		case ok:
			c.value(a, v, prefix+a.Name)
		}
	}
}

func (c *checker) value(a *Arg, v any, key string) {
	if c.opaque(v) {
		return
	}
	got, err := coerce(a.Type, a.word(v))
	if err != nil {
		c.add(key, "argument %q: %s", key, err)
		c.errs[len(c.errs)-1].Written = a.AsText()
		return
	}
	switch got := got.(type) {
	case []any:
		for i, item := range got {
			if a.Elem != "" {
				elem := &Arg{Name: a.Name, Type: a.Elem, Choices: a.Choices, Sub: a.Sub}
				c.value(elem, item, key+"["+strconv.Itoa(i)+"]")
			}
		}
	case map[string]any:
		if a.Sub != nil {
			c.fields(a.Sub, got, key+".")
		}
	default:
		c.choice(a, got, key)
	}
}

// word returns the choice that a YAML boolean was meant to be: `no` without
// quotes is false, and "no" where that is a choice.
func (a *Arg) word(v any) any {
	b, isBool := v.(bool)
	if !isBool || a.Type != Str {
		return v
	}
	for _, choice := range a.Choices {
		if meant, err := toBool(choice); err == nil && meant == b {
			return choice
		}
	}
	return v
}

func (c *checker) choice(a *Arg, v any, key string) {
	if len(a.Choices) == 0 || slices.Contains(a.Choices, text(v)) {
		return
	}
	c.add(key, "argument %q is %q, which is none of %s", key, text(v), quoteList(a.Choices))
	c.errs[len(c.errs)-1].Known = a.Choices
}
