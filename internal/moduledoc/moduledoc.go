// Package moduledoc makes the pages about modules. What a module's arguments
// are comes from its specification; what they mean comes from the comments in
// its source: that of the variable that defines it, and those of the fields of
// its argument and result structs. It runs where fleet is built, and its
// renderer on the controller.
package moduledoc

import (
	"fmt"
	"slices"
	"strings"

	"fleet/internal/spec"
)

// Page is what is known of one module.
type Page struct {
	Module  *spec.Module
	About   []string // paragraphs; the first sentence says what the module does
	Example string   // YAML
	Args    []Value
	Returns []Value
}

// Value is an argument or a returned value.
type Value struct {
	Name string // "ports[].target" inside of a list of mappings
	Type string
	Text string
	Arg  spec.Arg // of an argument
}

// Pages returns the page of every module, by name. Folders are where their
// sources are. A module, an argument or a returned value without a comment is
// an error.
func Pages(modules []*spec.Module, folders ...string) ([]*Page, error) {
	src, err := readSources(folders)
	if err != nil {
		return nil, err
	}
	var pages []*Page
	for _, m := range modules {
		p, err := src.page(m)
		if err != nil {
			return nil, fmt.Errorf("module %s: %w", m.Name, err)
		}
		pages = append(pages, p)
	}
	slices.SortFunc(pages, func(a, b *Page) int { return strings.Compare(a.Module.Name, b.Module.Name) })
	return pages, nil
}

// Synopsis returns the first sentence about the module, without its full stop.
func (p *Page) Synopsis() string {
	if len(p.About) == 0 {
		return ""
	}
	first, _, _ := strings.Cut(p.About[0]+" ", ". ")
	return strings.TrimSuffix(strings.TrimSpace(first), ".")
}

func (s *sources) page(m *spec.Module) (*Page, error) {
	def, ok := s.modules[m.Name]
	if !ok {
		return nil, fmt.Errorf("no variable defines it in the folders that were read")
	}
	p := &Page{Module: m}
	p.About, p.Example = about(def.comment, def.variable, m.Name)
	if len(p.About) == 0 {
		return nil, fmt.Errorf("the variable %s has no comment", def.variable)
	}
	comments := map[string]string{}
	for _, other := range s.modules {
		if other.pkg == def.pkg && slices.Contains(def.others, other.variable) {
			s.argComments(other.pkg, other.args, "", comments)
		}
	}
	s.argComments(def.pkg, def.args, "", comments)
	if err := p.addArgs(m.Args(), "", comments); err != nil {
		return nil, err
	}
	result := s.resultOf(def)
	if result == "" {
		return p, nil
	}
	for _, r := range s.returns(def.pkg, result, "", map[string]bool{}) {
		switch {
		case r.Text != "":
			p.Returns = append(p.Returns, r)
		case !strings.Contains(r.Name, "."): // what is inside of a value may speak for itself
			return nil, fmt.Errorf("the returned value %s has no comment", r.Name)
		}
	}
	return p, nil
}

func (p *Page) addArgs(args []spec.Arg, prefix string, comments map[string]string) error {
	for _, a := range args {
		name := prefix + a.Name
		text := comments[name]
		if text == "" {
			return fmt.Errorf("the argument %s has no comment", name)
		}
		p.Args = append(p.Args, Value{Name: name, Type: typeName(a), Text: text, Arg: a})
		inner := name + "."
		if a.Type == spec.List {
			inner = name + "[]."
		}
		if err := p.addArgs(a.Sub, inner, comments); err != nil {
			return err
		}
	}
	return nil
}

func typeName(a spec.Arg) string {
	switch {
	case a.Type == spec.List && a.Elem != "":
		return "list of " + string(a.Elem)
	case a.Type == spec.Raw:
		return "any"
	}
	return string(a.Type)
}

// about splits a comment into paragraphs and the example, and puts the module's
// name where Go wants the variable's.
func about(comment, variable, module string) (paragraphs []string, example string) {
	text, code, _ := strings.Cut("\n"+comment, "\nExample:\n")
	for part := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		if part = strings.Join(strings.Fields(part), " "); part != "" {
			paragraphs = append(paragraphs, part)
		}
	}
	if len(paragraphs) > 0 {
		if first, rest, ok := strings.Cut(paragraphs[0], " "); ok && strings.EqualFold(first, variable) {
			paragraphs[0] = module + " " + rest
		}
	}
	return paragraphs, dedent(code)
}

// dedent takes away the indentation that all lines share.
func dedent(text string) string {
	list := strings.Split(strings.Trim(text, "\n"), "\n")
	shared := -1
	for _, line := range list {
		if body := strings.TrimLeft(line, " \t"); body != "" && (shared < 0 || len(line)-len(body) < shared) {
			shared = len(line) - len(body)
		}
	}
	for i, line := range list {
		list[i] = strings.TrimRight(line[min(max(shared, 0), len(line)):], " \t")
	}
	return strings.Trim(strings.Join(list, "\n"), "\n")
}
