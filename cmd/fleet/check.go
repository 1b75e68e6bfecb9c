package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"fleet/internal/check"
	"fleet/internal/engine"
	"fleet/internal/event"
	"fleet/internal/jinja/lookup"
	"fleet/internal/playbook"
	"fleet/internal/source"
)

func checkCommand(a *app) *cobra.Command {
	f := &runFlags{}
	cmd := &cobra.Command{
		Use:   "check PLAYBOOK...",
		Short: "Find all mistakes that can be found without a connection",
		Long: `Check reads the inventory and the playbooks and says everything that is wrong as
far as it can be known without a connection: syntax, keywords, modules, arguments,
templates, missing files, undefined variables, and what says how to reach a host.
A mistake is an error
even where it stands in a task that may never run (a run only warns of it then);
what merely looks wrong, and handlers and variables that nothing uses, is a warning.`,
		Args: needArgs("a playbook"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, files, err := a.read(cmd.Context(), f, args)
			if err != nil {
				return err
			}
			return a.check(s.mistakes(cmd.Context(), f, files, true))
		},
	}
	f.inventoryFlags(cmd)
	f.limitFlag(cmd)
	f.tagFlags(cmd)
	return cmd
}

// check prints all that was found.
func (a *app) check(found []check.Finding) error {
	warnings := 0
	for _, m := range found {
		if m.Mistake {
			fail(a.err, m.Err)
			continue
		}
		a.warnOf(m.Err)
		warnings++
	}
	switch {
	case warnings < len(found):
		return exitUsage
	case warnings > 0:
		fmt.Fprintln(a.out, "nothing is wrong for certain")
	default:
		fmt.Fprintln(a.out, "all is well")
	}
	return nil
}

// verify prints what may be wrong in the playbooks, and returns what is wrong
// for certain.
func (a *app) verify(found []check.Finding) error {
	var errs []error
	for _, m := range found {
		if m.Certain {
			errs = append(errs, m.Err)
		} else {
			a.warnOf(m.Err)
		}
	}
	return errors.Join(errs...)
}

// mistakes returns what is wrong in the playbooks. idle also asks for what nothing
// uses.
func (s *setup) mistakes(ctx context.Context, f *runFlags, files []string, idle bool) []check.Finding {
	pb, err := s.loader.Load(files...)
	c := &check.Checker{Refused: err, Idle: idle, Inventory: s.inventory, Vars: s.store, Loader: s.loader, Modules: s.modules(),
		Actions: engine.Actions(), Open: engine.Open, Extra: s.extra, Limit: f.limit,
		Lookups: slices.Collect(maps.Keys(lookup.New(lookup.Options{}))),
		Selected: func(p *playbook.Play, e playbook.Entry) bool {
			return len(engine.OpenTags(p, e)) == 0 && engine.Selected(engine.Tags(p, e), f.tags, f.skipTags)
		}}
	return c.Playbook(ctx, pb)
}

// warnOf prints a mistake that may not matter.
func (a *app) warnOf(e *source.Error) {
	a.said[e.Error()] = true
	a.warn(e.Error())
	if hint := source.HintOf(e); hint != "" {
		fmt.Fprintf(a.err, "hint: %s\n", hint)
	}
}

// unsaid returns a sink without the warnings that were printed before the run.
func (a *app) unsaid(to event.Sink, json bool) event.Sink {
	if json {
		return to
	}
	return unsaid{to, a.said}
}

type unsaid struct {
	event.Sink
	said map[string]bool
}

// Emit implements event.Sink.
func (u unsaid) Emit(e event.Event) {
	if w, ok := e.(event.Warning); ok && w.Host == "" && u.said[(&source.Error{Pos: w.Pos, Msg: w.Msg}).Error()] {
		return
	}
	u.Sink.Emit(e)
}
