package main

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"fleet/internal/source"
)

// execFlags are the flags of `fleet exec`.
type execFlags struct {
	connectFlags
	fold bool
	json bool
}

func execCommand(a *app) *cobra.Command {
	f := &execFlags{}
	cmd := &cobra.Command{
		Use:   `exec "COMMAND"`,
		Short: "Run a shell command on machines and show what it says",
		Long: `Exec runs a command in the shell of every host, at the same time, and prints each
line behind its host's name as it comes. With --fold, hosts that say the same are
printed once. The exit code says whether all went well.`,
		Example: `  fleet exec "docker ps"
  fleet exec -l 'web[1:3]' -b "systemctl is-active nginx"
  fleet exec --fold "uname -r"`,
		Args: needArgs("a command"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.exec(cmd.Context(), f, strings.Join(args, " "))
		},
	}
	f.register(cmd)
	cmd.Flags().BoolVar(&f.fold, "fold", false, "print what several hosts say once, behind all their names")
	cmd.Flags().BoolVar(&f.json, "json", false, "print events as JSON, one a line")
	return cmd
}

func (a *app) exec(ctx context.Context, f *execFlags, command string) error {
	s, err := f.load(ctx, a)
	if err != nil {
		return err
	}
	if err := f.valid(); err != nil {
		return err
	}
	hosts, err := s.selected("all")
	if err != nil {
		return err
	}
	switch {
	case len(hosts) == 0 && s.none:
		return noInventory()
	case len(hosts) == 0:
		return source.Errorf(source.Pos{}, "the inventory has no hosts")
	}
	if err := s.reachable(hosts); err != nil {
		return err
	}
	ask := a.openTerminal()
	o, err := s.options(ctx, a)
	if err != nil {
		return err
	}
	d := s.dialer(a, ask)
	defer d.Close()
	e := s.engine(o, d)
	out := a.execReport(hosts, f.fold, f.json)
	e.Events = out
	a.begun.Store(true)
	sum, err := e.Exec(ctx, hosts, command)
	return errors.Join(err, out.Close(), outcome(sum))
}
