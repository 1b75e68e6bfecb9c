package settings

import (
	"strings"

	"fleet/internal/source"
)

// entry is a line of an ansible.cfg.
type entry struct {
	section, key, value string
	pos                 source.Pos
}

// parse reads an ansible.cfg: what Python's configparser reads, with comments
// behind a semicolon, and values that go on in indented lines.
func parse(file, text string) ([]entry, error) {
	var out []entry
	section := ""
	for i, line := range strings.Split(text, "\n") {
		trimmed := strings.TrimSpace(line)
		pos := source.Pos{File: file, Line: i + 1, Col: len(line) - len(strings.TrimLeft(line, " \t")) + 1}
		switch {
		case trimmed == "" || trimmed[0] == '#' || trimmed[0] == ';':
		case pos.Col > 1 && len(out) > 0 && out[len(out)-1].section == section:
			last := &out[len(out)-1]
			last.value = strings.TrimSpace(last.value + "\n" + comment(trimmed))
		case trimmed[0] == '[':
			name, _, ok := strings.Cut(trimmed[1:], "]")
			if !ok {
				return nil, source.Errorf(pos, "%q is not a section", trimmed).WithHint(`a section is written as in "[defaults]"`)
			}
			section = name
		default:
			at := strings.IndexAny(trimmed, "=:")
			if at <= 0 {
				return nil, source.Errorf(pos, "%q is not key = value", trimmed)
			}
			if section == "" {
				return nil, source.Errorf(pos, "the setting stands in no section").WithHint(`start with "[defaults]"`)
			}
			out = append(out, entry{section, strings.ToLower(strings.TrimSpace(trimmed[:at])), unquoted(trimmed[at+1:]), pos})
		}
	}
	return out, nil
}

// unquoted is the value in a line, without quotes around it.
func unquoted(text string) string {
	text = strings.TrimSpace(comment(text))
	if n := len(text); n > 1 && (text[0] == '"' || text[0] == '\'') && text[n-1] == text[0] {
		return text[1 : n-1]
	}
	return text
}

// comment cuts off what follows a semicolon behind a blank.
func comment(text string) string {
	for i := 1; i < len(text); i++ {
		if text[i] == ';' && (text[i-1] == ' ' || text[i-1] == '\t') {
			return text[:i-1]
		}
	}
	return text
}
