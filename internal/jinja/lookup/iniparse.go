package lookup

import (
	"errors"

	"fleet/internal/jinja"
	"fleet/internal/jinja/ini"
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
	sections, err := ini.Parse(text, ini.Rules{Exact: rules.exact, Bare: rules.bare})
	var wrong *ini.Error
	if errors.As(err, &wrong) {
		return nil, failed("%s:%d: %s", path, wrong.Line, wrong.Msg)
	}
	values, found := jinja.NewMap(), section == ini.Default
	for _, name := range []string{ini.Default, section} {
		for _, s := range sections {
			if s.Name != name {
				continue
			}
			found = found || name == section
			for _, n := range s.Names {
				if v := s.Values[n]; v != nil {
					values.Set(n, *v)
				} else {
					values.Set(n, nil)
				}
			}
		}
	}
	if !found {
		return nil, failed("No section %q in %s", section, path)
	}
	return values, nil
}
