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
	data, err := source.ReadFile(file)
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
			if v, ok := os.LookupEnv(name); ok && (v != "" || table[i].Kind == Text && table[i].Choices == nil) {
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
