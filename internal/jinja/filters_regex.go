package jinja

import (
	"fmt"
	"strconv"
	"strings"
	"sync"

	"fleet/internal/pyre"
)

// patternCache keeps compiled patterns, up to a number.
type patternCache struct {
	mu sync.RWMutex
	m  map[patternKey]*pyre.Regexp
}

type patternKey struct {
	pattern string
	flags   pyre.Flags
}

// patterns are shared by all evaluations: compiling is dear, and a pattern's
// meaning depends on nothing else.
var patterns patternCache

func (p *patternCache) get(pattern string, flags pyre.Flags) (*pyre.Regexp, error) {
	key := patternKey{pattern, flags}
	p.mu.RLock()
	re, ok := p.m[key]
	p.mu.RUnlock()
	if ok {
		return re, nil
	}
	re, err := pyre.Compile(pattern, flags)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.m == nil || len(p.m) > 1000 {
		p.m = map[patternKey]*pyre.Regexp{}
	}
	p.m[key] = re
	return re, nil
}

var regexFilters = []filter{
	{name: "regex_replace", params: "pattern='' replacement='' ignorecase=false multiline=false count=0 mandatory_count=0", fn: filterRegexReplace},
	{name: "regex_search", params: "regex *args **kwargs", fn: filterRegexSearch},
	{name: "regex_findall", params: "regex multiline=false ignorecase=false", fn: filterRegexFindall},
	{name: "regex_escape", params: "re_type=python", fn: filterRegexEscape},
}

func filterRegexReplace(c *Context, v any, a []any) (any, error) {
	s, err := c.str(v)
	if err != nil {
		return nil, err
	}
	if err := c.textWork(s); err != nil {
		return nil, err
	}
	re, err := regexCompile(a[0], a[2], a[3])
	if err != nil {
		return nil, err
	}
	with, err := textArg("replacement", a[1])
	if err != nil {
		return nil, err
	}
	count, err := intArg("count", a[4])
	if err != nil {
		return nil, err
	}
	mandatory, err := intArg("mandatory_count", a[5])
	if err != nil {
		return nil, err
	}
	out, done, err := re.ReplaceSome(s, with, count, maxOutput)
	if err == nil && mandatory != 0 && done != mandatory {
		return nil, fmt.Errorf("'%s' should match %d times, but matches %d times in '%s'", Str(a[0]), mandatory, done, s)
	}
	return out, err
}

func filterRegexSearch(c *Context, v any, a []any) (any, error) {
	s, err := c.str(v)
	if err != nil {
		return nil, err
	}
	if err := c.textWork(s); err != nil {
		return nil, err
	}
	kw, _ := a[2].(*Map)
	ignore, _ := kw.Get("ignorecase")
	multi, _ := kw.Get("multiline")
	re, err := regexCompile(a[0], ignore, multi)
	if err != nil {
		return nil, err
	}
	groups, err := searchGroups(re, a[1].([]any))
	if err != nil {
		return nil, err
	}
	m, err := re.Search(s, 0, false)
	if err != nil || m == nil {
		return nil, err
	}
	if len(groups) == 0 {
		return s[m[0]:m[1]], nil
	}
	out := make([]any, len(groups))
	for i, g := range groups {
		if m[2*g] >= 0 {
			out[i] = s[m[2*g]:m[2*g+1]]
		}
	}
	return out, nil
}

// searchGroups reads the arguments \1 and \g<name> of regex_search.
func searchGroups(re *pyre.Regexp, args []any) ([]int, error) {
	var out []int
	for _, arg := range args {
		s, err := textArg("group", arg)
		if err != nil {
			return nil, err
		}
		name, named := strings.CutPrefix(s, `\g<`)
		if named {
			name = strings.TrimSuffix(name, ">")
		} else {
			name = strings.TrimPrefix(s, `\`)
		}
		n, isNumber := 0, false
		if i, err := strconv.Atoi(name); err == nil {
			n, isNumber = i, i >= 0 && i <= re.Groups()
		} else if g, ok := re.Group(name); ok && named {
			n, isNumber = g, true
		}
		if !isNumber || name == s {
			return nil, newError("the pattern has no group %s", Repr(s)).WithHint(`write '\\1' or '\\g<name>'`)
		}
		out = append(out, n)
	}
	return out, nil
}

func filterRegexFindall(c *Context, v any, a []any) (any, error) {
	s, err := c.str(v)
	if err != nil {
		return nil, err
	}
	if err := c.textWork(s); err != nil {
		return nil, err
	}
	re, err := regexCompile(a[0], a[2], a[1])
	if err != nil {
		return nil, err
	}
	out := []any{}
	var full error
	err = re.All(s, func(m []int) bool {
		if full = c.charge(32 * (1 + re.Groups())); full != nil {
			return false
		}
		group := func(i int) string {
			if m[2*i] < 0 {
				return ""
			}
			return s[m[2*i]:m[2*i+1]]
		}
		switch n := re.Groups(); n {
		case 0, 1:
			out = append(out, group(n))
		default:
			t := make(Tuple, n)
			for i := range t {
				t[i] = group(i + 1)
			}
			out = append(out, t)
		}
		return len(out) <= maxItems
	})
	if err == nil {
		err = full
	}
	return out, err
}

func filterRegexEscape(c *Context, v any, a []any) (any, error) {
	s, err := c.str(v)
	if err != nil {
		return nil, err
	}
	switch a[0] {
	case "python":
		return pyre.Escape(s), nil
	case "posix_basic":
		var b strings.Builder
		for _, r := range s {
			if strings.ContainsRune(`].[^$*\`, r) {
				b.WriteByte('\\')
			}
			b.WriteRune(r)
		}
		return b.String(), nil
	}
	e := newError("Invalid regex type (%s)", Str(a[0]))
	if a[0] == "posix_extended" {
		e = newError("Regex type (posix_extended) not yet implemented")
	}
	return nil, e.WithHint("the kinds are python and posix_basic")
}
