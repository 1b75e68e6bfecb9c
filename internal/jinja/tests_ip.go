package jinja

import (
	"net/netip"
	"strings"

	"fleet/internal/jinja/ipnet"
)

// ipTests are the tests of the collection ansible.utils for addresses. They have
// no other names. What is no address is no error.
var ipTests = []filter{
	{name: "ansible.utils.ip", fn: networkTest(func(ipnet.Network) bool { return true })},
	{name: "ansible.utils.ipv4", fn: networkTest(func(n ipnet.Network) bool { return n.Version() == 4 })},
	{name: "ansible.utils.ipv6", fn: networkTest(func(n ipnet.Network) bool { return n.Version() == 6 })},
	{name: "ansible.utils.ip_address", fn: hostTest(func(ipnet.Network) bool { return true })},
	{name: "ansible.utils.ipv4_address", fn: hostTest(func(n ipnet.Network) bool { return n.Version() == 4 })},
	{name: "ansible.utils.ipv6_address", fn: hostTest(func(n ipnet.Network) bool { return n.Version() == 6 })},
	{name: "ansible.utils.loopback", fn: hostTest(ipnet.Network.IsLoopback)},
	{name: "ansible.utils.multicast", fn: hostTest(ipnet.Network.IsMulticast)},
	{name: "ansible.utils.in_network", params: "network", fn: insideTest(false)},
	{name: "ansible.utils.subnet_of", params: "network_b", fn: insideTest(false)},
	{name: "ansible.utils.supernet_of", params: "network_b", fn: insideTest(true)},
	{name: "ansible.utils.in_any_network", params: "networks", fn: func(_ *Context, v any, a []any) (any, error) {
		for _, around := range asList(a[0]) {
			if inside(v, around) {
				return true, nil
			}
		}
		return false, nil
	}},
}

func networkTest(f func(ipnet.Network) bool) func(*Context, any, []any) (any, error) {
	return func(_ *Context, v any, _ []any) (any, error) {
		n, ok := strictNetwork(v)
		return ok && f(n), nil
	}
}

func hostTest(f func(ipnet.Network) bool) func(*Context, any, []any) (any, error) {
	return func(_ *Context, v any, _ []any) (any, error) {
		n, ok := strictNetwork(v)
		return ok && !strings.Contains(Str(v), "/") && f(n), nil
	}
}

func insideTest(turned bool) func(*Context, any, []any) (any, error) {
	return func(_ *Context, v any, a []any) (any, error) {
		if turned {
			return inside(a[0], v), nil
		}
		return inside(v, a[0]), nil
	}
}

func inside(v, around any) bool {
	n, ok := strictNetwork(v)
	o, is := strictNetwork(around)
	return ok && is && o.Contains(n)
}

// strictNetwork reads an address that is written in full, with a zone if need be,
// or a network whose hosts' part is zero.
func strictNetwork(v any) (ipnet.Network, bool) {
	text, _ := v.(string)
	host, mask, masked := strings.Cut(text, "/")
	a, err := netip.ParseAddr(host)
	if err != nil {
		return ipnet.Network{}, false
	}
	if host = a.WithZone("").String(); masked {
		host += "/" + mask
	}
	n, ok := ipnet.Parse(host)
	return n, ok && n.IsFirst()
}
