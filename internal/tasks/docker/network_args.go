package docker

import (
	"fmt"
	"net/netip"

	"github.com/moby/moby/api/types/network"
)

type dockerNetworkArgs struct {
	engineArgs
	// The network's name.
	Name string `arg:"name,required" alias:"network_name"`
	// Whether the network is to be there (present) or not (absent).
	State string `arg:"state" choices:"absent,present" default:"present"`
	// The network's driver.
	Driver string `arg:"driver" default:"bridge"`
	// Options of the driver.
	DriverOptions map[string]any `arg:"driver_options"`
	// The driver that gives out addresses.
	IPAMDriver string `arg:"ipam_driver"`
	// Options of that driver.
	IPAMDriverOptions map[string]any `arg:"ipam_driver_options"`
	// The network's subnets.
	IPAMConfig []ipamArgs `arg:"ipam_config"`
	// No way out of the network.
	Internal *bool `arg:"internal"`
	// In a swarm: containers that are no services may join.
	Attachable *bool `arg:"attachable"`
	// In a swarm: the network that routes to the services.
	Ingress *bool `arg:"ingress"`
	// IPv6 too.
	EnableIPv6 *bool `arg:"enable_ipv6"`
	// Where the network exists: local, global or swarm.
	Scope string `arg:"scope" choices:"local,global,swarm"`
	// Labels.
	Labels map[string]any `arg:"labels"`
	// Containers that are to be connected, by name.
	Connected []string `arg:"connected" alias:"containers"`
	// Leave containers connected that connected does not name.
	Appends bool `arg:"appends" alias:"incremental" default:"false"`
	// Make the network anew even if nothing differs.
	Force bool `arg:"force" default:"false"`
}

type ipamArgs struct {
	// The subnet, as 10.20.0.0/24.
	Subnet string `arg:"subnet"`
	// The part of the subnet that addresses are given out of.
	IPRange string `arg:"iprange"`
	// The gateway's address.
	Gateway string `arg:"gateway"`
	// Addresses of others in the subnet: name to address.
	AuxAddresses map[string]string `arg:"aux_addresses"`
}

// options builds what the arguments ask for.
func (a *dockerNetworkArgs) options() (network.CreateRequest, error) {
	o := network.CreateRequest{Name: a.Name, Driver: a.Driver, Scope: a.Scope, EnableIPv6: a.EnableIPv6, Labels: texts(a.Labels),
		Internal: isTrue(a.Internal), Attachable: isTrue(a.Attachable), Ingress: isTrue(a.Ingress), Options: texts(a.DriverOptions)}
	if a.IPAMDriver == "" && a.IPAMDriverOptions == nil && a.IPAMConfig == nil {
		return o, nil
	}
	o.IPAM = &network.IPAM{Driver: firstOf(a.IPAMDriver, "default"), Options: texts(a.IPAMDriverOptions)}
	for i, c := range a.IPAMConfig {
		config, err := c.config()
		if err != nil {
			return o, fmt.Errorf("ipam_config[%d]: %w", i, err)
		}
		o.IPAM.Config = append(o.IPAM.Config, config)
	}
	return o, nil
}

func (a ipamArgs) config() (c network.IPAMConfig, err error) {
	if a.Subnet != "" {
		if c.Subnet, err = netip.ParsePrefix(a.Subnet); err != nil {
			return c, fmt.Errorf("%q is no subnet: want one as 10.20.0.0/24", a.Subnet)
		}
	}
	if a.IPRange != "" {
		if c.IPRange, err = netip.ParsePrefix(a.IPRange); err != nil {
			return c, fmt.Errorf("%q is no range: want one as 10.20.0.128/25", a.IPRange)
		}
	}
	if a.Gateway != "" {
		if c.Gateway, err = netip.ParseAddr(a.Gateway); err != nil {
			return c, fmt.Errorf("%q is no address", a.Gateway)
		}
	}
	for name, text := range a.AuxAddresses {
		addr, err := netip.ParseAddr(text)
		if err != nil {
			return c, fmt.Errorf("aux_addresses.%s: %q is no address", name, text)
		}
		if c.AuxAddress == nil {
			c.AuxAddress = map[string]netip.Addr{}
		}
		c.AuxAddress[name] = addr
	}
	return c, nil
}
