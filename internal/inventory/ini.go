package inventory

import (
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"

	"fleet/internal/source"
)

// iniReader reads an INI inventory: sections [group], [group:vars] and
// [group:children]; the lines before the first belong to "ungrouped".
type iniReader struct {
	*reader
	line  int
	group *group
	kind  string
	// A group may be named before its own section comes.
	declared map[string]bool
	pending  []pending
}

// pending is a group that a section speaks of and that must still be declared.
type pending struct {
	name string
	pos  source.Pos
	kind string
	by   string // the section
}

var (
	section = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^\[([^:\]\s]+)(?::(\w+))?\]\s*(?:#.*)?$`)
	})
	groupName = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^([^:\]\s]+)\s*(?:#.*)?$`)
	})
)

// ini reads an INI inventory.
func (r *reader) ini(text string) {
	in := &iniReader{reader: r, group: r.inv.groups["ungrouped"], kind: "hosts", declared: map[string]bool{}}
	for i, line := range strings.Split(strings.TrimPrefix(text, "\ufeff"), "\n") {
		in.line = i + 1
		trimmed := strings.TrimSpace(line)
		if trimmed == "" || trimmed[0] == '#' || trimmed[0] == ';' {
			continue
		}
		if !utf8.ValidString(line) || strings.Contains(line, "\x00") {
			r.fail(source.Errorf(source.Pos{File: r.file, Line: in.line, Col: 1}, "the line is no text in UTF-8").
				WithHint("save the file in UTF-8; what is no inventory belongs into another folder"))
			return
		}
		in.read(trimmed, len(line)-len(strings.TrimLeft(line, " \t\r\f\v")))
	}
	for _, p := range in.pending {
		if in.declared[p.name] {
			continue
		}
		e := source.Errorf(p.pos, "the section [%s] is about the group %q, which is nowhere else", p.by, p.name)
		if e.Hint = source.DidYouMean(p.name, in.groupNames()); e.Hint == "" {
			e.WithHint("add a section [%s]", p.name)
		}
		r.fail(e)
	}
}

// groupNames returns the groups that have a section.
func (in *iniReader) groupNames() []string {
	var names []string
	for _, g := range in.inv.groupList {
		if in.declared[g.Name] {
			names = append(names, g.Name)
		}
	}
	return names
}

// read reads one line, without the blanks around it.
func (in *iniReader) read(line string, indent int) {
	pos := source.Pos{File: in.file, Line: in.line, Col: indent + 1}
	if m := section().FindStringSubmatch(line); m != nil {
		in.section(m[1], m[2], pos)
		return
	}
	if line[0] == '[' && strings.HasSuffix(line, "]") {
		in.fail(source.Errorf(pos, "%q is not a section", line).WithHint(`sections are [group], [group:vars] and [group:children], without blanks`))
		return
	}
	switch in.kind {
	case "hosts":
		in.host(line, pos)
	case "vars":
		in.variable(line, pos)
	case "children":
		in.child(line, pos)
	}
}

func (in *iniReader) section(name, kind string, pos source.Pos) {
	if why := badName(name); why != "" {
		in.fail(source.Errorf(pos, "%q cannot be the name of a group: it %s", name, why))
		name = "ungrouped"
	}
	written := name
	name = in.inv.groupName(name)
	switch kind {
	case "":
		kind = "hosts"
		fallthrough
	case "hosts", "children":
		in.declared[name] = true
	case "vars":
		in.pending = append(in.pending, pending{name, pos, kind, name + ":vars"})
	default:
		e := source.Errorf(pos, "the section [%s:%s] has an unknown kind %q", name, kind, kind)
		if e.Hint = source.DidYouMean(kind, groupKeys); e.Hint == "" {
			e.Hint = `sections are [group], [group:vars] and [group:children]`
		}
		in.fail(e)
		kind = "ignored"
	}
	if g := in.inv.groups[name]; g != nil { // from an earlier source, or always there
		if name == "all" || name == "ungrouped" || g.Pos.File != in.file {
			in.declared[name] = true
		}
	}
	in.group, in.kind = in.inv.group(written, pos), kind
}

// host reads "name[:port] key=value ...".
func (in *iniReader) host(line string, pos source.Pos) {
	words, err := shellWords(line)
	if err != nil {
		in.fail(source.Errorf(pos, "the line of the host: %w", err))
		return
	}
	if len(words) == 0 {
		return
	}
	if words[0].text == "---" {
		in.fail(source.Errorf(pos, `"---" starts a YAML file, and this one is read as INI`).WithHint(`name the file with ".yaml"`))
		return
	}
	hosts := in.hosts(words[0].text, pos, in.group)
	var keys []iniVar
	for _, w := range words[1:] {
		at := pos
		at.Col += w.start
		key, value, ok := strings.Cut(w.text, "=")
		if !ok || key == "" {
			e := source.Errorf(at, "%q is not key=value", w.text)
			if strings.HasSuffix(line, ":") {
				e.WithHint(`if the file is YAML, name it with ".yaml"`)
			}
			in.fail(e)
			continue
		}
		keys = append(keys, iniVar{key, value, at})
	}
	if len(keys) == 0 {
		return
	}
	vars := in.iniVars(keys)
	for _, h := range hosts {
		in.hostVars(h, vars)
	}
}

// variable reads "key = value" of a [group:vars] section.
func (in *iniReader) variable(line string, pos source.Pos) {
	key, value, ok := strings.Cut(line, "=")
	key, value = strings.TrimSpace(key), strings.TrimSpace(value)
	if !ok || key == "" {
		in.fail(source.Errorf(pos, "%q is not key=value", line).WithHint("a [%s:vars] section has one variable a line", in.group.Name))
		return
	}
	in.groupVars(in.group, in.iniVars([]iniVar{{key, value, pos}}))
}

// child reads the name of a group below this one.
func (in *iniReader) child(line string, pos source.Pos) {
	m := groupName().FindStringSubmatch(line)
	if m == nil {
		in.fail(source.Errorf(pos, "%q is not the name of a group", line).WithHint("a [%s:children] section has one group a line", in.group.Name))
		return
	}
	name := in.inv.groupName(m[1])
	if g := in.inv.groups[name]; g == nil {
		in.pending = append(in.pending, pending{name, pos, "children", in.group.Name + ":children"})
	} else if g.Pos.File != in.file {
		in.declared[name] = true
	}
	in.reader.child(in.group, in.inv.group(m[1], pos), pos)
}
