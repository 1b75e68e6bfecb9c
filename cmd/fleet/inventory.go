package main

import (
	"context"
	"encoding/json"
	"io"

	"github.com/spf13/cobra"
	"gopkg.in/yaml.v3"

	"fleet/internal/inventory"
	"fleet/internal/outfile"
	"fleet/internal/source"
)

// inventoryFlags are the flags of `fleet inventory`.
type inventoryFlags struct {
	connectFlags
	list, graph       bool
	host              string
	yaml, toml        bool
	vars, export      bool
	playbookDir, file string
}

func inventoryCommand(a *app) *cobra.Command {
	f := &inventoryFlags{}
	cmd := &cobra.Command{
		Use:   "inventory [GROUP]",
		Short: "Show the hosts, groups and variables of the inventory",
		Long: `Inventory shows what fleet has read: groups and hosts as a tree (of one group where
it is named), everything as JSON or YAML, or the variables of one host. Secrets are
masked, and encrypted values stay encrypted.`,
		Example: `  fleet inventory --graph
  fleet inventory --graph web --vars
  fleet inventory --host web1
  fleet inventory --list --yaml --export`,
		RunE: func(cmd *cobra.Command, args []string) error { return a.inventory(cmd.Context(), f, args) },
	}
	f.inventoryFlags(cmd)
	f.limitFlag(cmd)
	flags := cmd.Flags()
	flags.BoolVar(&f.list, "list", false, "print everything as JSON")
	flags.BoolVar(&f.graph, "graph", false, "print groups and hosts as a tree (the default)")
	flags.StringVar(&f.host, "host", "", "print the variables of this `host` as JSON")
	flags.BoolVarP(&f.yaml, "yaml", "y", false, "print YAML in place of JSON")
	flags.BoolVar(&f.toml, "toml", false, "refused: fleet reads TOML, and writes JSON and YAML")
	flags.BoolVar(&f.vars, "vars", false, "show variables in the tree too")
	flags.BoolVar(&f.export, "export", false, "with --list, keep variables where they were set: at groups and at hosts")
	flags.StringVar(&f.playbookDir, "playbook-dir", "", "read group_vars and host_vars of this `folder` too")
	flags.StringVar(&f.file, "output", "", "write to this `file`")
	flags.CountVarP(&f.verbose, "verbose", "v", "taken, as ansible-inventory does, and says no more")
	return cmd
}

// valid refuses flags that go not together.
func (f *inventoryFlags) valid(args []string) error {
	switch {
	case f.list && f.graph || f.host != "" && (f.list || f.graph):
		return usageError("", "run fleet inventory once for each", "fleet inventory: --list, --graph and --host exclude each other")
	case f.toml:
		return usageError("", "--list --yaml writes YAML", "fleet inventory: --toml is not supported")
	case len(args) > 0 && (f.list || f.host != ""):
		return usageError("", "a group is for --graph; --limit names hosts", "fleet inventory: %q is one argument too many", args[0])
	case len(args) > 1:
		return usageError("", "name one group", "fleet inventory: %q is one argument too many", args[1])
	}
	return nil
}

func (a *app) inventory(ctx context.Context, f *inventoryFlags, args []string) (err error) {
	if err := f.valid(args); err != nil {
		return err
	}
	s, err := f.load(ctx, a)
	if err != nil {
		return err
	}
	out := a.out
	if f.file != "" {
		file, err := outfile.Create(f.file, 0o666)
		if err != nil {
			return err
		}
		defer file.Discard()
		masked := a.secrets.Writer(file)
		defer func() {
			if err == nil {
				err = masked.Flush()
			}
			if err == nil {
				err = file.Keep()
			}
		}()
		out = masked
	}
	if f.host != "" {
		return a.inventoryHost(out, s, f)
	}
	return a.inventoryAll(out, s, f, args)
}

// inventoryAll prints all hosts, or the tree of one group.
func (a *app) inventoryAll(out io.Writer, s *setup, f *inventoryFlags, args []string) error {
	shown := s.shown(f)
	v := inventory.View{Inventory: s.inventory, HostVars: shown.host, GroupVars: shown.group}
	if !f.list {
		if !f.vars {
			v.HostVars, v.GroupVars = nil, nil
		}
		group := "all"
		if len(args) == 1 {
			group = args[0]
		}
		if _, known := s.inventory.Group(group); !known {
			return s.unknownGroup(group)
		}
		return v.WriteGraph(out, group, asText)
	}
	if f.limit != nil {
		hosts, err := s.selected("all")
		if err != nil {
			return err
		}
		v.Only = hosts
	}
	if !f.export {
		v.GroupVars = nil
	}
	list := v.List
	if f.yaml {
		list = v.Tree
	}
	data, err := list()
	if err != nil {
		return err
	}
	return printData(out, data, f.yaml)
}

func (s *setup) unknownGroup(name string) error {
	var names []string
	for _, g := range s.inventory.Groups() {
		names = append(names, g.Name)
	}
	return source.Errorf(source.Pos{}, "the inventory has no group %q", name).WithHint("%s", source.DidYouMean(name, names))
}

func (a *app) inventoryHost(out io.Writer, s *setup, f *inventoryFlags) error {
	if _, known := s.inventory.Host(f.host); !known {
		var names []string
		for _, h := range s.inventory.Hosts() {
			names = append(names, h.Name)
		}
		return source.Errorf(source.Pos{}, "the inventory has no host %q", f.host).WithHint("%s", source.DidYouMean(f.host, names))
	}
	vars, err := s.shown(f).host(f.host)
	if err != nil {
		return err
	}
	return printData(out, vars, f.yaml)
}

// printData prints as JSON or YAML, keys in order.
func printData(out io.Writer, data map[string]any, asYAML bool) error {
	if asYAML {
		enc := yaml.NewEncoder(out)
		enc.SetIndent(2)
		if err := enc.Encode(data); err != nil {
			return err
		}
		return enc.Close()
	}
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "    ")
	return enc.Encode(data)
}
