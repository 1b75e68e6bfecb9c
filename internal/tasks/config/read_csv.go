package config

import (
	"context"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// ReadCSV reads a table of comma-separated values of the target: as a list of
// rows, or by the values of one column.
//
// Example:
//
//	tasks:
//	  - name: Read who may log in
//	    read_csv:
//	      path: /srv/users.csv
//	      key: name
//	    register: users
var ReadCSV = sys.Define(spec.Module{
	Name:  "read_csv",
	Names: []string{"community.general.read_csv"},
}, readCSV)

type readCSVArgs struct {
	// The file.
	Path string `arg:"path,required" type:"path" alias:"filename"`
	// The column by whose values the rows are returned.
	Key string `arg:"key"`
	// How it is written: excel has commas, excel-tab tabs, unix quotes around all.
	Dialect string `arg:"dialect" choices:"excel,excel-tab,unix" default:"excel"`
	// The names of the columns, where the first line has them not.
	Fieldnames []string `arg:"fieldnames"`
	// Fails where two rows have the same value in the column key.
	Unique bool `arg:"unique" default:"true"`
	// The sign between values, where the dialect has another.
	Delimiter string `arg:"delimiter"`
	// Drops spaces before values; the default is the dialect's.
	Skipinitialspace bool `arg:"skipinitialspace"`
	// Fails where quotes stand in the wrong place.
	Strict bool `arg:"strict"`
}

type readCSVResult struct {
	// The rows by the values of the column key.
	Dict map[string]map[string]string `json:"dict"`
	// The rows, without key.
	List []map[string]string `json:"list"`
}

func readCSV(_ context.Context, m *sys.Machine, a *readCSVArgs) (any, error) {
	res := &readCSVResult{Dict: map[string]map[string]string{}, List: []map[string]string{}}
	path, text, there, err := readText(m, a.Path)
	if err != nil {
		return res, err
	}
	if !there {
		return res, fmt.Errorf("%q does not exist", path)
	}
	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "\ufeff")))
	r.FieldsPerRecord, r.LazyQuotes, r.TrimLeadingSpace = -1, !a.Strict, a.Skipinitialspace
	if a.Dialect == "excel-tab" {
		r.Comma = '\t'
	}
	if a.Delimiter != "" {
		sign, size := utf8.DecodeRuneInString(a.Delimiter)
		if size != len(a.Delimiter) || sign == '"' || sign == '\n' {
			return res, fmt.Errorf("argument %q: %q is not one character that can stand between values", "delimiter", a.Delimiter)
		}
		r.Comma = sign
	}
	rows, err := r.ReadAll()
	if err != nil {
		return res, fmt.Errorf("read %q: %w", path, err)
	}
	names := a.Fieldnames
	if names == nil && len(rows) > 0 {
		names, rows = rows[0], rows[1:]
	}
	return res, a.collect(res, names, rows)
}

func (a *readCSVArgs) collect(res *readCSVResult, names []string, rows [][]string) error {
	if a.Key != "" && !slices.Contains(names, a.Key) {
		return fmt.Errorf("argument %q: there is no column %q; the columns are %s", "key", a.Key, strings.Join(names, ", "))
	}
	for i, values := range rows {
		row := map[string]string{}
		for n, name := range names {
			if row[name] = ""; n < len(values) {
				row[name] = values[n]
			}
		}
		if a.Key == "" {
			res.List = append(res.List, row)
			continue
		}
		if _, twice := res.Dict[row[a.Key]]; twice && a.Unique {
			return fmt.Errorf("row %d: the value %q of column %q is there twice; unique: false takes the last one", i+1, row[a.Key], a.Key)
		}
		res.Dict[row[a.Key]] = row
	}
	return nil
}
