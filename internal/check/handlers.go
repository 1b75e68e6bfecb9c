package check

import (
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"fleet/internal/argument"
	"fleet/internal/jinja"
	"fleet/internal/playbook"
	"fleet/internal/source"
)

// handled is what a task may notify: what is known of a play's handlers so far.
type handled struct {
	seen     int      // handlers of the play that are in it
	names    []string // and topics, as they are written
	known    names    // these, and with the role's name before them
	patterns []string // of names that are templates, for filepath.Match
}

// notifiedBy notes what a task notifies.
func (p *play) notifiedBy(t *playbook.Task) {
	for _, n := range t.Notify {
		name, literal := p.literal(n)
		p.anyNotified = p.anyNotified || !literal
		p.notified[name] = true
	}
}

// mayRun reports whether anything that is known by now may notify a handler.
func (p *play) mayRun(h *playbook.Task) bool {
	name, literal := p.literal(h.Name)
	if p.anyNotified || !literal || p.notified[name] {
		return true
	}
	if role := playbook.RoleOf(h); role != nil && (p.notified[role.Name+" : "+name] || p.notified[role.FullName()+" : "+name]) {
		return true
	}
	return slices.ContainsFunc(h.Listen, func(topic string) bool { return p.notified[topic] || jinja.IsTemplate(topic) })
}

// topics warns about topics that look like templates, which they cannot be.
func (p *play) topics(h *playbook.Task) {
	for _, topic := range h.Listen {
		if jinja.IsTemplate(topic) {
			p.doubt(source.Errorf(h.Pos, "the topic %q is taken as it is written, so nothing can notify it", topic).
				WithHint("write it out: a task may notify a template"), false)
		}
	}
}

// lent checks what blocks around a handler lend to it, and returns the site inside.
func (p *play) lent(h playbook.Entry, s site) site {
	b := h.Up()
	if b == nil || b.Role != nil {
		return s
	}
	s = p.lent(b, s).at(b)
	p.definitions(p.Vars.Map(b.Vars))
	p.overrides(b.Vars)
	s = p.conditions(b.When, s)
	p.keywords(&b.Keywords, s)
	return s
}

// isHandler reports whether a handler or a topic may have the name.
func (p *play) isHandler(name string) bool {
	for ; p.handled.seen < len(p.handlers); p.handled.seen++ {
		p.addHandler(p.handlers[p.handled.seen])
	}
	if p.handled.known[name] {
		return true
	}
	for _, pattern := range p.handled.patterns {
		if match, err := filepath.Match(pattern, name); match || err != nil {
			return true
		}
	}
	return false
}

func (p *play) addHandler(h *playbook.Task) {
	own := h.Name.Text()
	called := append([]string{own}, h.Listen...)
	if p.isTemplate(h.Name) {
		p.handled.patterns = append(p.handled.patterns, marker().ReplaceAllString(own, "*"))
		called = h.Listen
	}
	if p.handled.known == nil {
		p.handled.known = names{}
	}
	role := playbook.RoleOf(h)
	for _, one := range called {
		p.handled.names = append(p.handled.names, one)
		p.handled.known[one] = true
		if role != nil {
			p.handled.known[role.Name+" : "+one] = true
			p.handled.known[role.FullName()+" : "+one] = true
		}
	}
}

// notifies checks that the handlers exist that a task names.
func (p *play) notifies(t *playbook.Task, s site) {
	for _, n := range t.Notify {
		name, literal := p.literal(n)
		if !literal {
			p.evaluated(n, s.perhaps())
			p.notifiesSome(t, n, s)
			continue
		}
		if !p.openHandlers && !p.isHandler(name) {
			p.noHandler(n, name, s)
		}
	}
}

// notifiesSome checks that there is a handler for each name that a template can stand
// for: the items of a loop that is written out, and otherwise its fixed parts.
func (p *play) notifiesSome(t *playbook.Task, n source.Node, s site) {
	if x := p.template(n); p.openHandlers || x == nil || x.err != nil || strings.Contains(n.Text(), "{%") {
		return
	}
	p.isHandler("") // takes in all
	if len(p.handled.patterns) > 0 {
		return
	}
	for _, name := range p.turnNames(t, n.Text()) {
		parts := marker().Split(name, -1)
		if strings.TrimSpace(strings.Join(parts, "")) == "" {
			continue
		}
		for i := range parts {
			parts[i] = regexp.QuoteMeta(parts[i])
		}
		fits, err := regexp.Compile("^" + strings.Join(parts, ".*") + "$")
		if err == nil && !slices.ContainsFunc(slices.Collect(maps.Keys(p.handled.known)), fits.MatchString) {
			p.noHandler(n, name, s.perhaps())
		}
	}
}

// turnNames returns what a name is in each turn of its task's loop, where the items are
// texts that are written out; otherwise the name itself.
func (p *play) turnNames(t *playbook.Task, name string) []string {
	if t.Loop == nil || len(t.Loop.Items.Items()) == 0 {
		return []string{name}
	}
	var out []string
	for _, item := range t.Loop.Items.Items() {
		text, literal := p.literal(item)
		if !literal {
			return []string{name}
		}
		out = append(out, marker().ReplaceAllStringFunc(name, func(m string) string {
			if strings.Trim(m, "{} ") == t.Loop.VarName() {
				return text
			}
			return m
		}))
	}
	return out
}

// noHandler notes a name that no handler has. One that is in a file that a handler
// includes is there, but cannot be notified: it is written as it is meant, and the
// run says so where it is reached.
func (p *play) noHandler(n source.Node, name string, s site) {
	e := n.Errorf("The requested handler '%s' was not found in either the main handlers list nor in the listening handlers list", name)
	e.Hint = source.DidYouMean(name, p.handled.names)
	if parts := strings.Split(name, ","); len(parts) > 1 && !slices.ContainsFunc(parts, func(one string) bool { return !p.isHandler(strings.TrimSpace(one)) }) {
		e.Hint = "several are a list: [" + name + "]"
	}
	if e.Hint == "" {
		e.Hint = "handlers stand under \"handlers\" of the play, and in the handlers/main.yaml of its roles"
	}
	if p.AllowMissingHandlers {
		p.doubt(e, false)
		return
	}
	by := p.includerOf(name)
	if by != nil {
		e.Hint = "the handler " + strconv.Quote(by.Name.Text()) + " includes it: notify that one"
	}
	p.add(e, s.certain && by == nil)
}

// includerOf returns the handler that includes a task of that name, or nil.
func (p *play) includerOf(name string) *playbook.Task {
	for _, h := range p.handlers {
		if argument.ShortName(h.Module) != "include_tasks" {
			continue
		}
		for _, part := range p.include(h).parts {
			if part.block != nil && hasTask(part.block, name) {
				return h
			}
		}
	}
	return nil
}

// hasTask reports whether a block has a task of that name.
func hasTask(b *playbook.Block, name string) bool {
	return slices.ContainsFunc(slices.Concat(b.Body, b.Rescue, b.Always), func(e playbook.Entry) bool {
		inner, isBlock := e.(*playbook.Block)
		return isBlock && hasTask(inner, name) || !isBlock && e.Common().Name.Text() == name
	})
}
