// Package settings reads Ansible's settings: ansible.cfg, found where Ansible
// finds it, and the environment's ANSIBLE_... variables, which win. It runs on
// the controller. Each setting is in a table that says what fleet does with it;
// one that fleet cannot honour is refused only where ignoring it would change
// what a run does.
package settings

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"fleet/internal/source"
)

// Settings are the values that were given. The zero value has the defaults only.
type Settings struct {
	File  string // the ansible.cfg that was read, or ""
	given map[string]value
}

// value is a value that was given, and where.
type value struct {
	text  string
	pos   source.Pos // in the file; its File is a variable's name else
	byEnv bool
}

// Load reads the settings. Warnings are what is ignored and may be missed; the
// error is the first setting that is refused or has no sense.
func Load() (s *Settings, warnings []*source.Error, err error) {
	file, warnings := find()
	s = &Settings{File: file, given: map[string]value{}}
	if file != "" {
		more, err := s.readFile(file)
		if warnings = append(warnings, more...); err != nil {
			return nil, warnings, err
		}
	}
	s.readEnv()
	err = s.check()
	return s, append(warnings, s.ignored()...), err
}

// find returns the file that is in force: that of ANSIBLE_CONFIG, of the working
// folder unless everybody may write there, of the home folder, or the machine's.
func find() (string, []*source.Error) {
	var warnings []*source.Error
	var places []string
	if name := os.Getenv("ANSIBLE_CONFIG"); name != "" {
		name = source.ExpandPath(name)
		if info, err := os.Stat(name); err == nil && info.IsDir() {
			name = filepath.Join(name, "ansible.cfg")
		}
		places = append(places, name)
	}
	if info, err := os.Stat("."); err == nil {
		if info.Mode().Perm()&0o002 == 0 {
			places = append(places, "ansible.cfg")
		} else if _, err := os.Stat("ansible.cfg"); err == nil && len(places) == 0 {
			warnings = append(warnings, source.Errorf(source.Pos{File: "ansible.cfg"}, "not read: everybody may write to the working folder").
				WithHint("name it with ANSIBLE_CONFIG, or take the right away: chmod o-w ."))
		}
	}
	if home, err := os.UserHomeDir(); err == nil {
		places = append(places, filepath.Join(home, ".ansible.cfg"))
	}
	for _, p := range append(places, "/etc/ansible/ansible.cfg") {
		if info, err := os.Stat(p); err == nil && !info.IsDir() {
			return p, warnings
		}
	}
	return "", warnings
}

// readFile reads an ansible.cfg.
func (s *Settings) readFile(file string) ([]*source.Error, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, source.Errorf(source.Pos{File: file}, "cannot read: %w", err)
	}
	entries, err := parse(file, string(data))
	if err != nil {
		return nil, err
	}
	var warnings []*source.Error
	for _, e := range entries {
		row := byKey(e.section, e.key)
		if row == nil {
			if w := unknown(e); w != nil {
				warnings = append(warnings, w)
			}
			continue
		}
		s.given[row.Name] = value{text: e.value, pos: e.pos}
	}
	return warnings, nil
}

func (s *Settings) readEnv() {
	for i := range table {
		for _, name := range table[i].Env {
			if v, ok := os.LookupEnv(name); ok && (v != "" || table[i].Kind == Text) {
				s.given[table[i].Name] = value{text: v, pos: source.Pos{File: name}, byEnv: true}
				break
			}
		}
	}
}

// check refuses what has no sense, and what fleet must not ignore.
func (s *Settings) check() error {
	for i := range table {
		row := &table[i]
		v, ok := s.given[row.Name]
		if !ok {
			continue
		}
		if err := row.check(v); err != nil {
			return err
		}
		if row.Use == Refused && !row.isDefault(v.text) {
			return source.Errorf(v.pos, "the setting %s is not supported", row.title()).WithHint("%s", row.About)
		}
	}
	return nil
}

// check refuses a value that is not of the row's kind.
func (row *Row) check(v value) error {
	var err error
	switch row.Kind {
	case Bool:
		if _, ok := asBool(v.text); !ok {
			return source.Errorf(v.pos, "%s: want yes or no, not %q", row.title(), v.text)
		}
	case Int:
		if _, err = strconv.Atoi(strings.TrimSpace(v.text)); err != nil {
			return source.Errorf(v.pos, "%s: want a whole number, not %q", row.title(), v.text)
		}
	}
	if row.Choices != nil && !slices.Contains(row.Choices, strings.TrimSpace(v.text)) {
		return source.Errorf(v.pos, "%s: %q is not supported", row.title(), v.text).
			WithHint("%s", strings.TrimSpace("it is one of "+strings.Join(row.Choices, ", ")+"; "+row.About))
	}
	return nil
}

// isDefault reports whether a value says what holds anyway.
func (row *Row) isDefault(text string) bool {
	if row.Kind == Bool {
		b, _ := asBool(text)
		d, _ := asBool(row.Default)
		return b == d
	}
	return strings.TrimSpace(text) == row.Default
}

// ignored returns a warning for each setting that a user would miss.
func (s *Settings) ignored() []*source.Error {
	var out []*source.Error
	for i := range table {
		row := &table[i]
		if v, ok := s.given[row.Name]; ok && row.Use == Missed && !row.isDefault(v.text) {
			out = append(out, source.Errorf(v.pos, "the setting %s is ignored", row.title()).WithHint("%s", row.About))
		}
	}
	return out
}

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

// title names a setting as the file does.
func (row *Row) title() string {
	if row.Key == "" {
		return row.Name
	}
	return fmt.Sprintf("%s (section [%s])", row.Key, row.Section)
}

// unknown is the warning for a key that is no setting that fleet knows; nil in
// sections that are other programs'.
func unknown(e entry) *source.Error {
	if !slices.Contains(sections(), e.section) {
		return nil
	}
	var keys []string
	for i := range table {
		keys = append(keys, table[i].keys(e.section)...)
	}
	hint := source.DidYouMean(e.key, keys)
	if hint == "" {
		hint = "fleet does not know it: see docs/ansible.md"
	}
	return source.Errorf(e.pos, "unknown setting %q in the section [%s]", e.key, e.section).WithHint("%s", hint)
}
