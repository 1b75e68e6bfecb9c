package jinja

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"

	"fleet/internal/source"
)

// filter is a filter, a test or a method: something with parameters that is
// applied to a value.
type filter struct {
	name string
	// params is the signature: names apart by blanks, with =default where there
	// is one; *name and **name collect the rest.
	params string
	// what the function gets as it is; everything else is resolved before, and
	// something undefined is an error.
	takes takes
	fn    func(c *Context, v any, a []any) (any, error)

	// check finds mistakes in the first arguments while the text is read, where they
	// are texts and written out. It may be nil.
	check func(t *tables, args []string) error
	// onlyArgs is the error of an argument that there is not, where Ansible has one of
	// its own.
	onlyArgs string

	sig *signature
}

type takes uint8

const (
	takesUndefined takes = 1 << iota // an undefined value is no error
	takesLazy                        // parts of the value and arguments may be lazy
	takesVaulted                     // it holds of a value that is written encrypted
	showsUndefined                   // it may show arguments that are undefined
)

// signature is a parsed list of parameters.
type signature struct {
	names       []string
	defaults    []any
	required    int
	positional  int // how many can be given without a name
	star, dstar bool
}

func parseSignature(s string) *signature {
	sig := &signature{positional: -1}
	for _, f := range strings.Fields(s) {
		name, value, has := strings.Cut(f, "=")
		switch {
		case strings.HasPrefix(f, "**"):
			sig.dstar = true
		case strings.HasPrefix(f, "*"):
			sig.star, sig.positional = true, len(sig.names)
		case has:
			sig.names, sig.defaults = append(sig.names, name), append(sig.defaults, literal(value))
		default:
			sig.names, sig.defaults = append(sig.names, name), append(sig.defaults, nil)
			sig.required++
		}
	}
	if sig.positional < 0 {
		sig.positional = len(sig.names)
	}
	return sig
}

func literal(s string) any {
	switch s {
	case "none":
		return nil
	case "true", "false":
		return s == "true"
	}
	if n, err := strconv.Atoi(s); err == nil {
		return n
	}
	if n, err := strconv.ParseFloat(s, 64); err == nil {
		return n
	}
	return strings.Trim(s, "'")
}

// bind puts arguments in the order of the parameters. The last elements are the
// []any of *args and the *Map of **kwargs, where the signature has them.
func (s *signature) bind(kind, name string, a Args) ([]any, error) {
	out := make([]any, len(s.defaults), len(s.defaults)+2)
	copy(out, s.defaults)
	n := min(len(a.Pos), s.positional)
	copy(out, a.Pos[:n])
	if len(a.Pos) > n && !s.star {
		return nil, newError("%s takes %s, not %d", callee(kind, name), atMost(s.positional), len(a.Pos))
	}
	given := n
	var extra *Map
	if a.Kw != nil {
		for k, v := range a.Kw.All() {
			arg := Str(k)
			i := slices.Index(s.names, arg)
			switch {
			case i >= 0 && i < n:
				return nil, newError("%s got the argument %q twice", callee(kind, name), arg)
			case i >= 0:
				if out[i] = v; i < s.required {
					given++
				}
			case s.dstar:
				if extra == nil {
					extra = &Map{}
				}
				extra.Set(arg, v)
			default:
				e := newError("%s has no argument %q", callee(kind, name), arg)
				e.Hint = source.DidYouMean(arg, s.names)
				return nil, e
			}
		}
	}
	if given < s.required && n < s.required {
		return nil, newError("%s needs the argument %q", callee(kind, name), s.missing(n, a.Kw))
	}
	if s.star {
		out = append(out, append([]any{}, a.Pos[n:]...))
	}
	if s.dstar {
		out = append(out, extra)
	}
	return out, nil
}

// callee is what an error calls a filter, test, method or function.
func callee(kind, name string) string {
	if kind == "" {
		return name
	}
	return "the " + kind + " " + strconv.Quote(name)
}

func (s *signature) missing(n int, kw *Map) string {
	for _, name := range s.names[n:s.required] {
		if kw == nil || !kw.Has(name) {
			return name
		}
	}
	return s.names[n]
}

func atMost(n int) string {
	switch n {
	case 0:
		return "no arguments"
	case 1:
		return "at most one argument"
	}
	return "at most " + strconv.Itoa(n) + " arguments"
}

// tables are the filters, tests, methods and functions of the language. They are
// made once and never change.
type tables struct {
	filters, tests map[string]*filter
	methods        map[string]map[string]*filter // by type name
	mutators       map[string]map[string]*mutator
	globals        map[string]*Func
	lookups        map[string]LookupFunc
	queries        map[string]queryFunc // of JMESPath
}

var builtin = sync.OnceValue(func() *tables {
	return &tables{
		filters:  index(sequenceFilters, textFilters, numberFilters, dataFilters, codecFilters, regexFilters, pathFilters, hashFilters, timeFilters, jinjaOnlyFilters, formatFilters, vaultFilters, windowsFilters, ipFilters, queryFilters, listFilters, keyFilters, durationFilters, tableFilters, pathFiltersOfUtils, ipHostFilters, hardwareFilters),
		tests:    index(jinjaTests, ansibleTests, versionTests, ipTests),
		methods:  map[string]map[string]*filter{"str": index(stringMethods, stringTests, stringMappings), "int": index(intMethods), "bool": index(intMethods), "float": index(floatMethods), "list": index(listMethods), "tuple": index(listMethods[:2]), "dict": index(dictMethods), "datetime": index(timeMethods), "timedelta": index(durationMethods)},
		mutators: map[string]map[string]*mutator{"list": indexMutators(listMutators), "dict": indexMutators(dictMutators)},
		globals:  globalFuncs(),
		lookups:  pureLookups(),
		queries:  queryFuncs(),
	}
})

func index(lists ...[]filter) map[string]*filter {
	m := map[string]*filter{}
	for _, l := range lists {
		for i := range l {
			f := l[i]
			f.sig = parseSignature(f.params)
			for _, name := range strings.Fields(f.name) {
				g := f
				g.name = name
				m[name] = &g
			}
		}
	}
	return m
}

func (t *tables) isMethod(v any, name string) bool {
	n := typeName(v)
	_, ok := t.methods[n][name]
	if !ok {
		_, ok = t.mutators[n][name]
	}
	return ok
}

// trimCollection removes the collection from a fully qualified name.
func trimCollection(name string) string {
	for _, c := range []string{"ansible.builtin.", "ansible.legacy.", "community.general."} {
		if s, ok := strings.CutPrefix(name, c); ok {
			return s
		}
	}
	return name
}

// find returns the filter or test called name.
func (t *tables) find(kind, name string) (*filter, error) {
	table := t.filters
	if kind == "test" {
		table = t.tests
	}
	if f, ok := table[trimCollection(name)]; ok {
		return f, nil
	}
	if strings.ContainsFunc(name, unicode.IsSpace) {
		// Ansible's words, which playbooks look for.
		return nil, newError("TemplateSyntaxError: Could not load \"%s\": 'invalid plugin name: ansible.builtin.%s'", name, name).
			WithHint("there is a blank in the name of the %s", kind)
	}
	e := newError("unknown %s %q", kind, name)
	if why, ok := refused[name[strings.LastIndexByte(name, '.')+1:]]; ok && kind == "filter" {
		return nil, newError("the filter %q is not supported", name).WithHint("%s", why)
	}
	if _, ok := t.filters[name]; ok {
		e.Hint = `"` + name + `" is a filter: write "| ` + name + `"`
	}
	if _, ok := t.tests[name]; ok {
		e.Hint = `"` + name + `" is a test: write "is ` + name + `"`
	}
	if e.Hint == "" {
		e.Hint = source.DidYouMean(name, sorted(slices.Collect(maps.Keys(table))))
	}
	if e.Hint == "" {
		e.Hint = "fleet loads no plugins: docs/ansible.md lists the " + kind + "s that it has"
	}
	return nil, e
}

// IsGlobal reports whether templates know the name without any variable.
func IsGlobal(name string) bool { return builtin().globals[name] != nil }

// Filters returns the names of all filters, sorted.
func Filters() []string { return sorted(slices.Collect(maps.Keys(builtin().filters))) }

// Tests returns the names of all tests, sorted.
func Tests() []string { return sorted(slices.Collect(maps.Keys(builtin().tests))) }

// Lookups returns the names of the lookups of the language itself, sorted.
func Lookups() []string { return sorted(slices.Collect(maps.Keys(builtin().lookups))) }

// checkArgs finds arguments that can never fit while the text is read.
func (p *parser) checkArgs(f *filter, kind, name string, off int, a callArgs) error {
	what := kind + " " + strconv.Quote(name)
	if !f.sig.star && len(a.pos) > len(f.sig.names) {
		return p.errorf(token{off: off}, "the %s takes %s, not %d", what, atMost(len(f.sig.names)), len(a.pos))
	}
	for i, n := range a.names {
		if !f.sig.dstar && !slices.Contains(f.sig.names, n) {
			e := p.errorf(token{off: a.nameAt[i]}, "the %s has no argument %q", what, n)
			if f.onlyArgs != "" {
				e.Msg = f.onlyArgs
			}
			e.Hint = source.DidYouMean(n, f.sig.names)
			return e
		}
	}
	if a.star != nil || a.dstar != nil {
		return nil
	}
	for i := len(a.pos); i < f.sig.required; i++ {
		if !slices.Contains(a.names, f.sig.names[i]) {
			return p.errorf(token{off: off}, "the %s needs the argument %q", what, f.sig.names[i])
		}
	}
	if texts := written(a); f.check != nil && len(texts) > 0 {
		if err := f.check(p.tables, texts); err != nil {
			return locate(err, place{p.text, a.pos[0].offset()})
		}
	}
	return nil
}
