package ipnet

import (
	"net/netip"
	"slices"
)

// parsed are networks that are written out here.
func parsed(texts ...string) []Network {
	list := make([]Network, 0, len(texts))
	for _, text := range texts {
		n, _ := Parse(text)
		list = append(list, n)
	}
	return list
}

func (n Network) within(texts ...string) bool {
	return slices.ContainsFunc(parsed(texts...), func(other Network) bool { return other.Contains(n) })
}

// IsLinkLocal reports whether the addresses are good on their own link alone.
func (n Network) IsLinkLocal() bool { return n.within("169.254.0.0/16", "fe80::/10") }

// IsMulticast reports whether the addresses are those of groups.
func (n Network) IsMulticast() bool { return n.within("224.0.0.0/4", "ff00::/8") }

// IsLoopback reports whether the addresses are the machine's own.
func (n Network) IsLoopback() bool { return n.within("127.0.0.0/8", "::1/128") }

// IsPrivate reports whether the addresses are for use inside of an organization.
func (n Network) IsPrivate() bool {
	return n.IsLinkLocal() || n.within("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.0.0.0/24", "192.168.0.0/16",
		"198.18.0.0/15", "239.0.0.0/8", "fc00::/7", "fec0::/10")
}

// IsPublic reports whether the address is one that anybody may be reached at.
func (n Network) IsPublic() bool {
	_, mask := maskBits(n.addr)
	one := Network{n.addr, n.Width()}
	return !one.IsMulticast() && !one.IsPrivate() && !one.IsLoopback() && !mask
}

// IPv4 returns the IPv4 address in one of IPv6 that holds nothing else.
func (n Network) IPv4() (Network, bool) {
	b := n.addr.As16()
	mapped := n.addr.Is4In6()
	if !mapped && [12]byte(b[:12]) != [12]byte{} {
		return Network{}, false
	}
	return Network{netip.AddrFrom4([4]byte(b[12:])), 0}.WithBits(n.bits - 96)
}

// IPv6 returns an IPv4 address as one of IPv6.
func (n Network) IPv6() Network { return Network{netip.AddrFrom16(n.addr.As16()), n.bits + 96} }
