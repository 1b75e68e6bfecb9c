package engine

import (
	"slices"

	"fleet/internal/jinja"
)

// gatherLess lets the play's gathering of facts find only what somebody can read.
// What the playbook itself says about it stays, and so do facts that other runs read.
func (a *attempt) gatherLess(args *jinja.Map) {
	if a.engine.Demand == nil || a.engine.Facts != nil || args.Len() > 0 {
		return
	}
	if subset, known := a.engine.Demand.Subset(); known {
		args.Set("gather_subset", list(subset))
	}
}

// tellLess turns off what a module finds out and nobody can read. What the
// playbook itself asks for stays, and so does all where the whole result may be
// shown because the task fails by its own word.
func (a *attempt) tellLess(args *jinja.Map) {
	if a.engine.Demand == nil || a.task.FailedWhen != nil {
		return
	}
	for _, arg := range a.spec.Args() {
		if len(arg.Gives) == 0 || args.Has(arg.Name) || slices.ContainsFunc(arg.Aliases, func(alias string) bool { return args.Has(alias) }) {
			continue
		}
		read := func(field string) bool { return a.engine.Demand.Result(a.task.Register, field) }
		if a.task.Register == "" || !slices.ContainsFunc(arg.Gives, read) {
			args.Set(arg.Name, false)
		}
	}
}
