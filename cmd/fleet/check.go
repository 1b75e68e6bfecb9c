package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"fleet/internal/catalog"
	"fleet/internal/check"
	"fleet/internal/engine"
	"fleet/internal/event"
	"fleet/internal/jinja/lookup"
	"fleet/internal/playbook"
	"fleet/internal/report"
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

Each line has a place: "site.yaml:4:7: error: what", or "warning" instead of
"error"; a hint may stand on a line below. A mistake is an error even where it
stands in a task that may never run (a run only warns of it then); a variable that
only such a task needs, what merely looks wrong, and handlers and variables that
nothing uses are warnings. The exit code is 1 where there is an error, and 0 where
there are only warnings or nothing.`,
		Args: needArgs("a playbook"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, files, err := a.read(cmd.Context(), f, args)
			if err != nil {
				return a.refuse(f.json, err)
			}
			return a.check(s.mistakes(cmd.Context(), f, files, true), f.json)
		},
	}
	f.inventoryFlags(cmd)
	f.limitFlag(cmd)
	f.tagFlags(cmd)
	cmd.Flags().BoolVar(&f.json, "json", false, "print what is wrong as JSON, one object a line")
	cmd.Flags().CountVarP(&f.verbose, "verbose", "v", "taken, as ansible-playbook --syntax-check does, and says no more")
	return cmd
}

// check prints all that was found, and returns what the command ends with.
func (a *app) check(found []check.Finding, json bool) error {
	var err error
	if json {
		err = a.checkedJSON(found)
	} else {
		a.checked(found)
	}
	if slices.ContainsFunc(found, func(f check.Finding) bool { return f.Mistake }) {
		return errors.Join(err, exitUsage)
	}
	return err
}

// checked prints findings for a person, and how many there are.
func (a *app) checked(found []check.Finding) {
	wrong := 0
	for _, f := range found {
		kind := paint(a.color, "35", "warning:")
		if f.Mistake {
			wrong++
			kind = paint(a.color, "31", "error:")
		}
		at := f.Err.Pos.String()
		if at != "" {
			at += ": "
		}
		fmt.Fprintf(a.err, "%s%s %s\n", at, kind, indented(f.Err.Msg))
		if hint := source.HintOf(f.Err); hint != "" {
			fmt.Fprintf(a.err, "hint: %s\n", hint)
		}
	}
	if len(found) == 0 {
		fmt.Fprintln(a.out, "all is well")
		return
	}
	fmt.Fprintf(a.out, "%s, %s\n", count(wrong, "error"), count(len(found)-wrong, "warning"))
}

// paint gives text a colour of the terminal.
func paint(color bool, code, text string) string {
	if !color {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// count says how many of something there are.
func count(n int, what string) string {
	switch n {
	case 0:
		return "no " + what + "s"
	case 1:
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// checkedJSON prints findings as the events that a run has for them.
func (a *app) checkedJSON(found []check.Finding) error {
	out := report.NewJSON(a.out, a.secrets)
	for _, f := range found {
		if f.Mistake {
			out.Emit(event.Refused{Pos: f.Err.Pos, Msg: f.Err.Msg, Hint: source.HintOf(f.Err), Syntax: errors.Is(f.Err, source.ErrSyntax)})
		} else {
			out.Emit(event.Warning{Pos: f.Err.Pos, Msg: f.Err.Msg, Hint: source.HintOf(f.Err)})
		}
	}
	return out.Close()
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
		Actions: engine.Actions(), Open: engine.Open, AllowMissingHandlers: !s.settings.Bool("ERROR_ON_MISSING_HANDLER"), Extra: s.extra, Limit: f.limit, Kept: s.facts != nil,
		Become: s.settings.Bool("DEFAULT_BECOME"), Forms: catalog.Forms(), Facts: catalog.Facts(), Lookups: slices.Collect(maps.Keys(lookup.New(lookup.Options{}))),
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
