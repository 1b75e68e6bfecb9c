package main

import (
	"cmp"
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"fleet/internal/argument"
	"fleet/internal/engine"
	"fleet/internal/inventory"
	"fleet/internal/playbook"
	"fleet/internal/source"
)

// runFlags are the flags of `fleet run`.
type runFlags struct {
	connectFlags
	tags, skipTags                 []string
	check, diff                    bool
	startAt                        string
	noPipelining                   bool
	step, forceHandlers            bool
	listHosts, listTasks, listTags bool
	json, flushCache               bool
}

func runCommand(a *app) *cobra.Command {
	f := &runFlags{connectFlags: connectFlags{running: true}}
	cmd := &cobra.Command{
		Use:   "run PLAYBOOK...",
		Short: "Bring machines into the state that playbooks describe",
		Long: `Run reads the playbooks, checks all that can be known without a connection, and
then runs their plays on the hosts of the inventory, in parallel. A bare name is
also looked for under playbooks/.`,
		Example: `  fleet run playbooks/todo.yaml -i inventory.yaml
  fleet run site.yaml --limit 'web:!web3' --check --diff
  fleet run site.yaml -e version=2.1 -e @secrets.yaml --tags deploy`,
		Args: needArgs("a playbook"),
		RunE: func(cmd *cobra.Command, args []string) error { return a.run(cmd.Context(), f, args) },
	}
	f.register(cmd)
	f.tagFlags(cmd)
	flags := cmd.Flags()
	flags.BoolVarP(&f.check, "check", "C", false, "change nothing, and say what would be changed")
	flags.BoolVarP(&f.diff, "diff", "D", false, "show the texts that change, before and after")
	flags.StringVar(&f.startAt, "start-at-task", "", "start at the task of this `name`")
	flags.BoolVar(&f.step, "step", false, "ask before each task whether it is to run")
	flags.BoolVar(&f.forceHandlers, "force-handlers", false, "run the notified handlers of hosts that fail too")
	flags.BoolVar(&f.noPipelining, "no-pipelining", false, "send nothing ahead: a task waits for the result of the one before it")
	flags.BoolVar(&f.listHosts, "list-hosts", false, "list the hosts of each play, and do nothing else")
	flags.BoolVar(&f.listTasks, "list-tasks", false, "list the tasks of each play, and do nothing else")
	flags.BoolVar(&f.listTags, "list-tags", false, "list the tags of each play, and do nothing else")
	flags.BoolVar(&f.flushCache, "flush-cache", false, "forget the cached facts of all hosts first")
	flags.BoolVar(&f.json, "json", false, "print events as JSON, one a line")
	return cmd
}

func (f *runFlags) tagFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringSliceVarP(&f.tags, "tags", "t", nil, "only the tasks with one of these `tags`")
	flags.StringSliceVar(&f.skipTags, "skip-tags", nil, "not the tasks with one of these `tags`")
}

func (a *app) run(ctx context.Context, f *runFlags, names []string) error {
	s, pb, files, err := a.prepare(ctx, f, names)
	switch {
	case err != nil:
		return a.refuse(f.json, err)
	case f.listHosts || f.listTasks || f.listTags:
		return a.list(s, f, pb)
	}
	return a.play(ctx, s, f, pb, names, s.demand(f, files))
}

// prepare reads all that is to be run, and refuses what is wrong in it.
func (a *app) prepare(ctx context.Context, f *runFlags, names []string) (*setup, *playbook.Playbook, []string, error) {
	s, files, err := a.read(ctx, f, names)
	if err == nil {
		err = f.valid()
	}
	if err != nil {
		return nil, nil, nil, err
	}
	pb, err := s.loader.Load(files...)
	if err == nil {
		err = errors.Join(s.someHost(pb), f.startExists(pb))
	} else if found := a.verify(s.mistakes(ctx, f, files, false)); found != nil {
		err = found // with what the checker finds in the rest
	}
	if err == nil && !f.listHosts && !f.listTasks && !f.listTags {
		err = a.verify(s.mistakes(ctx, f, files, false))
	}
	return s, pb, files, err
}

// play runs the plays.
func (a *app) play(ctx context.Context, s *setup, f *runFlags, pb *playbook.Playbook, names []string, demand engine.Demand) error {
	defer runtime.KeepAlive(newHeadroom())
	a.outliveReaders()
	ask := a.openTerminal()
	o, err := s.options(ctx, a)
	if err != nil {
		return err
	}
	o.Check, o.Diff, o.Tags, o.SkipTags, o.StartAt = f.check, f.diff, f.tags, f.skipTags, f.startAt
	o.NoPipelining, o.Step, o.ForceHandlers = f.noPipelining, f.step, f.forceHandlers || o.ForceHandlers
	if f.flushCache {
		if err := s.flushCache(); err != nil {
			return err
		}
	}
	d := s.dialer(a, ask)
	defer d.Close()
	d.whole.Store(needsWhole(pb))
	e := s.engine(o, d)
	e.Demand = demand
	out := a.report(f.json, f.verbose, f.diff)
	e.Prompter = newOperator(a, ask, a.asksOn(f.json))
	e.Events = a.unsaid(out, f.json)
	a.begun.Store(true)
	sum, err := e.Run(ctx, pb, names)
	return errors.Join(err, out.Close(), outcome(sum))
}

// someHost refuses to do nothing only because there is no inventory.
func (s *setup) someHost(pb *playbook.Playbook) error {
	if s.inventory.Unread() {
		return s.namedHosts(pb)
	}
	if !s.none {
		return nil
	}
	for _, p := range pb.Plays {
		sel, err := s.inventory.Select(hostsPattern(p))
		if err != nil || len(sel.Hosts) > 0 || strings.Contains(hostsPattern(p), "{{") {
			return nil // the run says what is wrong
		}
	}
	return noInventory()
}

// namedHosts refuses plays that name hosts or groups, where no inventory that was
// named is there.
func (s *setup) namedHosts(pb *playbook.Playbook) error {
	for _, p := range pb.Plays {
		sel, err := s.inventory.Select(hostsPattern(p))
		if err != nil || len(sel.Unknown) == 0 || strings.Contains(hostsPattern(p), "{{") {
			continue
		}
		return p.Hosts.Errorf("the play is for %q, and no inventory was parsed", hostsPattern(p)).
			WithHint("no inventory is there: %s", strings.Join(s.flags.inventories, ", "))
	}
	return nil
}

// startExists refuses a --start-at-task that names no task, where no include can
// bring one in.
func (f *runFlags) startExists(pb *playbook.Playbook) error {
	if f.startAt == "" {
		return nil
	}
	var names []string
	for _, p := range pb.Plays {
		for _, t := range engine.Tasks(p) {
			if engine.StartsAt(t.Task, f.startAt) || t.Task.Module == "include_tasks" || t.Task.Module == "include_role" {
				return nil
			}
			names = append(names, cmp.Or(t.Task.Name.Text(), t.Task.Module))
		}
	}
	return usageError(source.DidYouMean(f.startAt, names), "fleet run --list-tasks shows them", "--start-at-task: no task is called %q", f.startAt)
}

// outcome turns the end of a run into the command's.
func outcome(sum engine.Summary) error {
	switch {
	case sum.Interrupted:
		return exitInterrupted
	case sum.Unreachable:
		return exitUnreachable
	case sum.Failed:
		return exitFailed
	}
	return nil
}

// read loads the inventory and finds the playbooks.
func (a *app) read(ctx context.Context, f *runFlags, names []string) (*setup, []string, error) {
	s, err := f.load(ctx, a)
	if err != nil {
		return nil, nil, err
	}
	var files []string
	for _, name := range names {
		file, err := findPlaybook(name)
		if err != nil {
			return nil, nil, err
		}
		files = append(files, file)
	}
	a.warnOfInventory(s, files)
	return s, files, s.checkLimit()
}

// warnOfInventory tells what is strange in the inventory. Where playbooks make groups or
// hosts, variables for some that are not there yet are nothing strange.
func (a *app) warnOfInventory(s *setup, files []string) {
	warnings := s.inventory.Warnings()
	if len(warnings) == 0 {
		return
	}
	// What is wrong with the playbooks is told where they are read to be run.
	pb, _ := s.loader.Load(files...)
	grows := slices.ContainsFunc(pb.Plays, makesHosts)
	for _, w := range warnings {
		at, isPlaced := errors.AsType[*source.Error](w)
		if isPlaced && !(grows && errors.Is(w, inventory.ErrNoOwner)) {
			a.warnOf(at)
		}
	}
}

// makesHosts reports whether a play may change which hosts and groups there are.
func makesHosts(p *playbook.Play) bool {
	return slices.ContainsFunc(engine.Tasks(p), func(t engine.Listed) bool {
		switch argument.ShortName(t.Task.Module) {
		case "add_host", "group_by", "include_role", "include_tasks":
			return true
		case "meta":
			return t.Task.Action.Text() == "refresh_inventory"
		}
		return false
	})
}
