package moduledoc

import (
	"fmt"
	"strings"

	"fleet/internal/spec"
)

// Markdown returns the module's page.
func (p *Page) Markdown() string {
	var b strings.Builder
	m := p.Module
	fmt.Fprintf(&b, "# %s\n", m.Name)
	for _, paragraph := range p.About {
		fmt.Fprintf(&b, "\n%s\n", paragraph)
	}
	if len(m.Names) > 0 {
		fmt.Fprintf(&b, "\nAlso known as %s.\n", code(m.Names, ", "))
	}
	if p.Example != "" {
		fmt.Fprintf(&b, "\n## Example\n\n```yaml\n%s\n```\n", p.Example)
	}
	b.WriteString("\n## Arguments\n\n")
	p.arguments(&b)
	for _, rule := range rules(m) {
		fmt.Fprintf(&b, "\n%s\n", rule)
	}
	if len(p.Returns) > 0 {
		b.WriteString("\n## Returned values\n\n| Value | Type | What it is |\n| --- | --- | --- |\n")
		for _, r := range p.Returns {
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", r.Name, r.Type, cell(r.Text))
		}
	}
	return b.String()
}

func (p *Page) arguments(b *strings.Builder) {
	if len(p.Args) == 0 {
		b.WriteString("None that have a fixed name.\n")
		return
	}
	b.WriteString("| Argument | Type | Default | What it is |\n| --- | --- | --- | --- |\n")
	for _, v := range p.Args {
		name, def := "`"+v.Name+"`", ""
		if v.Arg.Required {
			name += ", required"
		}
		if v.Arg.Default != "" {
			def = "`" + v.Arg.Default + "`"
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", name, v.Type, cell(def), cell(strings.Join(notes(v), " ")))
	}
}

func notes(v Value) []string {
	list := []string{v.Text}
	if len(v.Arg.Choices) > 0 {
		list = append(list, "One of "+code(v.Arg.Choices, ", ")+".")
	}
	if len(v.Arg.Aliases) > 0 {
		list = append(list, "Also called "+code(v.Arg.Aliases, ", ")+".")
	}
	if v.Arg.Secret {
		list = append(list, "Never shown.")
	}
	return list
}

func rules(m *spec.Module) []string {
	var list []string
	if m.FreeForm != "" {
		list = append(list, fmt.Sprintf("Text behind the module's name stands for `%s`.", m.FreeForm))
	}
	for _, g := range m.OneOf {
		list = append(list, "At least one of "+code(g, ", ")+" is needed.")
	}
	for _, g := range m.Exclusive {
		list = append(list, "Only one of "+code(g, ", ")+" can be given.")
	}
	for _, g := range m.Together {
		list = append(list, "All or none of "+code(g, ", ")+" must be given.")
	}
	return list
}

func code(names []string, between string) string {
	return "`" + strings.Join(names, "`"+between+"`") + "`"
}

// cell makes text fit a cell of a table.
func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

// Index returns the page that lists all modules.
func Index(pages []*Page) string {
	var b strings.Builder
	b.WriteString("# Modules\n\nMade from the modules' own comments by `go generate ./docs`. `fleet doc MODULE` shows a page in the terminal.\n\n")
	b.WriteString("| Module | What it does |\n| --- | --- |\n")
	for _, p := range pages {
		synopsis := strings.TrimPrefix(p.Synopsis(), p.Module.Name+" ")
		fmt.Fprintf(&b, "| [`%s`](%s.md) | %s |\n", p.Module.Name, p.Module.Name, cell(synopsis))
	}
	return b.String()
}
