package lookup

import (
	"path/filepath"
	"strings"

	"fleet/internal/jinja"
)

// firstFound returns the first of several files that is there. A term is a name,
// or a dictionary with files, paths and skip.
func (l lookups) firstFound(_ *jinja.Context, terms []any, kw *jinja.Map) ([]any, error) {
	if err := only("first_found", kw, "files", "paths", "skip"); err != nil {
		return nil, err
	}
	names, skip, err := candidates(terms, kw)
	if err != nil {
		return nil, err
	}
	for _, n := range names {
		if path := l.find(l.o.FirstFound, n); path != "" {
			return []any{full(path)}, nil
		}
	}
	if skip {
		return []any{}, nil
	}
	if len(names) == 0 {
		return nil, failed("the lookup \"first_found\" needs at least one file").WithHint("skip=true makes it no error")
	}
	return nil, failed("the lookup \"first_found\" found none of %s", strings.Join(names, ", ")).
		WithHint("looked in %s; skip=true makes it no error", strings.Join(l.o.SearchPath(l.o.FirstFound), ", "))
}

func candidates(terms []any, kw *jinja.Map) (names []string, skip bool, err error) {
	if len(terms) == 0 {
		terms = []any{kw}
	}
	for _, t := range terms {
		options := kw
		switch t := t.(type) {
		case *jinja.Map:
			if err := only("first_found", t, "files", "paths", "skip"); err != nil {
				return nil, false, err
			}
			options = t
		case []any:
			more, s, err := candidates(t, kw)
			if err != nil {
				return nil, false, err
			}
			names, skip = append(names, more...), s
			continue
		case string:
		default:
			_, err := text("first_found", t)
			return nil, false, err
		}
		if skip, err = flag(options, "skip", false); err != nil {
			return nil, false, err
		}
		files, paths := words(options, "files", ",;"), words(options, "paths", ",:;")
		if name, ok := t.(string); ok && len(files) == 0 {
			names = append(names, name)
			continue
		}
		if len(paths) == 0 {
			names = append(names, files...)
		}
		for _, p := range paths {
			for _, f := range files {
				names = append(names, filepath.Join(p, f))
			}
		}
	}
	return names, skip, nil
}

// words returns an option that is a list, or a text with separators.
func words(kw *jinja.Map, name, separators string) []string {
	v, _ := kw.Get(name)
	items, isList := v.([]any)
	if s, ok := v.(string); ok {
		items, isList = []any{s}, true
	}
	var out []string
	for _, item := range items {
		out = append(out, strings.FieldsFunc(jinja.Str(item), func(r rune) bool { return strings.ContainsRune(separators, r) })...)
	}
	if !isList {
		return nil
	}
	return out
}
