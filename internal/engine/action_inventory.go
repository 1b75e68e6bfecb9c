package engine

import (
	"context"
	"strconv"
	"strings"

	"fleet/internal/inventory"
	"fleet/internal/jinja"
	"fleet/internal/source"
	"fleet/internal/spec"
	"fleet/internal/vars"
)

type addHostArgs struct {
	// The new host. Every further argument is a variable of it.
	Name string `arg:"name,required" alias:"host,hostname"`
	// The groups that it belongs to; those that do not exist are made.
	Groups []string `arg:"groups" alias:"group,groupname"`
}

// AddHost adds a host to the inventory of this run, for the plays that follow.
//
// The name may have a port behind it ("web9:2222"). All other arguments are variables of the host.
//
// Example:
//
//	tasks:
//	  - add_host:
//	      name: "{{ new_address }}"
//	      groups: fresh
var addHost = &action{
	spec: &spec.Module{Name: "add_host", Names: []string{"ansible.builtin.add_host"}, Declares: spec.Lazily[addHostArgs]()},
	open: true,
	run: func(_ context.Context, a *attempt, args *jinja.Map) (*taskResult, error) {
		name, groups, values := "", []string(nil), jinja.NewMap()
		for k, v := range args.All() {
			switch jinja.Str(k) {
			case "name", "host", "hostname":
				name = jinja.Str(v)
			case "groups", "group", "groupname":
				names, isList := textList(v)
				if !isList {
					return nil, a.task.Action.Errorf("add_host: groups have to be names, not %s", jinja.Repr(v))
				}
				for _, n := range names {
					for _, g := range strings.Split(n, ",") {
						groups = append(groups, strings.TrimSpace(g))
					}
				}
			default:
				values.Set(k, v)
			}
		}
		if name == "" {
			return nil, source.Errorf(a.task.ModulePos, "add_host: argument \"name\" is missing")
		}
		name, port := inventory.SplitPort(name)
		if number, err := strconv.Atoi(port); err == nil {
			values.Set("ansible_ssh_port", number)
		}
		changed, err := a.engine.Inventory.AddHost(name, groups...)
		if err != nil {
			return nil, err
		}
		a.engine.Vars.InventoryChanged()
		learnt, err := a.engine.Vars.Define(name, a.dir, values, vars.Place{Play: a.id, Order: a.order})
		if err != nil {
			return nil, err
		}
		return ok("changed", changed || learnt, "add_host", jinja.NewMap("host_name", name, "groups", list(groups), "host_vars", values)), nil
	},
}

// GroupBy puts the host into a group that an expression names.
//
// Example:
//
//	tasks:
//	  - group_by:
//	      key: "os_{{ ansible_distribution | lower }}"
var groupBy = define(spec.Module{Name: "group_by", Names: []string{"ansible.builtin.group_by"}}, runGroupBy)

type groupByArgs struct {
	// The name of the group.
	Key string `arg:"key,required"`
	// The groups above it.
	Parents []string `arg:"parents" default:"all"`
}

func runGroupBy(_ context.Context, a *attempt, args *groupByArgs) (*taskResult, error) {
	name := strings.ReplaceAll(args.Key, " ", "-")
	changed, err := a.engine.Inventory.AddGroup(name, args.Parents, a.hostRun.host)
	if err != nil {
		return nil, err
	}
	a.engine.Vars.InventoryChanged()
	return ok("changed", changed, "add_group", name, "parent_groups", list(args.Parents)), nil
}
