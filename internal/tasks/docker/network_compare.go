package docker

import (
	"fmt"
	"slices"

	"github.com/moby/moby/api/types/network"
)

// differences compares the network with what was asked for. Arguments that were
// not given are not compared.
func (t *networkTask) differences() []difference {
	have, want := t.have.Network, t.want
	var diffs []difference
	add := func(where string, before, after any) {
		if b, a := fmt.Sprint(before), fmt.Sprint(after); b != a {
			diffs = append(diffs, difference{where: where, before: b, after: a})
		}
	}
	add("driver", have.Driver, want.Driver)
	for _, k := range sortedKeys(want.Options) {
		add("driver_options."+k, have.Options[k], want.Options[k])
	}
	for _, k := range sortedKeys(want.Labels) {
		add("labels."+k, have.Labels[k], want.Labels[k])
	}
	for _, flag := range []struct {
		name  string
		given *bool
		have  bool
	}{
		{"internal", t.args.Internal, have.Internal}, {"attachable", t.args.Attachable, have.Attachable},
		{"ingress", t.args.Ingress, have.Ingress}, {"enable_ipv6", t.args.EnableIPv6, have.EnableIPv6},
	} {
		if flag.given != nil {
			add(flag.name, flag.have, *flag.given)
		}
	}
	if want.Scope != "" {
		add("scope", have.Scope, want.Scope)
	}
	if want.IPAM != nil {
		if t.args.IPAMDriver != "" {
			add("ipam_driver", have.IPAM.Driver, want.IPAM.Driver)
		}
		for _, k := range sortedKeys(want.IPAM.Options) {
			add("ipam_driver_options."+k, have.IPAM.Options[k], want.IPAM.Options[k])
		}
		diffs = append(diffs, compareIPAM(want.IPAM.Config, have.IPAM.Config)...)
	}
	return diffs
}

// compareIPAM looks for each wanted subnet among those of the network, and in it
// at what was given only: the engine fills in the rest.
func compareIPAM(want, have []network.IPAMConfig) []difference {
	var diffs []difference
	for i, w := range want {
		at := slices.IndexFunc(have, func(h network.IPAMConfig) bool { return !w.Subnet.IsValid() || h.Subnet.Masked() == w.Subnet.Masked() })
		name := fmt.Sprintf("ipam_config[%d]", i)
		if at < 0 {
			diffs = append(diffs, difference{where: name + ".subnet", after: w.Subnet.String()})
			continue
		}
		h := have[at]
		if w.IPRange.IsValid() && w.IPRange.Masked() != h.IPRange.Masked() {
			diffs = append(diffs, difference{where: name + ".iprange", before: h.IPRange.String(), after: w.IPRange.String()})
		}
		if w.Gateway.IsValid() && w.Gateway != h.Gateway {
			diffs = append(diffs, difference{where: name + ".gateway", before: h.Gateway.String(), after: w.Gateway.String()})
		}
		for _, k := range sortedKeys(w.AuxAddress) {
			if h.AuxAddress[k] != w.AuxAddress[k] {
				diffs = append(diffs, difference{where: name + ".aux_addresses." + k, before: h.AuxAddress[k].String(), after: w.AuxAddress[k].String()})
			}
		}
	}
	return diffs
}
