package check

import (
	"fmt"
	"slices"
	"strings"

	"fleet/internal/jinja"
	"fleet/internal/source"
)

// numbered are facts that are texts and look like numbers.
var numbered = names{"distribution_major_version": true, "distribution_version": true, "kernel": true, "kernel_version": true, "python_version": true}

// spelled are values that facts are compared with, in the spelling of the facts.
var spelled = map[string][]string{
	"os_family": {"Alpine", "Archlinux", "Darwin", "Debian", "FreeBSD", "Gentoo", "RedHat", "Suse", "Windows"},
	"distribution": {"AlmaLinux", "Alpine", "Amazon", "Archlinux", "CentOS", "Debian", "Fedora", "FreeBSD", "Gentoo", "OracleLinux", "RedHat", "Rocky",
		"SLES", "Ubuntu"},
	"system": {"Darwin", "FreeBSD", "Linux"},
}

// compared checks what a fact or a result is held against.
func (p *play) compared(r jinja.Ref, s site) {
	c := r.Compared
	if c == nil || len(p.hosts) == 0 {
		return
	}
	s.certain = s.certain && r.Always
	fact := p.factOf(r, s)
	with, text := c.With.(string)
	switch {
	case numbered[fact] && !text, fact == "" && p.printed(r, s) && !text:
		p.textAgainstNumber(r, s)
	case p.isExit(r, s) && text:
		p.doubt(source.Errorf(r.Pos, "%s is a number, which a text is never equal to", written(r)).
			WithHint("leave out the quotes of %q", with), s.certain && c.Op != "==" && c.Op != "!=")
	case text && (c.Op == "==" || c.Op == "!="):
		for _, right := range spelled[fact] {
			if strings.EqualFold(with, right) && !slices.Contains(spelled[fact], with) {
				p.doubt(source.Errorf(r.Pos, "%s is never %q", written(r), with).WithHint("did you mean %q?", right), false)
			}
		}
	}
}

// factOf returns the name of the fact that a reference ends at, without "ansible_",
// or "" where it ends elsewhere or something else may have set it.
func (p *play) factOf(r jinja.Ref, s site) string {
	name, prefixed := strings.CutPrefix(r.Name, "ansible_")
	switch {
	case r.Name == "ansible_facts" && len(r.Path) == 1:
		name = r.Path[0]
	case !prefixed || len(r.Path) > 0 || p.learnt.names[r.Name]:
		return ""
	}
	for _, scope := range p.scopesAt(s.entry) {
		if _, set := scope.Lookup(r.Name); set {
			return ""
		}
	}
	return name
}

// printed reports whether a reference ends at what a command has printed.
func (p *play) printed(r jinja.Ref, s site) bool {
	return len(r.Path) == 1 && (r.Path[0] == "stdout" || r.Path[0] == "stderr") && isCommand(p.recorded(r.Name, s).module())
}

// isExit reports whether a reference ends at the exit status of a command.
func (p *play) isExit(r jinja.Ref, s site) bool {
	return len(r.Path) == 1 && r.Path[0] == "rc" && isCommand(p.recorded(r.Name, s).module())
}

// textAgainstNumber notes a text that is held against a number.
func (p *play) textAgainstNumber(r jinja.Ref, s site) {
	c := r.Compared
	if c.Op == "==" || c.Op == "!=" {
		p.doubt(source.Errorf(r.Pos, "%s is a text, which is never equal to %s", written(r), jinja.Repr(c.With)).
			WithHint("put %s in quotes, or write %s | int", jinja.Repr(c.With), written(r)), false)
		return
	}
	p.doubt(source.Errorf(r.Pos, "%q cannot compare the text %s with %s", c.Op, written(r), jinja.Repr(c.With)).
		WithHint("write %s | int", written(r)), s.certain)
}

// written returns a reference as it may be written.
func written(r jinja.Ref) string { return strings.Join(append([]string{r.Name}, r.Path...), ".") }

// constant warns about a condition that is a text.
func (p *play) constant(n source.Node) {
	text := strings.TrimSpace(n.Text())
	if !n.IsString() || len(text) < 2 {
		return
	}
	if q := text[0]; (q == '\'' || q == '"') && q == text[len(text)-1] && !strings.ContainsAny(text[1:len(text)-1], `'"`) {
		p.doubt(source.Errorf(n.TextPos(), "the condition is a text in quotes, which always holds").
			WithHint("leave out the inner quotes: %s", fmt.Sprint(text[1:len(text)-1])), false)
	}
}
