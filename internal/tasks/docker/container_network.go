package docker

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"

	"fleet/internal/tasks/docker/client"
	"fleet/internal/tasks/sys"
)

// resolveNetworkMode replaces the name in "container:NAME" by the ID that the
// engine keeps.
func (t *containerTask) resolveNetworkMode(ctx context.Context) error {
	name, ok := strings.CutPrefix(string(t.want.host.NetworkMode), "container:")
	if !ok {
		return nil
	}
	found, err := lookup(ctx, t.engine, func(ctx context.Context) (client.Container, error) {
		return t.Container(ctx, name)
	})
	if err != nil {
		return err
	}
	if found == nil {
		if t.m.Check {
			return nil
		}
		return fmt.Errorf("network_mode: container %q does not exist", name)
	}
	t.want.host.NetworkMode = container.NetworkMode("container:" + found.ID)
	return nil
}

// reconcileNetworks connects the container to the networks that it lacks, and
// disconnects it from others where that was asked for.
func (t *containerTask) reconcileNetworks(ctx context.Context) error {
	rule := t.rules["networks"]
	if rule == ignore || t.args.Networks == nil && !t.args.PurgeNetworks || t.have.NetworkSettings == nil {
		return nil
	}
	wanted := map[string]bool{}
	for _, n := range t.args.Networks {
		wanted[n.Name] = true
		if err := t.reconcileNetwork(ctx, n); err != nil {
			return err
		}
	}
	if rule != strict {
		return nil
	}
	for _, name := range sortedKeys(t.have.NetworkSettings.Networks) {
		if wanted[name] {
			continue
		}
		err := t.m.Change(ctx, sys.Change{
			What: fmt.Sprintf("disconnect container %s from network %s", t.args.Name, name),
			Do:   func(ctx context.Context) error { return t.leaveNetwork(ctx, name) },
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *containerTask) reconcileNetwork(ctx context.Context, n networkArgs) error {
	have, connected := t.have.NetworkSettings.Networks[n.Name]
	if !connected {
		return t.m.Change(ctx, sys.Change{
			What: fmt.Sprintf("connect container %s to network %s", t.args.Name, n.Name),
			Do:   func(ctx context.Context) error { return t.joinNetwork(ctx, t.have.ID, n) },
		})
	}
	differs := n.differs(have)
	if differs == "" {
		return nil
	}
	return t.m.Change(ctx, sys.Change{
		What: fmt.Sprintf("reconnect container %s to network %s: %s differs", t.args.Name, n.Name, differs),
		Do: func(ctx context.Context) error {
			if err := t.leaveNetwork(ctx, n.Name); err != nil {
				return err
			}
			return t.joinNetwork(ctx, t.have.ID, n)
		},
	})
}

// differs names the first setting of a connection that is not as asked, or "".
func (n networkArgs) differs(have *network.EndpointSettings) string {
	ipam := have.IPAMConfig
	if ipam == nil {
		ipam = &network.EndpointIPAMConfig{}
	}
	lacks := func(want, have []string) bool {
		return slices.ContainsFunc(want, func(w string) bool { return !slices.Contains(have, w) })
	}
	switch {
	case n.IPv4Address != "" && n.IPv4Address != ipam.IPv4Address.String():
		return "ipv4_address"
	case n.IPv6Address != "" && !sameAddr(n.IPv6Address, ipam.IPv6Address):
		return "ipv6_address"
	case lacks(n.Aliases, have.Aliases):
		return "aliases"
	case lacks(n.Links, have.Links):
		return "links"
	}
	for _, k := range sortedKeys(n.DriverOpts) {
		if have.DriverOpts[k] != n.DriverOpts[k] {
			return "driver_opts." + k
		}
	}
	return ""
}

func sameAddr(text string, addr netip.Addr) bool {
	want, err := netip.ParseAddr(text)
	return err == nil && want == addr
}

// endpoint is the connection to a network as the engine's API takes it.
func (n networkArgs) endpoint() (*network.EndpointSettings, error) {
	s := &network.EndpointSettings{Aliases: n.Aliases, Links: n.Links, DriverOpts: n.DriverOpts}
	if n.IPv4Address == "" && n.IPv6Address == "" {
		return s, nil
	}
	s.IPAMConfig = &network.EndpointIPAMConfig{}
	for _, a := range []struct {
		text string
		into *netip.Addr
	}{{n.IPv4Address, &s.IPAMConfig.IPv4Address}, {n.IPv6Address, &s.IPAMConfig.IPv6Address}} {
		if a.text == "" {
			continue
		}
		addr, err := netip.ParseAddr(a.text)
		if err != nil {
			return nil, fmt.Errorf("networks: %s: %q is no address", n.Name, a.text)
		}
		*a.into = addr
	}
	return s, nil
}

func (t *containerTask) joinNetwork(ctx context.Context, id string, n networkArgs) error {
	settings, err := n.endpoint()
	if err != nil {
		return err
	}
	err = do(ctx, t.engine, func(ctx context.Context) error {
		return t.JoinNetwork(ctx, n.Name, id, settings)
	})
	if err != nil {
		return fmt.Errorf("container %q cannot join network %q: %w", t.args.Name, n.Name, err)
	}
	return nil
}

func (t *containerTask) leaveNetwork(ctx context.Context, name string) error {
	return do(ctx, t.engine, func(ctx context.Context) error {
		return t.LeaveNetwork(ctx, name, t.have.ID, false)
	})
}
