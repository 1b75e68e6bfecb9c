package jinja

import (
	"regexp"
	"strconv"
	"strings"
)

// pathFiltersOfUtils are those of the collection ansible.utils for places in values.
var pathFiltersOfUtils = []filter{
	{name: "get_path ansible.utils.get_path", params: "path wantlist=false", fn: filterGetPath},
	{name: "index_of ansible.utils.index_of", params: "test value=none key=none fail_on_missing=false wantlist=false", fn: filterIndexOf},
	{name: "to_paths ansible.utils.to_paths", params: "prepend=none wantlist=false", fn: filterToPaths},
}

// wantList returns v, in a list where that is wanted.
func wantList(v, want any) (any, error) {
	yes, err := Truth(want)
	if yes {
		return []any{v}, err
	}
	return v, err
}

var plainName = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

func filterToPaths(c *Context, v any, a []any) (any, error) {
	if yes, err := Truth(a[0]); err != nil {
		return nil, err
	} else if yes {
		v = NewMap(a[0], v)
	}
	var out any = &Map{}
	switch x := v.(type) {
	case []any:
		if len(x) == 0 {
			out = x
		}
	}
	if m, ok := out.(*Map); ok {
		if err := c.toPaths(m, "", v, 0); err != nil {
			return nil, err
		}
	}
	return wantList(out, a[1])
}

// toPaths sets what lies in v under the path to it.
func (c *Context) toPaths(out *Map, path string, v any, depth int) error {
	if err := c.deeper(depth); err != nil {
		return err
	}
	switch x := v.(type) {
	case *Map:
		for k, e := range x.All() {
			name, ok := k.(string)
			switch {
			case !ok:
				return newError("to_paths: the keys must be texts, not %s", describe(k))
			case path == "":
			case plainName.MatchString(name):
				name = path + "." + name
			default:
				name = path + "['" + name + "']"
			}
			if err := c.toPaths(out, name, e, depth+1); err != nil {
				return err
			}
		}
		if x.Len() > 0 || path == "" {
			return nil
		}
	case []any:
		for i, e := range x {
			if err := c.toPaths(out, path+"["+strconv.Itoa(i)+"]", e, depth+1); err != nil {
				return err
			}
		}
		if len(x) > 0 {
			return nil
		}
	}
	out.Set(path, v)
	return c.charge(len(path))
}

// filterGetPath returns the entry at a path, as to_paths writes them. The path is no
// template: it may have come from anywhere.
func filterGetPath(c *Context, v any, a []any) (any, error) {
	path, err := textArg("path", a[0])
	if err != nil {
		return nil, err
	}
	keys, ok := splitPath(path)
	if !ok {
		return nil, newError("get_path: %q is no path", path).WithHint("write it as in a.b[0]['c d']")
	}
	if _, ok := v.(*Map); !ok {
		return nil, newError("get_path needs a dictionary, not %s", describe(v))
	}
	for _, k := range keys {
		u, missing := v.(*Undefined)
		if missing {
			return nil, u.Err()
		}
		if v, err = c.item(v, k, place{}); err != nil {
			return nil, err
		}
	}
	if _, missing := v.(*Undefined); missing {
		return v, nil
	}
	return wantList(v, a[1])
}

var pathStep = regexp.MustCompile(`^(?:\.?([a-zA-Z_][a-zA-Z0-9_]*)|\.([0-9]+)|\[(-?[0-9]+)\]|\['([^']*)'\]|\["([^"]*)"\])`)

// splitPath returns the keys of a path: texts, and numbers of elements.
func splitPath(path string) (keys []any, ok bool) {
	path = strings.TrimSpace(path)
	for first := true; path != ""; first = false {
		m := pathStep.FindStringSubmatch(path)
		if m == nil || first != (m[1] != "" && m[0] == m[1]) {
			return nil, false
		}
		key := any(m[1] + m[4] + m[5])
		if number := m[2] + m[3]; number != "" {
			n, err := strconv.Atoi(number)
			if err != nil {
				return nil, false
			}
			key = n
		}
		keys, path = append(keys, key), path[len(m[0]):]
	}
	return keys, len(keys) > 0
}

// filterIndexOf returns the number of the element for which a test holds, or a list
// of numbers where there are several, or none.
func filterIndexOf(c *Context, v any, a []any) (any, error) {
	items, ok := v.([]any)
	if !ok {
		return nil, newError("index_of needs a list, not %s", describe(v))
	}
	must, err := Truth(a[3])
	if err != nil {
		return nil, err
	}
	holds, err := c.namedTest(a[0], a[1])
	if err != nil {
		return nil, err
	}
	found := []any{}
	for i, e := range items {
		if a[2] != nil {
			m, ok := e.(*Map)
			if !ok {
				return nil, newError("index_of: with a key all elements must be dictionaries, but element %d is %s", i, describe(e))
			}
			if e, ok = m.Get(a[2]); !ok {
				if must {
					return nil, newError("index_of: element %d has no %s", i, Repr(a[2]))
				}
				continue
			}
		}
		if ok, err := holds(e); err != nil {
			return nil, err
		} else if ok {
			found = append(found, i)
		}
	}
	if many, err := Truth(a[4]); err != nil || many || len(found) != 1 {
		return found, err
	}
	return found[0], nil
}

// namedTest returns a test by its name, which "not " or "!" in front of it turns
// around.
func (c *Context) namedTest(name, value any) (func(any) (bool, error), error) {
	text, err := testName(name)
	if err != nil {
		return nil, err
	}
	plain, negated := strings.CutPrefix(text, "not ")
	if !negated {
		if plain, negated = strings.CutPrefix(text, "!"); plain == "=" {
			plain = "=="
		}
	}
	def, err := c.tables.find("test", plain)
	if err != nil {
		return nil, err
	}
	var args Args
	if value != nil {
		args.Pos = []any{value}
		if _, isList := value.([]any); !isList && plain == "in" {
			args.Pos[0] = []any{value}
		}
	}
	return func(v any) (bool, error) {
		r, err := c.apply(def, "test", v, args)
		if err != nil {
			return false, err
		}
		ok, err := Truth(r)
		return ok != negated, err
	}, nil
}
