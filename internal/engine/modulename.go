package engine

import (
	"strings"

	"fleet/internal/jinja"
	"fleet/internal/source"
)

// nameModule finds out, where the module's name is a template, which module it
// gives for this host and this item. What decides how a task runs before it is
// evaluated cannot come out of one.
func (a *attempt) nameModule() error {
	if !jinja.IsTemplate(a.task.Module) {
		return nil
	}
	v, err := jinja.Deep(a.c, jinja.NewText(a.task.Module, a.task.ModulePos))
	if err != nil {
		return err
	}
	t, u := *a.task, *a.turn
	t.Module = strings.TrimSpace(jinja.Str(v))
	name := shortName(t.Module)
	if name == "meta" || strings.HasPrefix(name, "include_") && name != "include_vars" || strings.HasPrefix(name, "import_") {
		return source.Errorf(t.ModulePos, "%s cannot be the value of a template", name).WithHint("write it out")
	}
	u.task, a.turn = &t, &u
	return nil
}
