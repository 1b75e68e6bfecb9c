package docker

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/moby/moby/api/types/network"

	"fleet/internal/spec"
	"fleet/internal/tasks/docker/client"
	"fleet/internal/tasks/sys"
)

// Network makes and removes networks of containers. A network that is not as
// asked is made anew: its containers are disconnected before and connected
// again afterwards, with their aliases and without fixed addresses.
//
// Example:
//
//	tasks:
//	  - docker_network:
//	      name: backend
//	      ipam_config:
//	        - subnet: 10.20.0.0/24
var Network = sys.Define(spec.Module{
	Name:  "docker_network",
	Names: []string{"community.docker.docker_network", "community.general.docker_network"},
}, runNetwork)

type dockerNetworkResult struct {
	// What the engine reports of the network, by the names of its API. Empty where it is absent.
	Network map[string]any `json:"network"`
	// What did not stop the task but should be known.
	Warnings []string `json:"warnings,omitempty"`
}

// networkTask is one call of docker_network.
type networkTask struct {
	*engine
	args *dockerNetworkArgs
	want network.CreateRequest
	have *client.Network // nil where there is none
}

func runNetwork(ctx context.Context, m *sys.Machine, a *dockerNetworkArgs) (any, error) {
	want, err := a.options()
	if err != nil {
		return nil, err
	}
	e, err := connect(ctx, m, &a.engineArgs)
	if err != nil {
		return nil, err
	}
	defer e.Close()
	t := &networkTask{engine: e, args: a, want: want}
	result := &dockerNetworkResult{Network: map[string]any{}}
	err = settle(ctx, t, a.State, &result.Network)
	result.Warnings = e.warnings
	return result, err
}

// look reads the network as it is. The engine would also take the start of an
// ID for a name, so what it finds by that is not the network.
func (t *networkTask) look(ctx context.Context) (err error) {
	t.have, err = lookup(ctx, t.engine, func(ctx context.Context) (client.Network, error) {
		return t.Network(ctx, t.args.Name)
	})
	if t.have != nil && t.have.Network.Name != t.args.Name && t.have.Network.ID != t.args.Name {
		t.have = nil
	}
	return err
}

func (t *networkTask) shown() json.RawMessage {
	if t.have == nil {
		return nil
	}
	return t.have.Raw
}

func (t *networkTask) present(ctx context.Context) error {
	if t.have == nil {
		err := t.m.Change(ctx, sys.Change{What: "create network " + t.args.Name, Do: t.make})
		if err == nil && !t.m.Check {
			err = t.look(ctx)
		}
		if err != nil {
			return err
		}
	} else if diffs := t.differences(); len(diffs) > 0 || t.args.Force {
		if err := t.recreate(ctx, diffs); err != nil {
			return err
		}
	}
	if t.args.Connected == nil {
		return nil
	}
	return t.reconcile(ctx)
}

func (t *networkTask) make(ctx context.Context) error {
	done, err := ask(ctx, t.engine, func(ctx context.Context) (network.CreateResponse, error) {
		return t.CreateNetwork(ctx, t.want)
	})
	if done.Warning != "" {
		t.warnings = append(t.warnings, done.Warning)
	}
	if err != nil {
		return fmt.Errorf("network %q cannot be created: %w", t.args.Name, err)
	}
	return nil
}

func (t *networkTask) recreate(ctx context.Context, diffs []difference) error {
	before, after := describe(t.args.Name, diffs)
	return t.m.Change(ctx, sys.Change{
		What:   fmt.Sprintf("recreate network %s: %s", t.args.Name, reasons(diffs)),
		Before: before, After: after, BeforeName: "network " + t.args.Name, AfterName: "network " + t.args.Name,
		Do: func(ctx context.Context) error {
			connections, err := t.disconnectAll(ctx)
			if err != nil {
				return err
			}
			if err := t.remove(ctx); err != nil {
				return err
			}
			if err := t.make(ctx); err != nil {
				return err
			}
			for _, id := range sortedKeys(connections) {
				if err := t.join(ctx, id, connections[id]); err != nil {
					return err
				}
			}
			return nil
		},
	})
}

// disconnectAll disconnects all containers and returns how they were connected.
func (t *networkTask) disconnectAll(ctx context.Context) (map[string]*network.EndpointSettings, error) {
	out := map[string]*network.EndpointSettings{}
	for id := range t.have.Containers {
		found, err := lookup(ctx, t.engine, func(ctx context.Context) (client.Container, error) {
			return t.Container(ctx, id)
		})
		if err != nil {
			return nil, err
		}
		if found != nil && found.NetworkSettings != nil {
			if old := found.NetworkSettings.Networks[t.have.Network.Name]; old != nil {
				aliases := slices.DeleteFunc(slices.Clone(old.Aliases), func(a string) bool { return strings.HasPrefix(id, a) })
				out[id] = &network.EndpointSettings{Aliases: aliases, Links: old.Links, DriverOpts: old.DriverOpts}
			}
		}
		if err := t.leave(ctx, id); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// reconcile connects the containers that are to be connected, and disconnects
// others unless appends keeps them.
func (t *networkTask) reconcile(ctx context.Context) error {
	connected := map[string]string{}
	if t.have != nil {
		for id, c := range t.have.Containers {
			connected[c.Name] = id
		}
	}
	for _, name := range t.args.Connected {
		if connected[name] != "" {
			continue
		}
		err := t.m.Change(ctx, sys.Change{
			What: fmt.Sprintf("connect container %s to network %s", name, t.args.Name),
			Do:   func(ctx context.Context) error { return t.join(ctx, name, nil) },
		})
		if err != nil {
			return err
		}
	}
	for _, name := range sortedKeys(connected) {
		if t.args.Appends || slices.Contains(t.args.Connected, name) {
			continue
		}
		err := t.m.Change(ctx, sys.Change{
			What: fmt.Sprintf("disconnect container %s from network %s", name, t.args.Name),
			Do:   func(ctx context.Context) error { return t.leave(ctx, connected[name]) },
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *networkTask) join(ctx context.Context, id string, settings *network.EndpointSettings) error {
	err := do(ctx, t.engine, func(ctx context.Context) error {
		return t.JoinNetwork(ctx, t.args.Name, id, settings)
	})
	if err != nil {
		return fmt.Errorf("container %q cannot join network %q: %w", id, t.args.Name, err)
	}
	return nil
}

func (t *networkTask) leave(ctx context.Context, id string) error {
	return do(ctx, t.engine, func(ctx context.Context) error {
		return t.LeaveNetwork(ctx, t.args.Name, id, true)
	})
}

func (t *networkTask) remove(ctx context.Context) error {
	return do(ctx, t.engine, func(ctx context.Context) error {
		return t.RemoveNetwork(ctx, t.have.Network.ID)
	})
}

func (t *networkTask) absent(ctx context.Context) error {
	if t.have == nil {
		return nil
	}
	err := t.m.Change(ctx, sys.Change{
		What: "remove network " + t.args.Name,
		Do: func(ctx context.Context) error {
			if _, err := t.disconnectAll(ctx); err != nil {
				return err
			}
			return t.remove(ctx)
		},
	})
	return err
}
