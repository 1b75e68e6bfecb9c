package settings

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"fleet/internal/source"
)

// Names returns the names by which Write knows settings: their keys in the file,
// their own and their variables'.
func Names() []string {
	var out []string
	for i := range table {
		out = append(out, table[i].Name)
		if table[i].Key != "" {
			out = append(out, table[i].Key)
		}
		out = append(out, table[i].Env...)
	}
	return out
}

// Write writes the settings as an ansible.cfg with a comment behind each: where it
// comes from and, where it has no effect, why. These are the given ones, with all
// the defaults too, or those of the names, whether they are given or not.
func (s *Settings) Write(w io.Writer, all bool, names []string) error {
	rows, err := s.listed(all, names)
	if err != nil {
		return err
	}
	section := ""
	for _, row := range rows {
		if row.Section != section {
			section = row.Section
			if _, err := fmt.Fprintf(w, "[%s]\n", section); err != nil {
				return err
			}
		}
		if _, err := fmt.Fprintf(w, "%-40s # %s\n", cmp.Or(row.Key, row.Name)+" = "+s.line(row), s.remark(row)); err != nil {
			return err
		}
	}
	return nil
}

// listed returns the rows that Write writes, by section and key.
func (s *Settings) listed(all bool, names []string) ([]*Row, error) {
	var rows []*Row
	for i := range table {
		if row := &table[i]; len(names) == 0 && (all || s.Given(row.Name)) {
			rows = append(rows, row)
		}
	}
	for _, name := range names {
		before := len(rows)
		for i := range table {
			if row := &table[i]; strings.EqualFold(name, row.Name) || row.Key != "" && name == row.Key || slices.Contains(row.Env, name) {
				rows = append(rows, row)
			}
		}
		if len(rows) == before {
			return nil, source.Errorf(source.Pos{}, "there is no setting %q", name).WithHint("%s", cmp.Or(source.DidYouMean(name, Names()), "fleet settings --all shows all settings"))
		}
	}
	slices.SortStableFunc(rows, func(a, b *Row) int {
		return cmp.Or(cmp.Compare(a.Section, b.Section), cmp.Compare(a.Key, b.Key))
	})
	return rows, nil
}

// line returns a value on one line.
func (s *Settings) line(row *Row) string {
	v, _ := s.Value(row.Name)
	switch v := v.(type) {
	case nil:
		return ""
	case bool:
		return map[bool]string{true: "yes", false: "no"}[v]
	case []string:
		return strings.Join(v, map[bool]string{true: ":", false: ","}[row.Kind == PathSpec])
	}
	return strings.ReplaceAll(strings.TrimSpace(fmt.Sprint(v)), "\n", " ")
}

// remark says where a value comes from, and what fleet does with it.
func (s *Settings) remark(row *Row) string {
	from := s.Origin(row.Name)
	if row.Use == Honoured {
		return from
	}
	return fmt.Sprintf("%s; %s: %s", from, row.Use, row.About)
}
