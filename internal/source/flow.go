package source

import "strings"

// unclosed returns the last bracket of YAML's flow style that nothing closes.
// yaml.v3 names a line near it at best.
func (d *document) unclosed() (bracket string, pos Pos, found bool) {
	var open []Pos
	var kinds []byte
	quote := byte(0)
	for i, line := range d.lines {
		start := true // of a value
		for j := 0; j < len(line); j++ {
			c := line[j]
			switch {
			case quote != 0:
				if c == '\\' && quote == '"' {
					j++
				} else if c == quote {
					quote = 0
				}
				continue
			case c == ' ' || c == '\t':
				continue
			case c == '#' && (j == 0 || line[j-1] == ' ' || line[j-1] == '\t'):
				j = len(line)
				continue
			case start && (c == '"' || c == '\''):
				quote = c
			case start && (c == '[' || c == '{'):
				open, kinds = append(open, Pos{File: d.file, Line: i + 1, Col: j + 1}), append(kinds, c)
			case len(open) > 0 && (c == ']' || c == '}'):
				if kinds[len(kinds)-1] != c-2 { // in ASCII both pairs are two apart
					return string(kinds[len(kinds)-1]), open[len(open)-1], true
				}
				open, kinds = open[:len(open)-1], kinds[:len(kinds)-1]
			}
			blankNext := j+1 == len(line) || line[j+1] == ' '
			start = c == '[' || c == '{' || c == ',' || (c == ':' || c == '-' || c == '?') && blankNext
		}
	}
	if len(open) == 0 {
		return "", Pos{}, false
	}
	last := len(open) - 1
	return string(kinds[last]), open[last], true
}

// unclosedError returns the error for a bracket that nothing closes, or nil.
func (d *document) unclosedError(msg string) *Error {
	if !strings.Contains(msg, "did not find expected ',' or") {
		return nil
	}
	bracket, pos, found := d.unclosed()
	if !found {
		return nil
	}
	closing := map[string]string{"[": "]", "{": "}"}[bracket]
	return Errorf(pos, "%w: %q is never closed", ErrSyntax, bracket).WithHint("close it with %q, or quote a text that starts with %s", closing, bracket)
}
