package check

import (
	"slices"
	"strings"

	"fleet/internal/playbook"
	"fleet/internal/pyre"
	"fleet/internal/source"
)

// A need is what a module refuses by itself, whatever the machine is like.
type need struct {
	// at is the argument that the refusal stands at; where it is not given, the module.
	at string
	// wrong reports whether the arguments are refused.
	wrong func(g *given) bool
	msg   string
	hint  string
	// onMachine: whether it comes to that depends on what the file holds.
	onMachine bool
}

// needs are those of modules, by their names.
var needs = map[string][]need{
	"blockinfile": {{"marker", withoutWord("marker", "{mark}"), `argument "marker" has to have {mark} in it, or the block is not found again`, `as in "# {mark} of mine"`, false}},
	"file": {{"recurse", func(g *given) bool { return g.isTrue("recurse") && g.other("state", "directory") },
		`argument "recurse" needs state: directory`, "", false}},
	"lineinfile": {
		{"", func(g *given) bool { return g.isOr("state", "present", true) && g.lacks("line") }, `state: present needs the argument "line"`, "", false},
		{"backrefs", func(g *given) bool {
			return g.isTrue("backrefs") && g.isOr("state", "present", true) && g.lacks("regexp")
		},
			`argument "backrefs" needs "regexp"`, "", false},
		{"", func(g *given) bool {
			return g.isOr("state", "absent", false) && g.lacks("line") && g.lacks("regexp") && g.lacks("search_string")
		},
			"state: absent needs one of the arguments line, search_string, regexp", "", false},
		{"line", func(g *given) bool { return g.isTrue("backrefs") && wrongGroup(g, "regexp", "line") },
			"the line refers to a group that the regular expression does not have", "groups are the parts in ( ), counted from 1", true},
	},
	"replace": {{"replace", func(g *given) bool { return wrongGroup(g, "regexp", "replace") },
		"the replacement refers to a group that the regular expression does not have", "groups are the parts in ( ), counted from 1", false}},
}

// validating are the modules that hand the new file to a program.
var validating = []string{"assemble", "blockinfile", "copy", "lineinfile", "replace", "template"}

// validates is what those need.
var validates = need{"validate", withoutWord("validate", "%s"), "validate must contain %s", "%s stands for the name of the new file", true}

// needed checks what a module itself would refuse.
func (p *play) needed(t *playbook.Task, g *given, s site) {
	if g.module == nil || g.module.File != "" || g.template || g.err != nil || p.forgiving > 0 {
		return
	}
	all := needs[g.module.Name]
	if slices.Contains(validating, g.module.Name) {
		all = append(slices.Clip(all), validates)
	}
	for _, n := range all {
		if !n.wrong(g) {
			continue
		}
		pos := t.ModulePos
		if at, given := g.pos[n.at]; given {
			pos = at
		}
		e := source.Errorf(pos, "%s: %s", g.module.Name, n.msg)
		e.Hint = n.hint
		p.add(e, s.certain && !n.onMachine)
	}
}

// lacks reports whether an argument is surely not given.
func (g *given) lacks(name string) bool {
	_, given := g.get(name)
	return !given
}

// isTrue reports whether an argument is surely yes.
func (g *given) isTrue(name string) bool {
	v, known := g.flag(name)
	return v && known
}

// isOr reports whether an argument surely has the value; where it is not given, it is
// what otherwise says.
func (g *given) isOr(name, value string, otherwise bool) bool {
	v, given := g.get(name)
	return given && v == value || !given && otherwise
}

// other reports whether an argument surely is given and has another value.
func (g *given) other(name, value string) bool {
	v, _ := g.get(name)
	text, known := v.(string)
	return known && text != value
}

// withoutWord tests for a text without a word in it.
func withoutWord(name, word string) func(g *given) bool {
	return func(g *given) bool {
		v, _ := g.get(name)
		text, known := v.(string)
		return known && text != "" && !strings.Contains(text, word)
	}
}

// wrongGroup reports whether a replacement refers to a group that its pattern lacks.
func wrongGroup(g *given, pattern, replacement string) bool {
	a, _ := g.get(pattern)
	b, _ := g.get(replacement)
	from, known := a.(string)
	to, also := b.(string)
	return known && also && groupError(from, to) != nil
}

// groupError returns what is wrong with the references in a replacement, or nil.
func groupError(pattern, replacement string) error {
	re, err := pyre.Compile(pattern, 0)
	if err != nil {
		return nil // which is told
	}
	if _, err = re.Replace("", replacement, 1); err != nil && strings.Contains(err.Error(), "refers to group") {
		return err
	}
	return nil
}
