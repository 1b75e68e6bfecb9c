package playbook

import (
	"strings"

	"fleet/internal/source"
)

// importRole follows a static import of a role.
func (r *reader) importRole(n source.Node, t *Task, s scope) []Entry {
	if !r.checkImport(n, t, "import_role") {
		return nil
	}
	nameNode := r.roleName(t)
	if !nameNode.Exists() {
		return nil
	}
	name, ok := r.static("the name of a role", nameNode)
	if !ok {
		r.gap(s, nil)
		return nil
	}
	use := roleUse{Keywords: t.Keywords, name: strings.TrimSpace(name), pos: nameNode.Pos(), fromInclude: true, via: t}
	use.by = roleAround(s)
	for _, from := range []struct {
		key string
		to  *string
	}{
		{"tasks_from", &use.options.TasksFrom}, {"vars_from", &use.options.VarsFrom},
		{"defaults_from", &use.options.DefaultsFrom}, {"handlers_from", &use.options.HandlersFrom},
	} {
		if v := t.Argument(from.key); v.Exists() {
			*from.to, _ = r.static(quote(from.key), v)
		}
	}
	if v := t.Argument("allow_duplicates"); v.Exists() {
		use.options.Once = !r.flag("allow_duplicates", v)
	}
	if v := t.Argument("public"); v.Exists() {
		public := r.flag("public", v)
		use.options.Public = &public
	}
	if v := t.Argument("rolespec_validate"); v.Exists() {
		use.options.NoValidation = !r.flag("rolespec_validate", v)
	}
	if b := r.useRole(use, s); b != nil {
		return []Entry{b}
	}
	return nil
}

// roleAround returns the role that the scope is in, or nil.
func roleAround(s scope) *Role {
	if s.parent == nil {
		return nil
	}
	return RoleOf(s.parent)
}

// Argument returns an argument of the task, from the module's mapping or from
// `args`, or the zero Node. Free-form text is not looked into.
func (t *Task) Argument(name string) source.Node {
	if v := t.Action.Get(name); v.Exists() {
		return v
	}
	return t.Args.Get(name)
}

// roleName returns the name in the arguments of import_role and include_role.
func (r *reader) roleName(t *Task) source.Node {
	name := t.Argument("name")
	if !name.Exists() {
		name = t.Argument("role")
	}
	if !name.Exists() && t.Action.IsString() {
		text := t.Action.Text()
		pairs, rest, err := FreeForm(text, t.Action.TextPos(), false)
		if err == nil && rest == "" && len(pairs) > 0 {
			t.Action = mapOf(t.Action, pairs)
			if !r.options(t, builtin(t.Module)) {
				return source.Node{}
			}
			return r.roleName(t)
		}
	}
	if isPlainText(name) && strings.TrimSpace(name.Text()) != "" {
		return name
	}
	module := builtin(t.Module)
	example := "nginx"
	if isName(strings.ReplaceAll(t.Action.Text(), "-", "_")) {
		example = t.Action.Text()
	}
	r.fail(source.Errorf(t.ModulePos, "%s needs the name of a role", module).WithHint(`as in "%s: {name: %s}"`, module, example))
	return source.Node{}
}
