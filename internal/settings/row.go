package settings

import (
	"slices"
	"strings"
)

// Kind is the type of a setting's value.
type Kind int

// The kinds of values.
const (
	Text     Kind = iota
	Bool          // yes or no
	Int           // a whole number
	List          // texts with commas between them
	Path          // a path
	PathSpec      // paths with colons between them
	PathList      // paths with commas between them
)

// Use is what fleet does with a setting.
type Use int

// What fleet does with settings.
const (
	Ignored  Use = iota // it changes nothing here
	Missed              // it is ignored, with a warning where it is not the default
	Honoured            // it has an effect
	Refused             // any value but the default is an error
)

// String returns the word for it.
func (u Use) String() string {
	return [...]string{"ignored", "ignored, with a warning", "honoured", "refused"}[u]
}

// Row says what fleet knows of a setting.
type Row struct {
	Name         string   // as in ansible-core, and for the lookup config
	Section, Key string   // in the file
	Also         []string // further "section.key"
	Env          []string // variables of the environment, the first wins
	Kind         Kind
	Default      string
	Choices      []string // nil: all values
	Use          Use
	About        string // what it does here, or why nothing
}

// Table returns all settings, by name.
func Table() []Row { return slices.Clone(table) }

func byName(name string) *Row {
	for i := range table {
		if table[i].Name == name {
			return &table[i]
		}
	}
	return nil
}

func byKey(section, key string) *Row {
	for i := range table {
		if slices.Contains(table[i].keys(section), key) {
			return &table[i]
		}
	}
	return nil
}

// keys returns the keys that a setting has in a section.
func (row *Row) keys(section string) []string {
	var out []string
	if row.Section == section && row.Key != "" {
		out = append(out, row.Key)
	}
	for _, also := range row.Also {
		if s, key, _ := strings.Cut(also, "."); s == section {
			out = append(out, key)
		}
	}
	return out
}

// sections returns the sections whose keys fleet knows.
func sections() []string {
	return []string{"connection", "defaults", "diff", "inventory", "privilege_escalation", "ssh_connection", "tags"}
}
