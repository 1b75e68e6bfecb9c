package lookup

import (
	"strconv"
	"strings"
	"unicode"

	"fleet/internal/jinja"
	"fleet/internal/jinja/csv"
)

// inline splits a term `key name=value …` into the key and its options, which go
// over kw.
func inline(name, term string, kw *jinja.Map, known []string) (string, *jinja.Map, error) {
	options := kw.Clone()
	var key []string
	for _, f := range fields(term) {
		k, v, ok := strings.Cut(f, "=")
		if !ok {
			key = append(key, f)
			continue
		}
		if v != "," { // a comma between arguments is tolerated
			v = strings.TrimSuffix(v, ",")
		}
		if len(v) > 1 && (v[0] == '"' || v[0] == '\'') && v[len(v)-1] == v[0] {
			v = v[1 : len(v)-1]
		}
		options.Set(k, v)
	}
	return strings.Join(key, " "), options, only(name, options, known...)
}

// fields splits at white space that does not stand in the quotes of a value.
func fields(term string) []string {
	var quote, last rune
	return strings.FieldsFunc(term, func(r rune) bool {
		before := last
		last = r
		switch {
		case quote != 0:
			if r == quote {
				quote = 0
			}
			return false
		case (r == '"' || r == '\'') && before == '=':
			quote = r
			return false
		}
		return unicode.IsSpace(r)
	})
}

// csvfile returns a column of the first row that has the key in its first column,
// or in the one that keycol names.
func (l lookups) csvfile(_ *jinja.Context, terms []any, kw *jinja.Map) ([]any, error) {
	if len(terms) == 0 {
		return nil, failed("Search key is required but was not found: the lookup \"csvfile\" has no term")
	}
	out := []any{}
	for _, t := range terms {
		term, err := text("csvfile", t)
		if err != nil {
			return nil, err
		}
		key, options, err := inline("csvfile", term, kw, []string{"file", "col", "keycol", "delimiter", "default", "encoding"})
		if err != nil {
			return nil, err
		}
		if key == "" {
			return nil, failed("Search key is required but was not found: the lookup \"csvfile\" has %s", jinja.Repr(term))
		}
		path, err := l.mustFind("csvfile", "files", option(options, "file", "ansible.csv"))
		if err != nil {
			return nil, err
		}
		v, ok, err := l.cell(path, key, options)
		if err != nil {
			return nil, err
		}
		if !ok {
			if v, ok = options.Get("default"); !ok {
				continue
			}
		}
		out = append(out, v)
	}
	return out, nil
}

func (l lookups) cell(path, key string, options *jinja.Map) (any, bool, error) {
	s, err := l.read(path)
	if err == nil {
		s, err = decode(s, options)
	}
	if err != nil {
		return nil, false, err
	}
	delimiter := []rune(option(options, "delimiter", "TAB"))
	if string(delimiter) == "TAB" {
		delimiter = []rune{'\t'}
	}
	col, err := strconv.Atoi(option(options, "col", "1"))
	keyCol, keyErr := strconv.Atoi(option(options, "keycol", "0"))
	if err != nil || col < 0 || keyErr != nil || keyCol < 0 || len(delimiter) != 1 {
		return nil, false, failed("the lookup \"csvfile\" needs numbers of columns and a delimiter of one character")
	}
	rows, err := csv.Read(s, csv.Format{Delimiter: delimiter[0]})
	if err != nil {
		return nil, false, failed("%s: %v", path, err)
	}
	for _, row := range rows {
		if keyCol >= len(row) || row[keyCol] != key {
			continue
		}
		if col >= len(row) {
			return nil, false, failed("%s: the row %q has no column %d", path, key, col)
		}
		return row[col], true, nil
	}
	return nil, false, nil
}
