package jinja

import (
	"slices"
	"strings"
)

// lookupMergeVariables is community.general's merge_variables: the dictionaries, or
// the lists, of all variables whose names match, merged in the order of the names.
func lookupMergeVariables(c *Context, terms []any, kw *Map) ([]any, error) {
	m, err := newVariableMerge(c, kw)
	if err != nil {
		return nil, err
	}
	initial, _ := kw.Get("initial_value")
	groups, _ := kw.Get("groups")
	out := []any{}
	for _, t := range terms {
		matches, err := m.matcher(t)
		if err != nil {
			return nil, err
		}
		var merged any
		if groups == nil {
			merged, err = m.from(initial, c.Scope, matches)
		} else {
			merged, err = m.fromGroups(initial, asList(groups), matches)
		}
		if err != nil {
			return nil, err
		}
		out = append(out, merged)
	}
	return out, nil
}

// variableMerge says how values are merged.
type variableMerge struct {
	c                                *Context
	pattern, override                string
	dicts, lists, conflicts, scalars string
}

func newVariableMerge(c *Context, kw *Map) (m variableMerge, err error) {
	o := options{"merge_variables", kw}
	if kw.Has("list_transformations") {
		return m, newError("the lookup \"merge_variables\" has no list_transformations here").WithHint(`use the filters "| unique" and "| flatten" on what it gives`)
	}
	if err := o.only("default_merge", "dict_merge", "groups", "initial_value", "list_merge", "override", "pattern_type", "type_conflict_merge"); err != nil {
		return m, err
	}
	m.c = c
	for _, option := range []struct {
		into  *string
		name  string
		words []string
	}{
		{&m.pattern, "pattern_type", []string{"regex", "prefix", "suffix"}},
		{&m.override, "override", []string{"error", "warn", "ignore"}},
		{&m.dicts, "dict_merge", []string{"deep", "shallow", "replace", "keep"}},
		{&m.lists, "list_merge", []string{"append", "prepend", "merge", "replace", "keep"}},
		{&m.conflicts, "type_conflict_merge", []string{"replace", "keep"}},
		{&m.scalars, "default_merge", []string{"replace", "keep"}},
	} {
		if *option.into, err = o.choice(option.name, option.words...); err != nil {
			return m, err
		}
	}
	return m, nil
}

// matcher says which names a term means.
func (m variableMerge) matcher(term any) (func(name string) (bool, error), error) {
	text, ok := term.(string)
	if !ok {
		return nil, newError("the lookup \"merge_variables\" needs texts, not %s", describe(term))
	}
	switch m.pattern {
	case "prefix":
		return func(name string) (bool, error) { return strings.HasPrefix(name, text), nil }, nil
	case "suffix":
		return func(name string) (bool, error) { return strings.HasSuffix(name, text), nil }, nil
	}
	re, err := regexCompile(text, false, false)
	if err != nil {
		return nil, err
	}
	return func(name string) (bool, error) {
		found, err := re.Search(name, 0, false)
		return found != nil, err
	}, nil
}

// from merges the variables of a scope into a value.
func (m variableMerge) from(value any, scope Scope, matches func(string) (bool, error)) (any, error) {
	for _, name := range slices.Sorted(slices.Values(scope.Names())) {
		if ok, err := matches(name); err != nil {
			return nil, err
		} else if !ok {
			continue
		}
		v, ok := scope.Lookup(name)
		if !ok {
			continue
		}
		v, err := Deep(m.c, v)
		if err != nil {
			return nil, err
		}
		if value, err = m.next(value, v, name); err != nil {
			return nil, err
		}
	}
	return value, nil
}

// fromGroups merges the variables of all hosts of some groups.
func (m variableMerge) fromGroups(value any, groups []any, matches func(string) (bool, error)) (any, error) {
	all, _ := m.c.Scope.Lookup("hostvars")
	hosts, ok := all.(Mapping)
	if !ok {
		return nil, newError("the lookup \"merge_variables\" has no hosts here")
	}
	for _, host := range hosts.Keys() {
		v, _, err := hosts.Lookup(m.c, host)
		if err == nil {
			v, err = m.c.resolve(v)
		}
		if err != nil {
			return nil, err
		}
		in, err := m.c.item(v, "group_names", place{})
		if err != nil {
			return nil, err
		}
		if !slices.Contains(groups, any("all")) && !slices.ContainsFunc(asList(in), func(g any) bool { return slices.Contains(groups, g) }) {
			continue
		}
		vars, err := m.c.dict(v)
		if err != nil {
			return nil, err
		}
		if value, err = m.from(value, entries{vars}, matches); err != nil {
			return nil, err
		}
	}
	return value, nil
}

// entries is a dictionary as a scope.
type entries struct{ m *Map }

func (e entries) Lookup(name string) (any, bool) { return e.m.Lookup(name) }
func (e entries) Names() []string                { return e.m.names() }

// next merges one more variable into what the ones before gave.
func (m variableMerge) next(value, v any, name string) (any, error) {
	switch v.(type) {
	case *Map, []any:
	default:
		return nil, newError("the lookup \"merge_variables\" merges lists and dictionaries, but %q is %s", name, describe(v))
	}
	if value == nil {
		return v, nil
	}
	if typeName(value) != typeName(v) {
		return nil, newError("the lookup \"merge_variables\" cannot merge: %q is a %s, and what comes before a %s", name, typeName(v), typeName(value))
	}
	return m.merge(value, v, []string{name}, m.dicts)
}

// merge merges right over left; dicts says how dictionaries are merged.
func (m variableMerge) merge(left, right any, path []string, dicts string) (any, error) {
	if err := m.c.deeper(len(path)); err != nil {
		return nil, err
	}
	x, xMap := left.(*Map)
	y, yMap := right.(*Map)
	a, aList := left.([]any)
	b, bList := right.([]any)
	switch {
	case xMap && yMap && (dicts == "deep" || dicts == "shallow"):
		return m.mergeMaps(x, y, path)
	case xMap && yMap:
		return chosen(dicts, left, right), nil
	case aList && bList:
		return m.mergeLists(a, b, path)
	case typeName(left) != typeName(right):
		return chosen(m.conflicts, left, right), nil
	}
	return chosen(m.scalars, left, right), nil
}

// inner says how dictionaries within others are merged: if not deeply, as other values.
func (m variableMerge) inner() string {
	if m.dicts == "shallow" {
		return m.scalars
	}
	return m.dicts
}

// chosen is what keep and replace give.
func chosen(how string, left, right any) any {
	if how == "keep" {
		return left
	}
	return right
}

func (m variableMerge) mergeMaps(x, y *Map, path []string) (any, error) {
	dicts := m.inner()
	out := x.Clone()
	for k, v := range y.All() {
		if old, ok := out.Get(k); ok {
			var err error
			path = append(path, Str(k))
			if v, err = m.merge(old, v, path, dicts); err == nil {
				err = m.overridden(old, v, path)
			}
			if err != nil {
				return nil, err
			}
		}
		out.Set(k, v)
	}
	return out, m.c.made(out)
}

func (m variableMerge) mergeLists(a, b []any, path []string) (any, error) {
	var out []any
	switch m.lists {
	case "append":
		out = slices.Concat(a, b)
	case "prepend":
		out = slices.Concat(b, a)
	case "merge":
		out = slices.Clone(a)
		for i, v := range b {
			if i >= len(a) {
				out = append(out, v)
				continue
			}
			var err error
			path = append(path, Str(i))
			if out[i], err = m.merge(a[i], v, path, m.inner()); err == nil {
				err = m.overridden(a[i], out[i], path)
			}
			if err != nil {
				return nil, err
			}
		}
	default:
		return chosen(m.lists, a, b), nil
	}
	return out, m.c.made(out)
}

// overridden is the error of a value that another one takes the place of.
func (m variableMerge) overridden(old, value any, path []string) error {
	if m.override != "error" {
		return nil
	}
	if typeName(old) == typeName(value) {
		switch value.(type) {
		case *Map, []any:
			return nil
		}
		if same, err := m.c.equal(old, value); same || err != nil {
			return err
		}
	}
	e := newError("The key '%s' with value '%s' will be overwritten with value '%s' from '%s'", path[len(path)-1], Str(old), Str(value), strings.Join(path, "."))
	return e.WithHint("override='ignore' lets the later variable count")
}
