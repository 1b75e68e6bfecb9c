package settings

import (
	"path/filepath"
	"strconv"
	"strings"

	"fleet/internal/source"
)

// Given reports whether the setting stands in the file or the environment.
func (s *Settings) Given(name string) bool {
	_, ok := s.given[name]
	return ok
}

// Text returns a setting as text: the given one, or the default.
func (s *Settings) Text(name string) string {
	if v, ok := s.given[name]; ok {
		return v.text
	}
	if row := byName(name); row != nil {
		return row.Default
	}
	return ""
}

// Bool returns a setting that is yes or no.
func (s *Settings) Bool(name string) bool {
	b, _ := asBool(s.Text(name))
	return b
}

// Int returns a setting that is a whole number.
func (s *Settings) Int(name string) int {
	n, _ := strconv.Atoi(strings.TrimSpace(s.Text(name)))
	return n
}

// List returns a setting that is a list, written with commas.
func (s *Settings) List(name string) []string { return cut(s.Text(name), ",") }

// Path returns a setting that is a path. In the file it is relative to the
// file's folder, in the environment to the working folder.
func (s *Settings) Path(name string) string {
	v, ok := s.given[name]
	if !ok {
		return source.ExpandPath(s.Text(name))
	}
	return s.resolve(v.text, v)
}

// Paths returns a setting that is a list of paths: with commas (pathlist) or
// colons between them.
func (s *Settings) Paths(name string) []string {
	row, v := byName(name), s.given[name]
	separator := ":"
	if row != nil && row.Kind == PathList {
		separator = ","
	}
	var out []string
	for _, p := range cut(s.Text(name), separator) {
		out = append(out, s.resolve(p, v))
	}
	return out
}

// resolve returns a path of a value.
func (s *Settings) resolve(path string, v value) string {
	path = strings.ReplaceAll(strings.TrimSpace(path), "{{CWD}}", ".")
	path = source.ExpandPath(path)
	if path == "" || filepath.IsAbs(path) || v.byEnv || s.File == "" || v.pos.File == "" || strings.HasSuffix(path, ",") {
		return path
	}
	return filepath.Join(filepath.Dir(s.File), path)
}

// Value returns a setting as the lookup config shows it: text, bool, int, or a
// list of texts. It is false for a name that is no setting.
func (s *Settings) Value(name string) (any, bool) {
	row := byName(name)
	if row == nil {
		return nil, false
	}
	if text, given := s.Text(name), s.Given(name); text == "" && !given {
		switch row.Kind {
		case List, PathSpec, PathList:
			return []string{}, true
		}
		return nil, true
	}
	switch row.Kind {
	case Bool:
		return s.Bool(name), true
	case Int:
		return s.Int(name), true
	case List:
		return s.List(name), true
	case Path:
		return s.Path(name), true
	case PathSpec, PathList:
		return s.Paths(name), true
	}
	return s.Text(name), true
}

// Origin says where a setting comes from: a file, a variable, or "default".
func (s *Settings) Origin(name string) string {
	if v, ok := s.given[name]; ok {
		return v.pos.String()
	}
	return "default"
}

func cut(text, separator string) []string {
	out := []string{}
	for _, p := range strings.Split(text, separator) {
		if p = strings.Trim(strings.TrimSpace(p), `"'`); p != "" {
			out = append(out, p)
		}
	}
	return out
}

// asBool reads a text as Ansible reads yes and no.
func asBool(text string) (value, ok bool) {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "yes", "on", "1", "true", "y", "t":
		return true, true
	case "no", "off", "0", "false", "n", "f":
		return false, true
	}
	return false, false
}
