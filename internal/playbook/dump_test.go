package playbook

import (
	"fmt"
	"strings"

	"fleet/internal/source"
)

// dumper prints a playbook as an indented tree.
type dumper struct {
	strings.Builder
	depth int
}

func dump(pb *Playbook) string {
	var d dumper
	for _, p := range pb.Plays {
		d.play(p)
	}
	return d.String()
}

func (d *dumper) line(format string, args ...any) {
	d.WriteString(strings.Repeat("  ", d.depth))
	fmt.Fprintf(&d.Builder, format, args...)
	d.WriteByte('\n')
}

func (d *dumper) node(name string, n source.Node) {
	if n.Exists() {
		d.line("%s: %s", name, flow(n))
	}
}

func (d *dumper) nodes(name string, list []source.Node) {
	if list != nil {
		texts := make([]string, 0, len(list))
		for _, n := range list {
			texts = append(texts, flow(n))
		}
		d.line("%s: [%s]", name, strings.Join(texts, ", "))
	}
}

func (d *dumper) text(name, text string) {
	if text != "" {
		d.line("%s: %s", name, text)
	}
}

// flow prints a node on one line.
func flow(n source.Node) string {
	var parts []string
	switch {
	case n.IsMap():
		for _, p := range n.Pairs() {
			parts = append(parts, p.Key.Text()+": "+flow(p.Value))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case n.IsList():
		for _, item := range n.Items() {
			parts = append(parts, flow(item))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case n.IsNull():
		return "null"
	case n.IsString():
		return fmt.Sprintf("%q", n.Text())
	}
	return n.Text()
}

func (d *dumper) play(p *Play) {
	d.line("play %s", p.Pos)
	d.depth++
	d.node("hosts", p.Hosts)
	d.keywords(&p.Keywords)
	d.nodes("vars_files", p.VarsFiles)
	for _, q := range p.VarsPrompt {
		d.line("prompt %s private=%t confirm=%t unsafe=%t text=%s default=%s", q.Name, q.Private, q.Confirm, q.Unsafe, flow(q.Text), flow(q.Default))
	}
	for _, f := range []struct {
		name string
		node source.Node
	}{
		{"gather_facts", p.GatherFacts}, {"gather_subset", p.GatherSubset}, {"gather_timeout", p.GatherTimeout},
		{"fact_path", p.FactPath}, {"serial", p.Serial}, {"max_fail_percentage", p.MaxFailPercentage}, {"force_handlers", p.ForceHandlers},
	} {
		d.node(f.name, f.node)
	}
	d.node("strategy", p.Strategy)
	d.text("order", p.Order.Text())
	d.section("pre_tasks", p.PreTasks)
	d.section("roles", p.Roles)
	d.section("tasks", p.Tasks)
	d.section("post_tasks", p.PostTasks)
	d.handlers(p.Handlers)
	d.depth--
}

func (d *dumper) handlers(handlers []*Task) {
	if len(handlers) == 0 {
		return
	}
	d.line("handlers")
	d.depth++
	for _, h := range handlers {
		d.task(h)
	}
	d.depth--
}

func (d *dumper) section(name string, entries []Entry) {
	if len(entries) == 0 {
		return
	}
	d.line("%s", name)
	d.depth++
	for _, e := range entries {
		switch e := e.(type) {
		case *Block:
			d.block(e)
		case *Task:
			d.task(e)
		}
	}
	d.depth--
}

func (d *dumper) block(b *Block) {
	switch {
	case b.Use != nil:
		d.line("use of role %s %s", b.Use.Name, b.Pos)
	case b.Role != nil:
		d.line("role %s %s duplicates=%t parents=%d dependencies=%d", b.Role.Name, b.Pos, b.Role.AllowDuplicates, len(b.Role.Parents), len(b.Role.Dependencies))
	default:
		d.line("block %s", b.Pos)
	}
	d.depth++
	if b.Import != nil {
		d.line("import: %s %s", b.Import.Module, flow(b.Import.Action))
	}
	d.node("params", b.Params)
	d.keywords(&b.Keywords)
	if b.Role != nil {
		d.node("defaults", b.Role.Defaults)
		d.node("role vars", b.Role.Vars)
	}
	d.section("body", b.Body)
	d.section("rescue", b.Rescue)
	d.section("always", b.Always)
	d.handlers(b.Handlers)
	d.depth--
}

func (d *dumper) task(t *Task) {
	d.line("%s %s in %s: %s", t.Pos, t.Module, t.Dir, flow(t.Action))
	d.depth++
	if role := RoleOf(t); role != nil {
		d.line("role: %s", role.Name)
	}
	d.keywords(&t.Keywords)
	d.node("args", t.Args)
	d.text("register", t.Register)
	d.nodes("until", t.Until)
	d.node("retries", t.Retries)
	d.node("delay", t.Delay)
	d.nodes("changed_when", t.ChangedWhen)
	d.nodes("failed_when", t.FailedWhen)
	d.nodes("notify", t.Notify)
	d.text("listen", strings.Join(t.Listen, ", "))
	if l := t.Loop; l != nil {
		d.line("loop %s lookup=%q var=%s index=%s label=%s pause=%s extended=%s: %s", l.Pos, l.Lookup, l.VarName(), l.IndexVar.Text(), flow(l.Label), flow(l.Pause), flow(l.Extended), flow(l.Items))
	}
	d.depth--
}

func (d *dumper) keywords(k *Keywords) {
	d.nodes("when", k.When)
	d.text("tags", strings.Join(k.Tags, ", "))
	d.nodes("open tags", k.OpenTags)
	d.node("vars", k.Vars)
	d.node("environment", k.Environment)
	d.node("module_defaults", k.ModuleDefaults)
	for _, w := range keywords {
		if w.to != nil && w.name != "user" {
			d.node(w.name, *w.to(k))
		}
	}
}
