package jinja

import (
	"math/big"
	"strconv"

	"fleet/internal/jinja/ipnet"
)

// filterIPSubnet cuts a network into parts of the length query: how many there are,
// or the one with the index. Of an address it is the network of that length around
// it. Where query is a network, it is the place in that, from 1.
func filterIPSubnet(_ *Context, v any, a []any) (any, error) {
	q, ok := readIP(v, 0)
	if !ok {
		return false, nil
	}
	n, ok := ipnet.Parse(subnetIP(q).(string))
	if !ok {
		return false, nil
	}
	query := Str(a[0])
	switch {
	case query == "":
		return n.String(), nil
	case !isDigits(query):
		return placeIn(n, query)
	}
	bits, err := strconv.Atoi(query)
	if err != nil || bits > n.Width() {
		return false, nil
	}
	if n.Single() {
		return networksAround(n, bits, a[1])
	}
	parts := new(big.Int) // none is left where the network is the smaller one
	if bits >= n.Bits() {
		parts.Lsh(big.NewInt(1), uint(bits-n.Bits()))
	}
	if a[1] == nil {
		if bits < n.Bits() {
			return nil, newError("Requested subnet size of %d is invalid", bits)
		}
		return Str(small(parts)), nil
	}
	index, err := intArg("index", a[1])
	if err != nil {
		return nil, err
	}
	return part(n, bits, parts, big.NewInt(int64(index)))
}

// part is one of the parts that a network has. Where it is smaller than one part,
// that is the first.
func part(n ipnet.Network, bits int, parts, index *big.Int) (any, error) {
	if index.Sign() < 0 {
		index.Add(index, parts)
	}
	if bits < n.Bits() && index.Sign() == 0 {
		n, _ = n.WithBits(bits)
		return n.String(), nil
	}
	if bits < n.Bits() || index.Sign() < 0 || index.Cmp(parts) >= 0 {
		return false, nil
	}
	index.Lsh(index, uint(n.Width()-bits))
	at, _ := ipnet.FromInt(index.Add(index, n.Int()), n.Version())
	at, _ = at.WithBits(bits)
	return at.String(), nil
}

// networksAround is the largest network around the address whose prefix is no
// shorter than bits, or the one with the index among all of them.
func networksAround(n ipnet.Network, bits int, index any) (any, error) {
	at := 0
	if index != nil {
		var err error
		if at, err = intArg("index", index); err != nil {
			return nil, err
		}
		if at > n.Width()+1-at || at < bits-n.Width() {
			return false, nil
		}
	}
	if at < 0 {
		at += n.Width() - bits
	}
	if at < 0 || at >= n.Width()-bits {
		return nil, newError("list index out of range")
	}
	n, _ = n.WithBits(bits + at)
	return ipnet.Text(n.First()) + "/" + strconv.Itoa(n.Bits()), nil
}

// placeIn says which of the networks of its size n is in the one around it.
func placeIn(n ipnet.Network, query string) (any, error) {
	q, ok := readIP(query, 0)
	if !ok {
		return nil, newError("You must pass a valid subnet or IP address; %s is invalid", query)
	}
	around, _ := ipnet.Parse(subnetIP(q).(string))
	if !around.Contains(n) {
		return nil, newError("%s is not in the subnet %s", n, around)
	}
	place := new(big.Int).Sub(n.Int(), around.Int())
	place.Rsh(place, uint(n.Width()-n.Bits()))
	return place.Add(place, big.NewInt(1)).String(), nil
}
