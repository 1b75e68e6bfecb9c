package jinja

import (
	"io/fs"
	"math"
	"slices"
	"strings"
)

// ansibleTests are those that Ansible adds.
var ansibleTests = []filter{
	{name: "failed failure", takes: takesLazy, fn: resultTest("failed", func(c *Context, m *Map) (any, error) { return entry(c, m, "failed") })},
	{name: "succeeded success successful", takes: takesLazy, fn: resultTest("succeeded", func(c *Context, m *Map) (any, error) { return noEntry(c, m, "failed") })},
	{name: "changed change", takes: takesLazy, fn: resultTest("changed", isChanged)},
	{name: "skipped skip", takes: takesLazy, fn: resultTest("skipped", func(c *Context, m *Map) (any, error) { return entry(c, m, "skipped") })},
	{name: "unreachable", takes: takesLazy, fn: resultTest("unreachable", func(c *Context, m *Map) (any, error) { return entry(c, m, "unreachable") })},
	{name: "reachable", takes: takesLazy, fn: resultTest("reachable", func(c *Context, m *Map) (any, error) { return noEntry(c, m, "unreachable") })},
	{name: "timedout", takes: takesLazy, fn: resultTest("timedout", func(c *Context, m *Map) (any, error) { return entry(c, m, "timedout") })},
	{name: "started", takes: takesLazy, fn: resultTest("started", asyncTest("started"))},
	{name: "finished", takes: takesLazy, fn: resultTest("finished", asyncTest("finished"))},
	{name: "match", params: "pattern='' ignorecase=false multiline=false", fn: regexTest("match")},
	{name: "search", params: "pattern='' ignorecase=false multiline=false", fn: regexTest("search")},
	{name: "regex", params: "pattern='' ignorecase=false multiline=false match_type=search", fn: regexTest("")},
	{name: "any", fn: quantifier(true)},
	{name: "all", fn: quantifier(false)},
	{name: "contains", params: "value", fn: func(c *Context, v any, a []any) (any, error) { return c.contains(v, a[0]) }},
	{name: "subset issubset", params: "b", fn: func(c *Context, v any, a []any) (any, error) { return c.subset(v, a[0]) }},
	{name: "superset issuperset", params: "b", fn: func(c *Context, v any, a []any) (any, error) { return c.subset(a[0], v) }},
	{name: "nan isnan", fn: is(func(v any) bool { f, ok := v.(float64); return ok && math.IsNaN(f) })},
	{name: "truthy", params: "convert_bool=false", fn: func(_ *Context, v any, a []any) (any, error) { return truthy(v, a[0], true) }},
	{name: "falsy", params: "convert_bool=false", fn: func(_ *Context, v any, a []any) (any, error) { return truthy(v, a[0], false) }},
	{name: "url", params: "schemes=none", takes: takesUndefined, fn: func(c *Context, v any, a []any) (any, error) {
		ok, err := c.isURI(v, a[0])
		if !ok || err != nil {
			return false, err
		}
		u, err := splitURL(Str(v))
		return err == nil && (u.GetString("netloc") != "" || u.GetString("scheme") == "file"), nil
	}},
	{name: "uri", params: "schemes=none", takes: takesUndefined, fn: func(c *Context, v any, a []any) (any, error) { return c.isURI(v, a[0]) }},
	{name: "urn", takes: takesUndefined, fn: func(c *Context, v any, _ []any) (any, error) { return c.isURI(v, []any{"urn"}) }},
	{name: "vaulted_file", fn: testVaultedFile},
	{name: "vault_encrypted", takes: takesVaulted, fn: func(c *Context, v any, _ []any) (any, error) { return c.wrapped(v), nil }},
	{name: "abs is_abs", fn: func(_ *Context, v any, _ []any) (any, error) {
		s, err := textArg("path", v)
		return strings.HasPrefix(s, "/"), err
	}},
	{name: "exists", fn: fileTest(true, func(fs.FileInfo) bool { return true })},
	{name: "link_exists", fn: fileTest(false, func(fs.FileInfo) bool { return true })},
	{name: "file is_file", fn: fileTest(true, func(i fs.FileInfo) bool { return i.Mode().IsRegular() })},
	{name: "directory is_dir", fn: fileTest(true, fs.FileInfo.IsDir)},
	{name: "mount is_mount", fn: testMount},
	{name: "same_file is_same_file", params: "other", fn: testSameFile},
	{name: "link is_link", fn: fileTest(false, func(i fs.FileInfo) bool { return i.Mode()&fs.ModeSymlink != 0 })},
}

// resultTest is a test on what a task registered.
func resultTest(name string, f func(c *Context, m *Map) (any, error)) func(*Context, any, []any) (any, error) {
	return func(c *Context, v any, _ []any) (any, error) {
		m, ok := v.(*Map)
		if !ok {
			return nil, newError("the test %q needs the registered result of a task, not %s", name, describe(v))
		}
		return f(c, m)
	}
}

func entry(c *Context, m *Map, key string) (any, error) {
	v, ok := m.Get(key)
	if !ok {
		return false, nil
	}
	v, err := c.resolve(v)
	if err != nil {
		return nil, err
	}
	return Truth(v)
}

func noEntry(c *Context, m *Map, key string) (any, error) {
	v, err := entry(c, m, key)
	return v != true, err
}

func isChanged(c *Context, m *Map) (any, error) {
	results, ok := m.Get("results")
	list, isList := results.([]any)
	if m.Has("changed") || !ok || !isList || len(list) == 0 {
		return entry(c, m, "changed")
	}
	for _, r := range list {
		if rm, ok := r.(*Map); ok {
			if v, err := entry(c, rm, "changed"); err != nil || v == true {
				return v, err
			}
		}
	}
	return false, nil
}

func asyncTest(key string) func(c *Context, m *Map) (any, error) {
	return func(c *Context, m *Map) (any, error) {
		v, ok := m.Get(key)
		if !ok {
			return true, nil
		}
		return equal(v, 1)
	}
}

func regexTest(kind string) func(*Context, any, []any) (any, error) {
	return func(c *Context, v any, a []any) (any, error) {
		s, err := textArg("value", v)
		if err != nil {
			if s, err = c.str(v); err != nil {
				return nil, err
			}
		}
		re, err := regexCompile(a[0], a[1], a[2])
		if err != nil {
			return nil, err
		}
		how := kind
		if how == "" {
			how = Str(a[3])
		}
		m, err := re.Search(s, 0, how == "match" || how == "fullmatch")
		if err != nil || m == nil {
			return false, err
		}
		return how != "fullmatch" || m[1] == len(s), nil
	}
}

func quantifier(want bool) func(*Context, any, []any) (any, error) {
	return func(c *Context, v any, _ []any) (any, error) {
		items, err := c.iterate(v)
		if err != nil {
			return nil, err
		}
		for _, e := range items {
			if ok, err := Truth(e); err != nil || ok == want {
				return want, err
			}
		}
		return !want, nil
	}
}

func (c *Context) subset(a, b any) (any, error) {
	small, err := c.iterate(a)
	if err != nil {
		return nil, err
	}
	large, err := c.iterate(b)
	if err != nil {
		return nil, err
	}
	for _, e := range slices.Concat(large, small) {
		if err := hashable(e); err != nil {
			return nil, newError("a set cannot hold a %s", typeName(e)).WithHint("subset and superset compare lists of plain values")
		}
	}
	in := map[any]bool{}
	for _, e := range large {
		in[normKey(e)] = true
	}
	for _, e := range small {
		if !in[normKey(e)] {
			return false, nil
		}
	}
	return true, nil
}

func truthy(v, convert any, want bool) (any, error) {
	conv, err := Truth(convert)
	if err != nil {
		return nil, err
	}
	if conv {
		v = convertBool(v)
	}
	b, err := Truth(v)
	return b == want, err
}

func (c *Context) isURI(v, schemes any) (bool, error) {
	s, ok := v.(string)
	if !ok {
		return false, nil
	}
	u, err := splitURL(s)
	if err != nil {
		return false, nil
	}
	if ok, err := Truth(schemes); !ok || err != nil {
		return true, err
	}
	return c.contains(schemes, u.GetString("scheme"))
}
