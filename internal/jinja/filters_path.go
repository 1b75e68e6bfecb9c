package jinja

import (
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// pathFilters take paths and addresses apart.
var pathFilters = []filter{
	{name: "basename", fn: onPath(func(s string) any { return s[strings.LastIndexByte(s, '/')+1:] })},
	{name: "commonpath", fn: filterCommonPath},
	{name: "normpath", fn: onPath(func(s string) any { return normPath(s) })},
	{name: "dirname", fn: onPath(dirname)},
	{name: "expanduser", fn: filterExpandUser},
	{name: "expandvars", fn: filterExpandVars},
	{name: "fileglob", fn: func(c *Context, v any, _ []any) (any, error) {
		f := c.Env.Lookups["fileglob"]
		if f == nil {
			return nil, newError("files cannot be looked up here")
		}
		l, err := f(c, []any{v}, nil)
		return l, err
	}},
	{name: "path_join", fn: filterPathJoin},
	{name: "realpath", fn: func(c *Context, v any, _ []any) (any, error) {
		s, err := textArg("path", v)
		if err != nil {
			return nil, err
		}
		if c.Env.RealPath == nil {
			return nil, newError("files cannot be looked at here")
		}
		r, err := c.Env.RealPath(s)
		return r, err
	}},
	{name: "relpath", params: "start=none", fn: filterRelpath},
	{name: "splitext", fn: onPath(splitext)},
	{name: "urlsplit", params: "query=''", fn: filterURLSplit},
}

func onPath(f func(string) any) func(*Context, any, []any) (any, error) {
	return func(_ *Context, v any, _ []any) (any, error) {
		s, err := textArg("path", v)
		if err != nil {
			return nil, err
		}
		return f(s), nil
	}
}

func dirname(s string) any {
	head := s[:strings.LastIndexByte(s, '/')+1]
	if trimmed := strings.TrimRight(head, "/"); trimmed != "" {
		return trimmed
	}
	return head
}

func splitext(s string) any {
	name := strings.LastIndexByte(s, '/') + 1
	dot := strings.LastIndexByte(s, '.')
	if dot < name || strings.Trim(s[name:dot], ".") == "" {
		return Tuple{s, ""}
	}
	return Tuple{s[:dot], s[dot:]}
}

func filterExpandUser(c *Context, v any, _ []any) (any, error) {
	s, err := textArg("path", v)
	if err != nil {
		return nil, err
	}
	if (s == "~" || strings.HasPrefix(s, "~/")) && c.Env.Home != "" {
		return strings.TrimRight(c.Env.Home, "/") + s[1:], nil
	}
	return s, nil
}

func filterPathJoin(c *Context, v any, _ []any) (any, error) {
	if s, ok := v.(string); ok {
		return s, nil
	}
	if !isSequence(v) {
		return nil, newError("path_join() expects string or sequence, not %s", describe(v))
	}
	items := asList(v)
	if len(items) == 0 {
		return nil, newError("path_join() expects string or sequence, not an empty one")
	}
	out := ""
	for _, item := range items {
		s, err := textArg("path", item)
		if err != nil {
			return nil, err
		}
		switch {
		case strings.HasPrefix(s, "/") || out == "":
			out = s
		case strings.HasSuffix(out, "/"):
			out += s
		default:
			out += "/" + s
		}
	}
	return out, nil
}

func filterRelpath(_ *Context, v any, a []any) (any, error) {
	s, err := textArg("path", v)
	if err != nil {
		return nil, err
	}
	start := "."
	if a[0] != nil {
		if start, err = textArg("start", a[0]); err != nil {
			return nil, err
		}
	}
	if strings.HasPrefix(s, "/") != strings.HasPrefix(start, "/") {
		return nil, newError("relpath() needs two absolute or two relative paths, not %s and %s", Repr(s), Repr(start))
	}
	to, from := pathParts(s), pathParts(start)
	n := 0
	for n < len(to) && n < len(from) && to[n] == from[n] {
		n++
	}
	var parts []string
	for range from[n:] {
		parts = append(parts, "..")
	}
	if parts = append(parts, to[n:]...); len(parts) == 0 {
		return ".", nil
	}
	return strings.Join(parts, "/"), nil
}

func pathParts(s string) []string {
	s = strings.Trim(path.Clean(s), "/")
	if s == "" || s == "." {
		return nil
	}
	return strings.Split(s, "/")
}

func filterURLSplit(_ *Context, v any, a []any) (any, error) {
	s, err := textArg("url", v)
	if err != nil {
		return nil, err
	}
	parts, err := splitURL(s)
	if err != nil {
		return nil, err
	}
	if name := Str(a[0]); name != "" {
		part, ok := parts.Get(name)
		if !ok {
			return nil, newError("urlsplit: unknown URL component: %s", name).WithHint("the parts are fragment, hostname, netloc, password, path, port, query, scheme and username")
		}
		return part, nil
	}
	return parts, nil
}

// splitURL takes an address apart, without decoding it.
func splitURL(s string) (*Map, error) {
	s = strings.TrimLeftFunc(s, func(r rune) bool { return r <= ' ' })
	s = strings.NewReplacer("\t", "", "\r", "", "\n", "").Replace(s)
	scheme, rest := "", s
	if i := strings.IndexByte(s, ':'); i > 0 && validScheme(s[:i]) {
		scheme, rest = strings.ToLower(s[:i]), s[i+1:]
	}
	netloc := ""
	if strings.HasPrefix(rest, "//") {
		rest = rest[2:]
		n := strings.IndexAny(rest, "/?#")
		if n < 0 {
			n = len(rest)
		}
		netloc, rest = rest[:n], rest[n:]
	}
	rest, fragment, _ := strings.Cut(rest, "#")
	rest, query, _ := strings.Cut(rest, "?")
	var user, password, host, port any
	hostPart := netloc
	if i := strings.LastIndexByte(netloc, '@'); i >= 0 {
		name, pw, has := strings.Cut(netloc[:i], ":")
		if user = name; has {
			password = pw
		}
		hostPart = netloc[i+1:]
	}
	u := url.URL{Host: hostPart}
	if h := u.Hostname(); h != "" {
		host = strings.ToLower(h)
	}
	if p := u.Port(); p != "" {
		n, err := strconv.Atoi(p)
		if err != nil || n > 65535 {
			return nil, newError("the port %q is not valid", p)
		}
		port = n
	}
	return NewMap("fragment", fragment, "hostname", host, "netloc", netloc, "password", password, "path", rest,
		"port", port, "query", query, "scheme", scheme, "username", user), nil
}

func validScheme(s string) bool {
	for i, r := range s {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || (r < '0' || r > '9') && !strings.ContainsRune("+-.", r)) {
			return false
		}
	}
	return s != ""
}

var variableText = regexp.MustCompile(`\$(?:([A-Za-z0-9_]+)|\{([^}]*)\})`)

// filterExpandVars replaces $name and ${name} by the controller's environment; what
// is not set stays.
func filterExpandVars(c *Context, v any, _ []any) (any, error) {
	s, err := textArg("path", v)
	if err != nil {
		return nil, err
	}
	if strings.Contains(s, "$") && c.Env.Getenv == nil {
		return nil, newError("environment variables cannot be looked at here")
	}
	return variableText.ReplaceAllStringFunc(s, func(m string) string {
		if value, ok := c.Env.Getenv(strings.Trim(m[1:], "{}")); ok {
			return value
		}
		return m
	}), nil
}

// normPath is Python's os.path.normpath: two slashes at the start, and no more than
// two, stay.
func normPath(s string) string {
	clean := path.Clean(s)
	if strings.HasPrefix(s, "//") && !strings.HasPrefix(s, "///") {
		return "/" + clean
	}
	return clean
}

// filterCommonPath is os.path.commonpath: the longest path that starts all others.
func filterCommonPath(c *Context, v any, _ []any) (any, error) {
	items, err := c.iterate(v)
	if err != nil {
		return nil, err
	}
	if _, isText := v.(string); isText || len(items) == 0 {
		return nil, newError("commonpath() needs a list of paths, not %s", describe(v))
	}
	var common []string
	for i, item := range items {
		s, err := textArg("path", item)
		if err != nil {
			return nil, err
		}
		if strings.HasPrefix(s, "/") != strings.HasPrefix(items[0].(string), "/") {
			return nil, newError("commonpath() cannot mix absolute and relative paths")
		}
		parts := strings.FieldsFunc(s, func(r rune) bool { return r == '/' })
		parts = slices.DeleteFunc(parts, func(p string) bool { return p == "." })
		if i == 0 {
			common = parts
		}
		n := 0
		for n < min(len(common), len(parts)) && common[n] == parts[n] {
			n++
		}
		common = common[:n]
	}
	s := strings.Join(common, "/")
	if strings.HasPrefix(items[0].(string), "/") {
		s = "/" + s
	}
	return s, nil
}
