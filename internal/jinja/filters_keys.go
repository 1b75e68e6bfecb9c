package jinja

import (
	"slices"
	"strings"
)

// keyFilters are those that choose and rename keys: community.general's on a list of
// dictionaries, ansible.utils' at any depth.
var keyFilters = []filter{
	{name: "keep_keys", params: "target=none matching_parameter=equal", fn: keysOfList(true)},
	{name: "remove_keys", params: "target=none matching_parameter=equal", fn: keysOfList(false)},
	{name: "replace_keys", params: "target=none matching_parameter=equal", fn: filterReplaceKeys},
	{name: "ansible.utils.keep_keys", params: "target matching_parameter=none", fn: filterKeepNested},
	{name: "ansible.utils.remove_keys", params: "target matching_parameter=none", fn: filterRemoveNested},
	{name: "ansible.utils.replace_keys", params: "target matching_parameter=none", fn: filterReplaceNested},
}

// keyMatch says whether a key is meant.
type keyMatch func(key any) (bool, error)

// matchKey returns a match of keys with a text; how is the argument
// matching_parameter, which for the whole key is equal.
func matchKey(how, equal any, text string) (keyMatch, error) {
	var on func(s, part string) bool
	switch how {
	case equal:
		return func(key any) (bool, error) { return key == text, nil }, nil
	case "starts_with":
		on = strings.HasPrefix
	case "ends_with":
		on = strings.HasSuffix
	case "regex":
		re, err := regexCompile(text, false, false)
		if err != nil {
			return nil, err
		}
		return func(key any) (bool, error) {
			s, err := keyText(key)
			if err != nil {
				return false, err
			}
			m, err := re.Search(s, 0, true)
			return m != nil, err
		}, nil
	default:
		return nil, newError("matching_parameter cannot be %s", Repr(how)).WithHint("write starts_with, ends_with or regex; without it keys match as a whole")
	}
	return func(key any) (bool, error) {
		s, err := keyText(key)
		return err == nil && on(s, text), err
	}, nil
}

func keyText(key any) (string, error) {
	if s, ok := key.(string); ok {
		return s, nil
	}
	return "", newError("the keys must be texts, not %s", describe(key))
}

// matchAny returns a match with any of several texts.
func matchAny(how, equal any, texts []any) (keyMatch, error) {
	var matches []keyMatch
	for _, t := range texts {
		s, ok := t.(string)
		if !ok {
			return nil, newError("target must hold texts, not %s", describe(t))
		}
		m, err := matchKey(how, equal, s)
		if err != nil {
			return nil, err
		}
		matches = append(matches, m)
	}
	return func(key any) (bool, error) {
		for _, m := range matches {
			if ok, err := m(key); ok || err != nil {
				return ok, err
			}
		}
		return false, nil
	}, nil
}

// dictsWithTexts returns the dictionaries of a list, whose keys must be texts.
func (c *Context) dictsWithTexts(name string, v any) ([]*Map, error) {
	if !isSequence(v) {
		return nil, newError("%s needs a list of dictionaries, not %s", name, describe(v))
	}
	var out []*Map
	for _, e := range asList(v) {
		m, err := c.dict(e)
		if err != nil {
			return nil, newError("%s needs a list of dictionaries, but one element is %s", name, describe(e))
		}
		for _, k := range m.keys {
			if _, err := keyText(k); err != nil {
				return nil, err
			}
		}
		out = append(out, m)
	}
	return out, nil
}

// targets returns the argument target as a list of texts that is not empty.
func targets(v, how any) ([]any, error) {
	texts := asList(v)
	if len(texts) == 0 || v == nil || v == "" {
		return nil, newError("target must be a text or a list of texts, and not empty")
	}
	if how == "regex" && len(texts) > 1 {
		return nil, newError("target must be one regular expression with matching_parameter=regex")
	}
	return texts, nil
}

func keysOfList(keep bool) func(*Context, any, []any) (any, error) {
	name := "remove_keys"
	if keep {
		name = "keep_keys"
	}
	return func(c *Context, v any, a []any) (any, error) {
		dicts, err := c.dictsWithTexts(name, v)
		if err != nil {
			return nil, err
		}
		texts, err := targets(a[0], a[1])
		if err != nil {
			return nil, err
		}
		meant, err := matchAny(a[1], "equal", texts)
		if err != nil {
			return nil, err
		}
		out := make([]any, len(dicts))
		for i, m := range dicts {
			left := newMapFor(0)
			for k, e := range m.All() {
				ok, err := meant(k)
				if err != nil {
					return nil, err
				}
				if ok == keep {
					left.Set(k, e)
				}
			}
			out[i] = left
		}
		return out, nil
	}
}

// renaming is one entry of the target of replace_keys.
type renaming struct {
	meant keyMatch
	after any
}

func renamings(target, how, equal any) ([]renaming, error) {
	l, ok := target.([]any)
	if !ok || len(l) == 0 {
		return nil, newError("target must be a list of dictionaries with before and after, and not empty")
	}
	var out []renaming
	for _, e := range l {
		m, _ := e.(*Map)
		before, ok := m.Get("before")
		after, ok2 := m.Get("after")
		text, isText := before.(string)
		_, isText2 := after.(string)
		if !ok || !ok2 || !isText || !isText2 {
			return nil, newError("target must hold dictionaries with the texts before and after, not %s", describe(e))
		}
		meant, err := matchKey(how, equal, text)
		if err != nil {
			return nil, err
		}
		out = append(out, renaming{meant, after})
	}
	return out, nil
}

func filterReplaceKeys(c *Context, v any, a []any) (any, error) {
	dicts, err := c.dictsWithTexts("replace_keys", v)
	if err != nil {
		return nil, err
	}
	rules, err := renamings(a[0], a[1], "equal")
	if err != nil {
		return nil, err
	}
	out := make([]any, len(dicts))
	for i, m := range dicts {
		renamed := newMapFor(0)
		for k, e := range m.All() {
			at := slices.IndexFunc(rules, func(r renaming) bool {
				ok, failed := r.meant(k)
				if failed != nil {
					err = failed
				}
				return ok
			})
			if at >= 0 {
				k = rules[at].after
			}
			renamed.Set(k, e)
		}
		out[i] = renamed
	}
	return out, err
}
