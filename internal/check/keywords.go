package check

import (
	"regexp"
	"strings"
	"sync"
	"unicode"

	"fleet/internal/argument"
	"fleet/internal/jinja"
	"fleet/internal/playbook"
	"fleet/internal/source"
)

// keywords checks what plays, blocks and tasks have in common, besides their
// names, conditions and variables.
func (p *play) keywords(k *playbook.Keywords, s site) {
	for _, n := range []source.Node{k.Environment, k.Become, k.BecomeUser, k.BecomeMethod, k.BecomeFlags, k.BecomeExe,
		k.RemoteUser, k.Port, k.Connection, k.Timeout, k.Throttle, k.CheckMode, k.Diff, k.AnyErrorsFatal, k.RunOnce, k.DelegateTo} {
		p.evaluated(n, s)
	}
	for _, n := range []source.Node{k.IgnoreErrors, k.IgnoreUnreachable, k.NoLog, k.DelegateFacts, k.ModuleDefaults} {
		p.evaluated(n, s.perhaps())
	}
	for _, e := range k.Misfits {
		p.add(e, s.certain)
	}
	for _, e := range k.Idle {
		p.doubt(e, false)
	}
	for _, n := range k.OpenTags {
		p.evaluated(n, s)
	}
	p.delegate(k.DelegateTo, s)
}

// delegate checks that the host exists that a task is given to.
func (p *play) delegate(n source.Node, s site) {
	name, literal := p.literal(n)
	if !literal || name == "" || p.learnt.hosts[name] || p.learnt.open {
		return
	}
	if _, known := p.Inventory.Host(name); known {
		return
	}
	var hosts []string
	for _, h := range p.Inventory.Hosts() {
		hosts = append(hosts, h.Name)
	}
	e := n.Errorf("delegate_to names %q, which is no host of the inventory", name)
	// Any address can be given a task: only what looks like a slip is one.
	if e.Hint = source.DidYouMean(name, hosts); e.Hint != "" {
		p.doubt(e, s.certain)
	}
}

// overrides warns about variables that are set in vain.
func (p *play) overrides(n source.Node) {
	for _, pair := range n.Pairs() {
		p.override(pair.Key.Text(), pair.Key.Pos())
	}
}

// reserved warns about variables of the whole play whose names mean something else
// in playbooks or templates.
func (p *play) reserved(n source.Node) {
	for _, pair := range n.Pairs() {
		if e := reserved(pair.Key.Text(), pair.Key.Pos()); e != nil {
			p.doubt(e, false)
		}
	}
}

func reserved(name string, pos source.Pos) *source.Error {
	if name == "vars" || !playbook.IsKeyword(name) && !jinja.IsGlobal(name) {
		return nil
	}
	return source.Errorf(pos, "Found variable using reserved name: %s", name).WithHint("give the variable another name")
}

func (p *play) override(name string, pos source.Pos) {
	if magic[name] {
		p.doubt(source.Errorf(pos, "the variable %q is set by the run itself, so this value is never seen", name).
			WithHint("give the variable another name"), false)
	}
}

var variableName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
})

// setFact checks the names that a task sets.
func (p *play) setFact(t *playbook.Task, g *given, s site) {
	for _, n := range []source.Node{t.Action, t.Args} {
		p.overrides(n)
		for _, pair := range n.Pairs() {
			if name := pair.Key.Text(); !variableName().MatchString(name) && !jinja.IsTemplate(name) {
				p.add(source.Errorf(pair.Key.Pos(), "set_fact: %q is no name for a variable", name).
					WithHint("names have letters, digits and _, and do not start with a digit"), s.certain)
			}
		}
	}
	if len(g.values) == 0 && !g.template && g.err == nil {
		p.add(source.Errorf(t.ModulePos, "set_fact needs at least one variable"), s.certain)
	}
}

// definitions checks the syntax of the templates among variables, each value
// once. A variable that is never used does no harm, so nothing here is certain.
func (r *run) definitions(m *jinja.Map) {
	if m == nil || r.defined[m] {
		return
	}
	r.defined[m] = true
	for _, v := range m.All() {
		r.definition(v)
	}
}

func (r *run) definition(v any) {
	switch v := v.(type) {
	case template:
		if t := r.lazy(v); t.err != nil {
			r.add(t.err, false)
		}
	case *jinja.Map:
		for _, e := range v.All() {
			r.definition(e)
		}
	case []any:
		for _, e := range v {
			r.definition(e)
		}
	}
}

// values checks the templates and expressions among the arguments.
func (p *play) values(t *playbook.Task, g *given, s site) {
	module := argument.ShortName(t.Module)
	for _, n := range []source.Node{t.Action, t.Args} {
		p.evaluated(n, s)
	}
	if module != "debug" {
		return
	}
	n := g.nodes["var"]
	if word, free := g.words["var"]; free {
		p.uses(root(word))
	}
	if _, literal := p.literal(n); literal && n.IsString() {
		x := p.expression(n)
		s.lenient = true // it prints what is undefined
		p.use(x, s)
	}
}

// root returns the variable that an expression starts with.
func root(expr string) string {
	expr = strings.TrimSpace(expr)
	end := strings.IndexFunc(expr, func(c rune) bool { return c != '_' && !unicode.IsLetter(c) && !unicode.IsDigit(c) })
	if end < 0 {
		return expr
	}
	return expr[:end]
}

// assertion checks the conditions of an assert. What it tests the play asks for
// itself: that is said in the play's own words when it runs.
func (p *play) assertion(t *playbook.Task, s site) {
	that := t.Argument("that")
	items := that.Items()
	if that.IsString() {
		items = []source.Node{that}
	}
	for _, n := range items {
		if !n.IsString() {
			continue
		}
		x := p.judged(n)
		p.use(x, s)
		p.asserted = p.asserted.with(tests(x)...)
		p.indirect = p.indirect || s.locals[strings.TrimSpace(n.Text())] // the items are conditions
	}
	p.asserted = p.asserted.with(conditionTests(p, t)...)
}

// conditionTests returns the variables that a task's own conditions ask for.
func conditionTests(p *play, t *playbook.Task) []string {
	var out []string
	for _, n := range t.When {
		if n.IsString() {
			out = append(out, tests(p.condition(n))...)
		}
	}
	return out
}
