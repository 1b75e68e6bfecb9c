// Package ini reads INI files as Python's configparser does, by which Ansible reads
// them. It runs on the controller.
package ini

import (
	"fmt"
	"strings"
)

// Rules are what may differ between INI files.
type Rules struct {
	Exact bool // names differ by their case
	Bare  bool // names may stand without a value
	// Delimiters stand between names and values; "=" and ":" where there are none.
	Delimiters []string
}

// Default is the section whose values the others have too.
const Default = "DEFAULT"

// Section is a section with its own values, in their order. A name without a value
// has none.
type Section struct {
	Name   string
	Names  []string
	Values map[string]*string
}

// Error is a mistake in a line of the text.
type Error struct {
	Line int
	Msg  string
}

func (e *Error) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Msg) }

// Parse returns the sections in their order. Its errors are *Error.
func Parse(text string, rules Rules) ([]*Section, error) {
	if len(rules.Delimiters) == 0 {
		rules.Delimiters = []string{"=", ":"}
	}
	p := parser{rules: rules}
	for line := range strings.Lines(text) {
		p.number++
		if err := p.line(strings.TrimRight(line, "\r\n")); err != nil {
			return nil, err
		}
	}
	for _, s := range p.sections {
		for _, v := range s.Values {
			if v != nil {
				*v = strings.TrimRight(*v, " \t\r\n\v\f") // empty lines behind it
			}
		}
	}
	return p.sections, nil
}

type parser struct {
	rules    Rules
	number   int
	sections []*Section
	into     *Section // the section that the line is of
	last     string   // the name before the line
	indent   int      // of the line that it stands on
}

func (p *parser) wrong(format string, args ...any) error {
	return &Error{p.number, fmt.Sprintf(format, args...)}
}

func (p *parser) line(line string) error {
	trimmed := strings.TrimSpace(line)
	switch {
	case trimmed == "":
		p.goOn("")
		return nil
	case trimmed[0] == '#' || trimmed[0] == ';':
		return nil
	}
	indent := len(line) - len(strings.TrimLeft(line, " \t\v\f"))
	if p.last != "" && indent > p.indent {
		if !p.goOn(trimmed) {
			return p.wrong("%q has no value that could go on here", p.last)
		}
		return nil
	}
	p.indent = indent
	if end := strings.LastIndexByte(trimmed, ']'); trimmed[0] == '[' && end > 1 {
		return p.section(trimmed[1:end])
	}
	if p.into == nil {
		return p.wrong("File contains no section headers: %q comes first", trimmed)
	}
	return p.entry(trimmed)
}

// goOn adds a line to the value before it.
func (p *parser) goOn(line string) bool {
	if p.last == "" || p.into.Values[p.last] == nil {
		return false
	}
	*p.into.Values[p.last] += "\n" + line
	return true
}

func (p *parser) entry(line string) error {
	at, width := len(line), 0
	for _, d := range p.rules.Delimiters {
		if i := strings.Index(line, d); i >= 0 && i < at {
			at, width = i, len(d)
		}
	}
	name := strings.TrimSpace(line[:at])
	if !p.rules.Exact {
		name = strings.ToLower(name)
	}
	_, twice := p.into.Values[name]
	switch {
	case name == "":
		return p.wrong("%q has no name", line)
	case twice:
		return p.wrong("Duplicate option in the section: %q is there already", name)
	case width == 0 && !p.rules.Bare:
		return p.wrong("%q has no value", name)
	}
	p.last = name
	p.into.Names = append(p.into.Names, name)
	p.into.Values[name] = nil
	if width > 0 {
		value := strings.TrimSpace(line[at+width:])
		p.into.Values[name] = &value
	}
	return nil
}

func (p *parser) section(name string) error {
	p.last = ""
	for _, s := range p.sections {
		if s.Name == name {
			if p.into = s; name != Default {
				return p.wrong("Duplicate section: %q", name)
			}
			return nil
		}
	}
	p.into = &Section{Name: name, Values: map[string]*string{}}
	p.sections = append(p.sections, p.into)
	return nil
}
