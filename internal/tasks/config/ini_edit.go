package config

import (
	"slices"
	"strings"
)

// iniEdit is one edit of a text's lines.
type iniEdit struct {
	*iniFileArgs
	values []string // that are still to be placed
	msg    string   // what was done
}

func (e *iniEdit) edit(lines []string) []string {
	start, end, found := e.find(lines)
	if !found {
		if e.State == "absent" {
			return lines
		}
		return e.addSection(lines)
	}
	body := slices.Clone(lines[start:end])
	switch {
	case e.State == "absent" && e.Option == "":
		e.msg = "section removed"
		return slices.Concat(lines[:start-1], lines[end:])
	case e.State == "absent":
		body = e.remove(body)
	case e.Option != "":
		body = e.set(body)
	}
	return slices.Concat(lines[:start], body, lines[end:])
}

// find returns where the lines of the section are, without its head.
func (e *iniEdit) find(lines []string) (start, end int, found bool) {
	if e.Section == "" {
		return 0, sectionEnd(lines, 0), true
	}
	for i, line := range lines {
		if !isHead(line, e.Section) {
			continue
		}
		if end = sectionEnd(lines, i+1); e.chosen(lines[i+1 : end]) {
			return i + 1, end, true
		}
	}
	return 0, 0, false
}

func sectionEnd(lines []string, from int) int {
	for i, line := range lines[from:] {
		if strings.HasPrefix(line, "[") {
			return from + i
		}
	}
	return len(lines)
}

func isHead(line, section string) bool {
	if !strings.HasPrefix(line, "[") {
		return false
	}
	rest, ok := strings.CutPrefix(strings.TrimLeft(line[1:], " \t"), strings.TrimSpace(section))
	return ok && strings.HasPrefix(strings.TrimLeft(rest, " \t"), "]")
}

// chosen reports whether a section has the values that it is chosen by.
func (e *iniEdit) chosen(body []string) bool {
	for _, has := range e.SectionHasValues {
		if !slices.ContainsFunc(body, func(line string) bool {
			o, ok := parseOption(line, has.Option)
			return ok && !o.comment && (has.wanted() == nil || slices.Contains(has.wanted(), o.value))
		}) {
			return false
		}
	}
	return true
}

func (h iniHas) wanted() []string {
	if h.Value != nil {
		return []string{*h.Value}
	}
	return h.Values
}

func (e *iniEdit) addSection(lines []string) []string {
	lines = endLast(lines)
	lines = append(lines, "["+e.Section+"]\n")
	e.msg = "section and option added"
	for _, has := range e.SectionHasValues {
		for _, v := range has.wanted() {
			lines = append(lines, e.assign(has.Option, v))
		}
	}
	switch {
	case e.Option != "" && len(e.values) > 0:
		for _, v := range e.values {
			lines = append(lines, e.assign(e.Option, v))
		}
	case e.Option != "":
		lines = append(lines, e.Option+"\n")
	default:
		e.msg = "only section added"
	}
	return lines
}

func (e *iniEdit) assign(option, value string) string {
	if e.NoExtraSpaces {
		return option + "=" + value + "\n"
	}
	return option + " = " + value + "\n"
}

// iniOption is a line with an option.
type iniOption struct {
	comment  bool
	value    string
	hasValue bool
}

func parseOption(line, option string) (o iniOption, ok bool) {
	s := strings.TrimLeft(strings.TrimRight(line, "\n"), " \t")
	if s != "" && (s[0] == '#' || s[0] == ';') {
		o.comment, s = true, strings.TrimLeft(s[1:], " \t")
	}
	if s, ok = strings.CutPrefix(s, option); !ok {
		return o, false
	}
	s = strings.TrimLeft(s, " \t")
	if s == "" {
		return o, true
	}
	if s, o.hasValue = strings.CutPrefix(s, "="); !o.hasValue {
		return o, false
	}
	o.value = strings.TrimLeft(s, " \t")
	return o, true
}

// set has the option with its values: first the lines that have one of them
// already stay, then others are taken over, and what is left is added.
func (e *iniEdit) set(body []string) []string {
	bare := len(e.values) == 0 // the option alone, without a value
	done := make([]bool, len(body))
	for i, line := range body {
		o, ok := e.parse(line)
		switch at := slices.Index(e.values, o.value); {
		case ok && at >= 0:
			e.update(body, i, e.assign(e.Option, o.value), o)
			e.values = slices.Delete(slices.Clone(e.values), at, at+1)
			done[i] = true
		case ok && bare:
			e.update(body, i, e.Option+"\n", o)
			return body
		}
	}
	if e.Exclusive && !e.AllowNoValue {
		body = e.takeOver(body, done)
	}
	switch {
	case bare:
		body = e.add(body, []string{e.Option + "\n"})
	case len(e.values) > 0:
		var lines []string
		for _, v := range e.values {
			lines = append(lines, e.assign(e.Option, v))
		}
		body = e.add(body, lines)
	}
	return body
}

// parse reads a line with the option, which may be a comment where that is wanted.
func (e *iniEdit) parse(line string) (iniOption, bool) {
	o, ok := parseOption(line, e.Option)
	return o, ok && (!o.comment || e.ModifyInactiveOption)
}

func (e *iniEdit) update(body []string, i int, line string, was iniOption) {
	if body[i] == line || e.IgnoreSpaces && !was.comment && unspaced(body[i]) == unspaced(line) {
		return
	}
	body[i], e.msg = line, "option changed"
}

// unspaced is a line without the spaces around its sign.
func unspaced(line string) string {
	option, value, _ := strings.Cut(strings.TrimSpace(line), "=")
	return strings.TrimSpace(option) + "=" + strings.TrimSpace(value)
}

// takeOver gives lines with other values the ones that are left to place, and
// removes the lines that are left then.
func (e *iniEdit) takeOver(body []string, done []bool) []string {
	var kept []string
	for i, line := range body {
		o, ok := e.parse(line)
		switch {
		case done[i] || !ok:
			kept = append(kept, line)
		case len(e.values) > 0:
			e.update(body, i, e.assign(e.Option, e.values[0]), o)
			e.values = e.values[1:]
			kept = append(kept, body[i])
		case o.comment:
			kept = append(kept, line)
		default:
			e.msg = "option changed"
		}
	}
	return kept
}

// add puts lines behind the last one that is neither blank nor a comment.
func (e *iniEdit) add(body, lines []string) []string {
	e.msg = "option added"
	at := len(body)
	for at > 0 {
		if s := strings.TrimSpace(body[at-1]); s != "" && s[0] != '#' && s[0] != ';' {
			break
		}
		at--
	}
	if at == len(body) {
		body = endLast(body)
	}
	return slices.Insert(slices.Clone(body), at, lines...)
}

func (e *iniEdit) remove(body []string) []string {
	return slices.DeleteFunc(body, func(line string) bool {
		o, ok := parseOption(line, e.Option)
		gone := ok && !o.comment && (e.Exclusive || slices.Contains(e.values, o.value))
		if gone {
			e.msg = "option changed"
		}
		return gone
	})
}

// endLast returns the lines with a newline behind the last one.
func endLast(lines []string) []string {
	last := len(lines) - 1
	if last < 0 || strings.HasSuffix(lines[last], "\n") {
		return lines
	}
	lines = slices.Clone(lines)
	lines[last] += "\n"
	return lines
}
