package jinja

import (
	"errors"
	"slices"
	"strings"

	"fleet/internal/jinja/csv"
	"fleet/internal/jinja/ini"
)

// tableFilters are those of the collection community.general that read and write
// tables and INI files.
var tableFilters = []filter{
	{name: "from_csv", params: "dialect=excel fieldnames=none delimiter=none skipinitialspace=none strict=none", fn: filterFromCSV},
	{name: "from_ini", params: "delimiters=none", fn: filterFromINI},
	{name: "to_ini", params: "no_extra_spaces=false", fn: filterToINI},
}

// csvDialects are the delimiters of the dialects that Python knows.
var csvDialects = map[string]rune{"excel": ',', "excel-tab": '\t', "unix": ','}

func csvFormat(a []any) (f csv.Format, err error) {
	var ok bool
	if f.Delimiter, ok = csvDialects[Str(a[0])]; !ok {
		return f, newError("from_csv does not know the dialect %s", Repr(a[0])).WithHint("the dialects are excel, excel-tab and unix")
	}
	if a[2] != nil {
		delimiter, isText := a[2].(string)
		r := []rune(delimiter)
		if !isText || len(r) != 1 {
			return f, newError("the delimiter must be one character, not %s", describe(a[2]))
		}
		f.Delimiter = r[0]
	}
	flags, err := truths(a[3], a[4])
	if err == nil {
		f.SkipSpace, f.Strict = flags[0], flags[1]
	}
	return f, err
}

// filterFromCSV returns a dictionary for each row. The first row has the names, if
// they are not given.
func filterFromCSV(c *Context, v any, a []any) (any, error) {
	text, ok := v.(string)
	if !ok {
		return nil, newError("from_csv needs a text, not %s", describe(v))
	}
	format, err := csvFormat(a)
	if err != nil {
		return nil, err
	}
	if err := c.charge(4 * len(text)); err != nil {
		return nil, err
	}
	rows, err := csv.Read(strings.TrimPrefix(text, "\ufeff"), format)
	if err != nil {
		return nil, newError("from_csv: %v", err)
	}
	var names []any
	switch {
	case a[1] != nil:
		if names, err = c.iterate(a[1]); err != nil {
			return nil, err
		}
	case len(rows) > 0:
		names, rows = anyList(rows[0]), rows[1:]
	}
	out := []any{}
	for _, row := range rows {
		if len(row) == 0 {
			continue
		}
		m, err := csvRow(names, row)
		if err != nil {
			return nil, err
		}
		if out = append(out, m); len(out)*len(names) > maxItems {
			return nil, newError("the table has more than %d fields", maxItems)
		}
	}
	return out, c.charge(48 * len(out) * len(names))
}

// csvRow returns a row under its names. Fields that are too many stand in a list
// under none, and those that are too few are none.
func csvRow(names []any, row []string) (*Map, error) {
	m := newMapFor(len(names))
	for i, name := range names {
		if err := hashable(name); err != nil {
			return nil, err
		}
		if i < len(row) {
			m.Set(name, row[i])
		} else {
			m.Set(name, nil)
		}
	}
	if len(row) > len(names) {
		m.Set(nil, anyList(row[len(names):]))
	}
	return m, nil
}

func filterFromINI(c *Context, v any, a []any) (any, error) {
	text, ok := v.(string)
	if !ok {
		return nil, newError("from_ini needs a text, not %s", describe(v))
	}
	rules := ini.Rules{Exact: true}
	if a[0] != nil {
		if !isSequence(a[0]) || len(asList(a[0])) == 0 {
			return nil, newError("the delimiters must be a list of texts, not %s", describe(a[0]))
		}
		for _, d := range asList(a[0]) {
			s, ok := d.(string)
			if !ok || s == "" {
				return nil, newError("the delimiters must be texts, not %s", describe(d))
			}
			rules.Delimiters = append(rules.Delimiters, s)
		}
	}
	if err := c.charge(4 * len(text)); err != nil {
		return nil, err
	}
	sections, err := ini.Parse(text, rules)
	var wrong *ini.Error
	if errors.As(err, &wrong) {
		return nil, newError("from_ini: line %d: %s", wrong.Line, wrong.Msg)
	}
	return iniMap(sections), nil
}

// iniMap returns sections as dictionaries, each on the values of DEFAULT, which
// comes last.
func iniMap(sections []*ini.Section) *Map {
	out, defaults := &Map{}, &Map{}
	at := slices.IndexFunc(sections, func(s *ini.Section) bool { return s.Name == ini.Default })
	if at >= 0 {
		for _, name := range sections[at].Names {
			defaults.Set(name, *sections[at].Values[name])
		}
	}
	for i, s := range sections {
		if i == at {
			continue
		}
		m := defaults.Clone()
		for _, name := range s.Names {
			m.Set(name, *s.Values[name])
		}
		out.Set(s.Name, m)
	}
	if defaults.Len() > 0 {
		out.Set(ini.Default, defaults)
	}
	return out
}

func filterToINI(c *Context, v any, a []any) (any, error) {
	all, ok := v.(*Map)
	if !ok || all.Len() == 0 {
		return nil, newError("to_ini needs a dictionary that is not empty, not %s", describe(v))
	}
	tight, ok := a[0].(bool)
	if !ok {
		return nil, newError("no_extra_spaces must be true or false, not %s", describe(a[0]))
	}
	equals := " = "
	if tight {
		equals = "="
	}
	var first, rest strings.Builder
	seen := map[string]bool{}
	for k, section := range all.All() {
		m, err := c.dict(section)
		if err != nil {
			return nil, newError("to_ini: the section %s must be a dictionary, not %s", Repr(k), describe(section))
		}
		name := Str(k)
		if seen[name] {
			return nil, newError("to_ini: there are two sections %q", name)
		}
		seen[name] = true
		b := &rest
		if name == ini.Default {
			if b = &first; m.Len() == 0 {
				continue
			}
		}
		if err := writeSection(b, name, equals, m); err != nil {
			return nil, err
		}
	}
	if first.Len()+rest.Len() == 0 {
		return nil, newError("to_ini needs a dictionary that is not empty")
	}
	return strings.TrimSuffix(first.String()+rest.String(), "\n"), nil
}

func writeSection(b *strings.Builder, section, equals string, m *Map) error {
	b.WriteString("[" + section + "]\n")
	seen := map[string]bool{}
	for k, v := range m.All() {
		name := Str(k)
		switch {
		case v == nil:
			return newError("to_ini: %s in the section %q has no value", Repr(k), section)
		case seen[name]:
			return newError("to_ini: there are two values %q in the section %q", name, section)
		}
		seen[name] = true
		b.WriteString(name + equals + strings.ReplaceAll(Str(v), "\n", "\n\t") + "\n")
		if b.Len() > maxOutput {
			return textTooLarge()
		}
	}
	b.WriteString("\n")
	return nil
}
