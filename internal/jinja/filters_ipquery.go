package jinja

import (
	"math/big"
	"net/netip"
	"strconv"

	"fleet/internal/jinja/ipnet"
)

// ipQueries are the words that the filters for addresses take, and their answers:
// nil or false where the address has none.
var ipQueries = map[string]func(q ipAsked) (any, error){
	"": plainIP, "6to4": sixToFour,
	"address": hostIP, "ip": hostIP,
	"address/prefix": hostWithPrefix, "gateway": hostWithPrefix, "gw": hostWithPrefix, "host/prefix": hostWithPrefix,
	"hostnet": hostWithPrefix, "router": hostWithPrefix,
	"bool":      ipAnswer(func(ipAsked) any { return true }),
	"broadcast": ipAnswer(func(q ipAsked) any { return textIf(q.Last(), q.Width()-q.Bits() > 1) }),
	"cidr":      ipAnswer(func(q ipAsked) any { return q.String() }),
	"host":      ipAnswer(func(q ipAsked) any { return stringIf(q.String(), q.Single() || !q.IsFirst() || !q.hasBroadcast()) }),
	"hostmask":  ipAnswer(hostmaskIP), "wildcard": ipAnswer(hostmaskIP),
	"int":       intIP,
	"ip/prefix": ipAnswer(func(q ipAsked) any { return stringIf(q.String(), q.hostOfSeveral()) }),
	"ip_netmask": ipAnswer(func(q ipAsked) any {
		return stringIf(ipnet.Text(q.Addr())+" "+ipnet.Text(q.Netmask()), q.hostOfSeveral())
	}),
	"ipv4": asIPv4, "v4": asIPv4, "ipv6": asIPv6, "v6": asIPv6,
	"link-local": ipAnswer(func(q ipAsked) any { return q.yes(q.host().IsLinkLocal()) }),
	"loopback":   ipAnswer(loopbackIP), "lo": ipAnswer(loopbackIP),
	"multicast": ipAnswer(func(q ipAsked) any { return q.yes(q.IsMulticast()) }),
	"net":       ipAnswer(func(q ipAsked) any { return stringIf(q.String(), !q.Single() && q.IsFirst()) }),
	"netmask":   ipAnswer(func(q ipAsked) any { return ipnet.Text(q.Netmask()) }),
	"network":   ipAnswer(networkIP), "network_id": ipAnswer(networkIP),
	"network/prefix": ipAnswer(subnetIP), "subnet": ipAnswer(subnetIP),
	"network_netmask":  ipAnswer(func(q ipAsked) any { return ipnet.Text(q.First()) + " " + ipnet.Text(q.Netmask()) }),
	"network_wildcard": ipAnswer(func(q ipAsked) any { return ipnet.Text(q.First()) + " " + ipnet.Text(q.Hostmask()) }),
	"peer":             peerIP,
	"prefix":           ipAnswer(func(q ipAsked) any { return q.Bits() }),
	"private":          ipAnswer(func(q ipAsked) any { return q.yes(q.IsPrivate()) }),
	"public":           ipAnswer(func(q ipAsked) any { return q.yes(q.IsPublic()) }),
	"unicast":          ipAnswer(func(q ipAsked) any { return q.yes(!q.IsMulticast()) }),
	"revdns":           ipAnswer(func(q ipAsked) any { return ipnet.Reverse(q.Addr()) }),
	"size":             ipAnswer(func(q ipAsked) any { return small(q.Size()) }),
	"size_usable":      ipAnswer(usableSize),
	"type":             ipAnswer(typeOfIP),
	"version":          ipAnswer(func(q ipAsked) any { return q.Version() }),
	"wrap":             ipAnswer(wrapIP),
	"first_usable":     usable(func(q ipAsked, first, _ *big.Int) any { return q.numbered(first) }),
	"last_usable":      usable(func(q ipAsked, _, last *big.Int) any { return q.numbered(last) }),
	"range_usable": usable(func(q ipAsked, first, last *big.Int) any {
		return q.numbered(first).(string) + "-" + q.numbered(last).(string)
	}),
	"next_usable":     usable(func(q ipAsked, first, last *big.Int) any { return q.beside(1, first, last) }),
	"previous_usable": usable(func(q ipAsked, first, last *big.Int) any { return q.beside(-1, first, last) }),
}

func ipAnswer(f func(ipAsked) any) func(ipAsked) (any, error) {
	return func(q ipAsked) (any, error) { return f(q), nil }
}

func stringIf(s string, fits bool) any {
	if fits {
		return s
	}
	return nil
}

func textIf(a netip.Addr, fits bool) any { return stringIf(ipnet.Text(a), fits) }

// small is the number as an int, where it fits into one.
func small(n *big.Int) any {
	if n.IsInt64() {
		return int(n.Int64())
	}
	return n
}

func (q ipAsked) hasBroadcast() bool {
	last, has := q.Broadcast()
	return has && !last.IsUnspecified()
}

// host is the address alone.
func (q ipAsked) host() ipnet.Network {
	n, _ := q.WithBits(q.Width())
	return n
}

// hostOfSeveral reports whether it is a host in a network of several.
func (q ipAsked) hostOfSeveral() bool {
	return q.Width()-q.Bits() == 1 || !q.Single() && !q.IsFirst()
}

// numbered is the address that has the number.
func (q ipAsked) numbered(v *big.Int) any {
	n, _ := ipnet.FromInt(v, q.Version())
	return ipnet.Text(n.Addr())
}

func plainIP(q ipAsked) (any, error) {
	if q.network {
		return q.String(), nil
	}
	return ipnet.Text(q.Addr()), nil
}

func hostIP(q ipAsked) (any, error) {
	return textIf(q.Addr(), q.Single() || !q.IsFirst() || !q.hasBroadcast() || q.Version() == 6), nil
}

func hostWithPrefix(q ipAsked) (any, error) {
	if q.Width()-q.Bits() > 1 && (q.IsFirst() || q.Addr() == q.Last()) {
		return false, nil
	}
	return q.String(), nil
}

func hostmaskIP(q ipAsked) any { return ipnet.Text(q.Hostmask()) }
func networkIP(q ipAsked) any  { return ipnet.Text(q.First()) }
func loopbackIP(q ipAsked) any { return q.yes(q.host().IsLoopback()) }
func subnetIP(q ipAsked) any   { return ipnet.Text(q.First()) + "/" + strconv.Itoa(q.Bits()) }

func intIP(q ipAsked) (any, error) {
	if q.network {
		return q.Int().String() + "/" + strconv.Itoa(q.Bits()), nil
	}
	return small(q.Int()), nil
}

func asIPv4(q ipAsked) (any, error) {
	if q.Version() == 4 {
		return q.value, nil
	}
	if n, ok := q.IPv4(); ok {
		return n.String(), nil
	}
	return false, nil
}

func asIPv6(q ipAsked) (any, error) {
	if q.Version() == 6 {
		return q.value, nil
	}
	return q.IPv6().String(), nil
}

// sixToFour is the network that an IPv4 address has in IPv6, or an address of such a one.
func sixToFour(q ipAsked) (any, error) {
	if q.Version() == 6 {
		all, _ := ipnet.Parse("2002::/16")
		if all.Contains(q.host()) && (!q.network || !q.IsFirst()) {
			return q.value, nil
		}
		return false, nil
	}
	if !q.Single() && q.IsFirst() || !q.host().IsPublic() && !q.host().IsPrivate() {
		return false, nil
	}
	b := q.Addr().As4()
	hex := func(v byte) string { return strconv.FormatUint(0x100|uint64(v), 16)[1:] }
	return "2002:" + hex(b[0]) + hex(b[1]) + ":" + hex(b[2]) + hex(b[3]) + "::1/48", nil
}

func usableSize(q ipAsked) any {
	switch size := q.Size(); {
	case q.Single():
		return 0
	case size.Cmp(big.NewInt(2)) == 0:
		return 2
	default:
		return small(size.Sub(size, big.NewInt(2)))
	}
}

func typeOfIP(q ipAsked) any {
	if q.Single() || !q.IsFirst() {
		return "address"
	}
	return "network"
}

func wrapIP(q ipAsked) any {
	switch {
	case q.Version() == 4:
		return q.value
	case q.network:
		return "[" + ipnet.Text(q.Addr()) + "]/" + strconv.Itoa(q.Bits())
	}
	return "[" + ipnet.Text(q.Addr()) + "]"
}

// usable asks for the addresses of a network that hosts can have.
func usable(f func(q ipAsked, first, last *big.Int) any) func(ipAsked) (any, error) {
	return func(q ipAsked) (any, error) {
		if !q.network {
			return nil, newError("Not a network address")
		}
		if q.Single() {
			return nil, nil
		}
		one := big.NewInt(1)
		first, last := ipnet.Number(q.First()), ipnet.Number(q.Last())
		if q.Width()-q.Bits() > 1 {
			first.Add(first, one)
			last.Sub(last, one)
		}
		return f(q, first, last), nil
	}
}

// beside is the address next to this one, where hosts can have it.
func (q ipAsked) beside(step int64, first, last *big.Int) any {
	v := new(big.Int).Add(q.Int(), big.NewInt(step))
	if v.Cmp(first) < 0 || v.Cmp(last) > 0 {
		return nil
	}
	return q.numbered(v)
}

// peerIP is the other host of a network of two.
func peerIP(q ipAsked) (any, error) {
	if !q.network {
		return nil, newError("Not a network address")
	}
	at := new(big.Int).And(q.Int(), big.NewInt(3)).Int64()
	switch q.Width() - q.Bits() {
	case 1:
		return q.numbered(new(big.Int).Xor(q.Int(), big.NewInt(1))), nil
	case 2:
		switch at {
		case 0:
			return nil, newError("Network address of /30 has no peer")
		case 3:
			return nil, newError("Broadcast address of /30 has no peer")
		}
		return q.numbered(new(big.Int).Xor(q.Int(), big.NewInt(3))), nil
	}
	return nil, newError("Not a point-to-point network")
}
