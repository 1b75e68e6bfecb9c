package inventory

import (
	"errors"
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"
	"sync"

	"fleet/internal/source"
)

// Select returns the hosts that the patterns name, in Ansible's order: all
// patterns are joined, then those that start with & leave only the hosts that
// they name too, then those that start with ! take hosts away. An error is a
// pattern that cannot be understood or a subscript that no host has.
func (inv *Inventory) Select(patterns ...string) (Selection, error) {
	inv.mu.RLock()
	defer inv.mu.RUnlock()
	s := selector{inv: inv}
	split := splitPatterns(patterns)
	if len(split) == 0 && strings.Contains(strings.Join(patterns, ""), ",") {
		split = []string{"all"} // commas without a name: Ansible's way to say nothing
	}
	if err := s.run(split); err != nil {
		return Selection{}, err
	}
	return Selection{Hosts: s.hosts, Unknown: s.unknown}, nil
}

var colonPattern = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?:[^\s:\[\]]|\[[^\]]*\])+`)
})

// splitPatterns splits at commas, or where there is none at colons that are not
// part of an address or a range.
func splitPatterns(patterns []string) []string {
	var out []string
	for _, text := range patterns {
		parts := []string{text}
		switch {
		case strings.Contains(text, ","):
			parts = strings.Split(text, ",")
		case !isAddress(strings.TrimSpace(text)):
			if between := colonPattern().ReplaceAllString(text, ""); !strings.ContainsAny(between, "[]") {
				parts = colonPattern().FindAllString(text, -1)
			} // else a bracket has no partner, and what it would stand for is an error
		}
		for _, p := range parts {
			if p = strings.TrimSpace(p); p != "" {
				out = append(out, p)
			}
		}
	}
	return out
}

// selector runs patterns against an inventory.
type selector struct {
	inv     *Inventory
	hosts   []string
	unknown []Unknown
}

func (s *selector) run(patterns []string) error {
	var plain, and, not []string
	for _, p := range patterns {
		switch p[0] {
		case '&':
			and = append(and, p)
		case '!':
			not = append(not, p)
		default:
			plain = append(plain, p)
		}
	}
	if plain == nil && len(patterns) > 0 {
		plain = []string{"all"}
	}
	for _, p := range append(append(plain, and...), not...) {
		if err := s.apply(p); err != nil {
			return err
		}
	}
	return nil
}

// apply changes the selection by one pattern.
func (s *selector) apply(pattern string) error {
	if s.inv.hosts[pattern] != nil {
		s.add([]string{pattern})
		return nil
	}
	sign, bare := pattern[0], strings.TrimLeft(pattern[:1], "&!")+pattern[1:]
	if bare == "" {
		return badPattern(pattern, "is empty")
	}
	found, err := s.match(bare)
	if err != nil {
		return err
	}
	if sign != '&' && sign != '!' {
		s.add(found)
		return nil
	}
	in := map[string]bool{}
	for _, h := range found {
		in[h] = true
	}
	var kept []string
	for _, h := range s.hosts {
		if in[h] == (sign == '&') {
			kept = append(kept, h)
		}
	}
	s.hosts = kept
	return nil
}

func (s *selector) add(hosts []string) {
	in := map[string]bool{}
	for _, h := range s.hosts {
		in[h] = true
	}
	for _, h := range hosts {
		if !in[h] {
			in[h] = true
			s.hosts = append(s.hosts, h)
		}
	}
}

func badPattern(pattern, why string) error {
	return &source.Error{Msg: "the host pattern " + strconv.Quote(pattern) + " " + why}
}

var subscript = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(.+)\[(?:(-?[0-9]+)|([0-9]+)([:-])([0-9]*))\]$`)
})

// match returns the hosts of one pattern without its sign.
func (s *selector) match(pattern string) ([]string, error) {
	m := subscript().FindStringSubmatch(pattern)
	if m == nil || pattern[0] == '~' {
		return s.names(pattern)
	}
	if m[4] == "-" {
		return nil, &source.Error{
			Msg:  "the host pattern " + strconv.Quote(pattern) + " has a range with -",
			Hint: "a range is written with a colon: " + strconv.Quote(m[1]+"["+m[3]+":"+m[5]+"]"),
		}
	}
	hosts, err := s.names(m[1])
	if err != nil || len(hosts) == 0 {
		return nil, err
	}
	if m[2] != "" {
		i, err := strconv.Atoi(m[2])
		if i < 0 {
			i += len(hosts)
		}
		if err != nil || i < 0 || i >= len(hosts) {
			return nil, badPattern(pattern, "goes past the "+strconv.Itoa(len(hosts))+" hosts of "+strconv.Quote(m[1]))
		}
		return hosts[i : i+1], nil
	}
	from, errFrom := strconv.Atoi(m[3])
	to := len(hosts) - 1
	if m[5] != "" {
		n, err := strconv.Atoi(m[5])
		if err == nil {
			to = min(n, to)
		}
	}
	if errFrom != nil || from > to {
		return nil, nil
	}
	return hosts[from : to+1], nil
}

// names returns the hosts of a name, a glob or a regular expression: those of
// the groups that it matches; hosts by their own names only where no group
// matches or the pattern is not a plain name.
func (s *selector) names(pattern string) ([]string, error) {
	re, err := compile(pattern)
	if err != nil {
		return nil, err
	}
	var found []string
	groups := 0
	for _, g := range s.inv.groupList {
		if re.MatchString(g.Name) {
			groups++
			found = append(found, names(members(g))...)
		}
	}
	if groups == 0 || pattern[0] == '~' || strings.ContainsAny(pattern, ".?*[") {
		for _, h := range s.inv.hostList {
			if re.MatchString(h.Name) {
				found = append(found, h.Name)
			}
		}
	}
	if len(found) == 0 && isLocal(pattern) {
		return []string{s.inv.find(pattern).Name}, nil
	}
	if len(found) == 0 && groups == 0 {
		s.unknown = append(s.unknown, Unknown{pattern, source.DidYouMean(pattern, s.known())})
	}
	return unique(found), nil
}

func unique(names []string) []string {
	seen := map[string]bool{}
	var out []string
	for _, n := range names {
		if !seen[n] {
			seen[n] = true
			out = append(out, n)
		}
	}
	return out
}

// known returns all names that a pattern can say.
func (s *selector) known() []string {
	var all []string
	for _, g := range s.inv.groupList {
		all = append(all, g.Name)
	}
	return append(all, names(s.inv.hostList)...)
}

// compile returns what a pattern matches: "~" and a regular expression, which
// must match at the start; or a glob, which must match all.
func compile(pattern string) (*regexp.Regexp, error) {
	if strings.HasPrefix(pattern, "~") {
		re, err := regexp.Compile(`^(?:` + pattern[1:] + `)`)
		if err != nil {
			return nil, badPattern(pattern, "is not a regular expression: "+regexpError(err))
		}
		return re, nil
	}
	var b strings.Builder
	b.WriteString(`(?s)^`)
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; c {
		case '*':
			b.WriteString(".*")
		case '?':
			b.WriteString(".")
		case '[':
			class, size := globClass(pattern[i:])
			b.WriteString(class)
			i += size - 1
		default:
			b.WriteString(regexp.QuoteMeta(string(c)))
		}
	}
	re, err := regexp.Compile(b.String() + `$`)
	if err != nil {
		return nil, badPattern(pattern, "is not a valid glob")
	}
	return re, nil
}

// regexpError returns what is wrong, without the expression itself.
func regexpError(err error) string {
	var e *syntax.Error
	if errors.As(err, &e) {
		return e.Code.String()
	}
	return err.Error()
}

// globClass returns the regular expression of "[...]" at the start of the text,
// and its size there; a bracket that is never closed stands for itself.
func globClass(text string) (string, int) {
	end := 1
	if end < len(text) && text[end] == '!' {
		end++
	}
	if end < len(text) && text[end] == ']' {
		end++
	}
	size := strings.IndexByte(text[end:], ']')
	if size < 0 {
		return `\[`, 1
	}
	inner := text[1 : end+size]
	not := ""
	if strings.HasPrefix(inner, "!") {
		not, inner = "^", inner[1:]
	}
	inner = strings.NewReplacer(`\`, `\\`, `[`, `\[`, `]`, `\]`, `^`, `\^`).Replace(inner)
	return "[" + not + inner + "]", end + size + 1
}
