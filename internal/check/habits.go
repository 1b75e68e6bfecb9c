package check

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	"fleet/internal/argument"
	"fleet/internal/playbook"
	"fleet/internal/source"
)

// habits warns about what runs, and hardly does what is meant.
func (p *play) habits(t *playbook.Task, g *given, s site) {
	p.shadows(t, s)
	p.idleBecome(t, s)
	switch argument.ShortName(t.Module) {
	case "command":
		p.shellWords(t, g)
	}
}

// idleBecome warns about a task that says whom to become where nothing says that it
// does.
func (p *play) idleBecome(t *playbook.Task, s site) {
	become := func(k *playbook.Keywords) source.Node { return k.Become }
	if !t.BecomeUser.Exists() || p.Become || inherited(p.src, t, become).Exists() || p.learnt.has("ansible_become") {
		return
	}
	for _, scope := range p.scopesAt(s.entry) {
		if _, set := scope.Lookup("ansible_become"); set {
			return
		}
	}
	p.doubt(t.BecomeUser.Errorf("become_user alone changes nothing").WithHint(`"become: true" beside it, or around it, is what makes the task another user's`), false)
}

// quoted matches what a command line holds in quotes.
var quoted = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?s)'[^']*'|"(?:\\.|[^"\\])*"`) })

// inJinja matches what is a template's own.
var inJinja = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?s)\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}`) })

// shellWords warns about a command line for the shell that none will read.
func (p *play) shellWords(t *playbook.Task, g *given) {
	line := quoted().ReplaceAllString(inJinja().ReplaceAllString(g.text("cmd"), "x"), "x")
	for _, word := range strings.Fields(line) {
		if slices.Contains([]string{"|", "||", "&&", "&", ">", ">>", "<", ";", "2>&1", "2>/dev/null", ">/dev/null"}, word) {
			p.doubt(source.Errorf(t.ModulePos, "command: %q is handed to the program: no shell reads it", word).WithHint("use shell"), false)
			return
		}
	}
}

// shadows warns about the variable of a loop that hides another of that name.
func (p *play) shadows(t *playbook.Task, s site) {
	if t.Loop == nil {
		return
	}
	name := t.Loop.VarName()
	hides := s.locals[name]
	for _, scope := range p.scopesAt(s.entry) {
		if _, known := scope.Lookup(name); known {
			hides = true
		}
	}
	if hides {
		p.doubt(source.Errorf(t.Loop.Pos, "the loop variable %q hides another of that name", name).
			WithHint("give it another name with loop_control: {loop_var: ...}"), false)
	}
}
