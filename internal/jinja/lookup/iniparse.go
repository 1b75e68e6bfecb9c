package lookup

import (
	"strings"

	"fleet/internal/jinja"
)

// iniRules are what may differ between INI files.
type iniRules struct {
	exact bool // names differ by their case
	bare  bool // names may stand without a value
	raw   bool // %(name)s is text
}

func iniRulesOf(options *jinja.Map) (r iniRules, err error) {
	if r.exact, err = flag(options, "case_sensitive", false); err != nil {
		return r, err
	}
	if r.bare, err = flag(options, "allow_no_value", false); err != nil {
		return r, err
	}
	if !r.bare {
		if r.bare, err = flag(options, "allow_none", false); err != nil {
			return r, err
		}
	}
	full, err := flag(options, "interpolation", true)
	r.raw = !full
	return r, err
}

// parseINI returns the values of one section, those of [DEFAULT] beneath. A name
// without a value has none.
func parseINI(text, path, section string, rules iniRules) (*jinja.Map, error) {
	p := iniParser{rules: rules, path: path, sections: map[string]*jinja.Map{"DEFAULT": {}}}
	for line := range strings.Lines(text) {
		p.number++
		if err := p.line(strings.TrimRight(line, "\r\n")); err != nil {
			return nil, err
		}
	}
	own, ok := p.sections[section]
	if !ok {
		return nil, failed("No section %q in %s", section, path)
	}
	values := p.sections["DEFAULT"].Clone()
	for k, v := range own.All() {
		values.Set(k, v)
	}
	return values, nil
}

type iniParser struct {
	rules    iniRules
	path     string
	number   int
	sections map[string]*jinja.Map
	into     *jinja.Map // the section that the line is of
	last     string     // the name before the line
}

func (p *iniParser) line(line string) error {
	trimmed := strings.TrimSpace(line)
	switch {
	case trimmed == "" || trimmed[0] == '#' || trimmed[0] == ';':
		return nil
	case (line[0] == ' ' || line[0] == '\t') && p.last != "":
		p.into.Set(p.last, p.into.GetString(p.last)+"\n"+trimmed)
		return nil
	case trimmed[0] == '[' && strings.HasSuffix(trimmed, "]"):
		return p.section(trimmed[1 : len(trimmed)-1])
	case p.into == nil:
		return failed("%s:%d: File contains no section headers: %q comes first", p.path, p.number, trimmed)
	}
	name, value, ok := trimmed, "", false
	if i := strings.IndexAny(trimmed, "=:"); i >= 0 {
		name, value, ok = strings.TrimSpace(trimmed[:i]), strings.TrimSpace(trimmed[i+1:]), true
	}
	if !p.rules.exact {
		name = strings.ToLower(name)
	}
	if _, twice := p.into.Get(name); twice {
		return failed("Duplicate option in %s:%d: %q is in the section already", p.path, p.number, name)
	}
	p.last = name
	switch {
	case ok:
		p.into.Set(name, value)
	case p.rules.bare:
		p.into.Set(name, nil)
	default:
		return failed("%s:%d: %q has no value; allow_no_value=true permits that", p.path, p.number, name)
	}
	return nil
}

func (p *iniParser) section(name string) error {
	p.last = ""
	p.into = p.sections[name]
	if p.into != nil && name != "DEFAULT" {
		return failed("Duplicate section in %s:%d: %q", p.path, p.number, name)
	}
	if p.into == nil {
		p.into = jinja.NewMap()
		p.sections[name] = p.into
	}
	return nil
}
