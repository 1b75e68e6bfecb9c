package playbook

import (
	"path/filepath"

	"gopkg.in/yaml.v3"

	"fleet/internal/source"
)

// validation returns the task that holds the role's variables against what the
// role says of its arguments at this entry point; nil where it says nothing.
func (r *reader) validation(use roleUse, role *Role, s scope) []Entry {
	if use.options.NoValidation {
		return nil
	}
	entry := use.options.TasksFrom
	if entry == "" {
		entry = "main"
	}
	about := r.argumentSpecs(role).Get(entry)
	options := about.Get("options")
	if !about.IsMap() {
		return nil
	}
	text := func(s string) source.Node { return textAt(about, s, about.Pos()) }
	path, err := filepath.Abs(role.Dir)
	if err != nil {
		path = role.Dir
	}
	name := "Validating arguments against arg spec '" + entry + "'"
	if short := about.Get("short_description"); short.Exists() {
		name += " - " + short.Text()
	}
	pairs := []source.Node{text("argument_spec"), options, text("validate_args_context"), mapping(about,
		text("type"), text("role"), text("name"), text(role.Name), text("argument_spec_name"), text(entry), text("path"), text(path))}
	if !options.IsMap() {
		pairs[1] = mapping(about)
	}
	if use.params.IsMap() {
		pairs = append(pairs, text("provided_arguments"), use.params)
	}
	t := &Task{Parent: s.parent, Dir: s.dir, play: s.play, Module: "ansible.builtin.validate_argument_spec", ModulePos: about.Pos(), Action: mapping(about, pairs...)}
	t.Pos, t.Name, t.Tags = about.Pos(), text(name), []string{"always"}
	return []Entry{t}
}

// argumentSpecs returns what a role says of its arguments, by entry points: its
// meta/argument_specs, or else a part of meta/main.
func (r *reader) argumentSpecs(role *Role) source.Node {
	for _, file := range []string{"argument_specs", "main"} {
		for _, end := range yamlNames[:3] {
			path := filepath.Join(role.Dir, "meta", file+end)
			if !isFile(path) {
				continue
			}
			doc, _ := r.document(path, source.Pos{})
			if file == "argument_specs" || doc.Get("argument_specs").Exists() {
				return doc.Get("argument_specs")
			}
		}
	}
	return source.Node{}
}

// mapping returns a mapping of keys and values, given in turn, in the file of from.
func mapping(from source.Node, pairs ...source.Node) source.Node {
	pos := from.Pos()
	m := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: pos.Line, Column: pos.Col}
	for _, p := range pairs {
		m.Content = append(m.Content, p.Node)
	}
	from.Node = m
	return from
}
