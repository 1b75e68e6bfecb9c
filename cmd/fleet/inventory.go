package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"fleet/internal/jinja"
	"fleet/internal/source"
)

// inventoryFlags are the flags of `fleet inventory`.
type inventoryFlags struct {
	connectFlags
	list, graph bool
	host        string
}

func inventoryCommand(a *app) *cobra.Command {
	f := &inventoryFlags{}
	cmd := &cobra.Command{
		Use:   "inventory",
		Short: "Show the hosts, groups and variables of the inventory",
		Example: `  fleet inventory --graph
  fleet inventory --host web1
  fleet inventory --list`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.inventory(cmd.Context(), f) },
	}
	f.inventoryFlags(cmd)
	cmd.Flags().BoolVar(&f.list, "list", false, "print everything as JSON")
	cmd.Flags().BoolVar(&f.graph, "graph", false, "print groups and hosts as a tree (the default)")
	cmd.Flags().StringVar(&f.host, "host", "", "print the variables of this `host` as JSON")
	return cmd
}

func (a *app) inventory(ctx context.Context, f *inventoryFlags) error {
	if f.list && f.graph || f.host != "" && (f.list || f.graph) {
		return usageError("", "run fleet inventory once for each", "fleet inventory: --list, --graph and --host exclude each other")
	}
	s, err := f.load(ctx, a)
	if err != nil {
		return err
	}
	switch {
	case f.list:
		return s.inventory.WriteList(a.out, func(host string) (any, error) {
			data, err := s.hostVars(host)
			return json.RawMessage(data), err
		})
	case f.host != "":
		return a.inventoryHost(s, f.host)
	}
	return s.inventory.WriteGraph(a.out, "all", nil)
}

func (a *app) inventoryHost(s *setup, host string) error {
	if _, known := s.inventory.Host(host); !known {
		var names []string
		for _, h := range s.inventory.Hosts() {
			names = append(names, h.Name)
		}
		return source.Errorf(source.Pos{}, "the inventory has no host %q", host).WithHint("%s", source.DidYouMean(host, names))
	}
	data, err := s.hostVars(host)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := json.Indent(&b, data, "", "  "); err != nil {
		return err
	}
	_, err = fmt.Fprintln(a.out, b.String())
	return err
}

// hostVars returns the variables that the inventory and the command line have
// for a host, as JSON. Templates are shown as they are written.
func (s *setup) hostVars(host string) ([]byte, error) {
	layers, err := s.inventory.Layers(host, "")
	if err != nil {
		return nil, err
	}
	all := jinja.NewMap()
	for _, l := range layers {
		s.store.Map(l.Vars) // marks the secrets
		if m, ok := jinja.Plain(l.Vars).(*jinja.Map); ok {
			for k, v := range m.All() {
				all.Set(k, v)
			}
		}
	}
	for k, v := range s.extra.All() {
		if t, ok := v.(*jinja.Text); ok {
			v = t.Source()
		}
		all.Set(k, v)
	}
	return jinja.ToJSON(all)
}
