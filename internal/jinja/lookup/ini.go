package lookup

import (
	"strings"

	"fleet/internal/jinja"
)

// ini returns values of an INI or properties file.
func (l lookups) ini(c *jinja.Context, terms []any, kw *jinja.Map) ([]any, error) {
	out := []any{}
	for _, t := range terms {
		term, err := text("ini", t)
		if err != nil {
			return nil, err
		}
		key, options, err := inline("ini", term, kw, []string{"file", "section", "type", "re", "default", "encoding", "case_sensitive", "allow_no_value", "allow_none", "interpolation"})
		if err != nil {
			return nil, err
		}
		if key == "" {
			return nil, failed("No key to lookup was provided as first term with in string inline options: %s", term)
		}
		found, err := l.iniValues(c, key, options)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}

func (l lookups) iniValues(c *jinja.Context, key string, options *jinja.Map) ([]any, error) {
	path, err := l.mustFind("ini", "files", option(options, "file", "ansible.ini"))
	if err != nil {
		return nil, err
	}
	s, err := l.read(path)
	if err == nil {
		s, err = decode(s, options)
	}
	if err != nil {
		return nil, err
	}
	section := option(options, "section", "global")
	if option(options, "type", "ini") == "properties" {
		s, section = "[properties]\n"+s, "properties"
	}
	rules, err := iniRulesOf(options)
	if err != nil {
		return nil, err
	}
	file := iniSection{path: path, rules: rules}
	file.values, err = parseINI(s, path, section, rules)
	if err != nil {
		return nil, err
	}
	byPattern, err := flag(options, "re", false)
	if err != nil {
		return nil, err
	}
	if byPattern {
		return matching(c, file, key)
	}
	if !rules.exact {
		key = strings.ToLower(key)
	}
	v, ok := file.values.Get(key)
	if !ok {
		return []any{option(options, "default", "")}, nil
	}
	return file.value(key, v)
}

// iniSection is a section that was read.
type iniSection struct {
	path   string
	rules  iniRules
	values *jinja.Map
}

// value returns what a name stands for: nothing where it has no value.
func (s iniSection) value(key string, v any) ([]any, error) {
	text, ok := v.(string)
	if !ok {
		return nil, nil
	}
	if s.rules.raw {
		return []any{text}, nil
	}
	full, err := fill(text, s.values, s.rules.exact, maxFills)
	if err != nil {
		e := failed("%s: %s: %v", s.path, key, err)
		e.Hint = "interpolation=false takes values as they are"
		return nil, e
	}
	return []any{full}, nil
}

func matching(c *jinja.Context, s iniSection, pattern string) ([]any, error) {
	out := []any{}
	for k, v := range s.values.All() {
		m, err := c.Filter("regex_search", k, `\A(?:`+pattern+`)`)
		if err != nil {
			return nil, err
		}
		if m != nil {
			found, err := s.value(jinja.Str(k), v)
			if err != nil {
				return nil, err
			}
			out = append(out, found...)
		}
	}
	return out, nil
}
