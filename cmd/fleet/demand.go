package main

import (
	"fleet/internal/argument"
	"fleet/internal/catalog"
	"fleet/internal/demand"
	"fleet/internal/engine"
)

// demand returns what the run can read of what hosts tell, or nil where everything
// is shown or kept for other runs, or every speed-up is off.
func (s *setup) demand(f *runFlags, files []string) engine.Demand {
	if f.json || f.verbose > 0 || f.noPipelining || f.connection == "local" || s.facts != nil || s.settings.Bool("ENABLE_TASK_DEBUGGER") || argument.ShortName(s.settings.Text("DEFAULT_STRATEGY")) == "debug" {
		return nil
	}
	pb, err := s.loader.Load(files...)
	if err != nil {
		return nil
	}
	survey := &demand.Survey{Inventory: s.inventory, Vars: s.store, Loader: s.loader, Actions: engine.Actions(),
		Gather: catalog.Modules{}.Gather, Extra: s.extra}
	return survey.Playbook(pb)
}
