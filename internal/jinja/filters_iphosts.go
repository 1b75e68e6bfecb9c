package jinja

import (
	"fmt"
	"math/big"
	"strings"

	"fleet/internal/jinja/ipnet"
)

// ipHostFilters are those of the collection ansible.utils that count hosts and say
// which network they are in.
var ipHostFilters = []filter{
	{name: "ip4_hex ansible.utils.ip4_hex ansible.netcommon.ip4_hex", params: "delimiter=''", fn: filterIP4Hex},
	{name: "ipmath ansible.utils.ipmath ansible.netcommon.ipmath", params: "amount", fn: filterIPMath},
	{name: "network_in_network ansible.utils.network_in_network ansible.netcommon.network_in_network", params: "test", fn: withinIP("network", "broadcast")},
	{name: "network_in_usable ansible.utils.network_in_usable ansible.netcommon.network_in_usable", params: "test", fn: withinIP("first_usable", "last_usable")},
	{name: "next_nth_usable ansible.utils.next_nth_usable ansible.netcommon.next_nth_usable", params: "offset", fn: nthUsable(1)},
	{name: "nthhost ansible.utils.nthhost ansible.netcommon.nthhost", params: "query=''", fn: filterNthHost},
	{name: "previous_nth_usable ansible.utils.previous_nth_usable ansible.netcommon.previous_nth_usable", params: "offset", fn: nthUsable(-1)},
	{name: "reduce_on_network ansible.utils.reduce_on_network ansible.netcommon.reduce_on_network", params: "network", fn: filterReduceOnNetwork},
}

// wholeNumberArg returns an argument that is a whole number, or a text of one.
func wholeNumberArg(name string, v any) (*big.Int, error) {
	if s, ok := v.(string); ok {
		if n, ok := new(big.Int).SetString(strings.TrimSpace(s), 10); ok {
			return n, nil
		}
	} else if n, ok := bigOf(v); ok {
		return n, nil
	}
	return nil, newError("%s must be a whole number, not %s", name, describe(v))
}

func filterIPMath(_ *Context, v any, a []any) (any, error) {
	n, ok := ipnet.Parse(Str(v))
	if !ok {
		return nil, newError("You must pass a valid IP address; %s is invalid", Str(v))
	}
	amount, err := wholeNumberArg("amount", a[0])
	if err != nil {
		return nil, err
	}
	at, ok := ipnet.FromInt(amount.Add(amount, n.Int()), n.Version())
	if !ok {
		return nil, newError("ipmath: there is no address %s behind %s", Str(a[0]), Str(v))
	}
	return ipnet.Text(at.Addr()), nil
}

func filterIP4Hex(_ *Context, v any, a []any) (any, error) {
	text, _ := v.(string)
	n, ok := ipnet.Parse(text)
	if !ok || n.Version() != 4 || strings.Count(text, ".") != 3 || strings.Contains(text, "/") {
		return nil, newError("You must pass a valid IP address; %s is invalid", Str(v))
	}
	b := n.Addr().As4()
	parts := make([]string, len(b))
	for i := range b {
		parts[i] = fmt.Sprintf("%02x", b[i])
	}
	return strings.Join(parts, Str(a[0])), nil
}

// hostOrNetwork returns the address with its prefix, or the network.
func hostOrNetwork(v any) (ipAsked, bool) {
	for kind, query := range map[string]string{"address": "cidr", "network": "subnet"} {
		if t, err := askIP(v, "type", 0, "ipaddr"); err != nil || t != kind {
			continue
		}
		r, err := askIP(v, query, 0, "ipaddr")
		if s, ok := r.(string); ok && err == nil {
			return readIP(s, 0)
		}
	}
	return ipAsked{}, false
}

func filterNthHost(_ *Context, v any, a []any) (any, error) {
	q, ok := hostOrNetwork(v)
	if !ok || a[0] == "" || a[0] == nil {
		return false, nil
	}
	index, err := wholeNumberArg("query", a[0])
	if err != nil || index.Cmp(q.Size()) >= 0 {
		return false, nil
	}
	at, ok := q.At(index)
	if !ok {
		return nil, newError("nthhost: the network %s has no host %s", Str(v), Str(a[0]))
	}
	return ipnet.Text(at), nil
}

// nthUsable returns the address so many steps up or down, if a host can have it.
func nthUsable(sign int64) func(*Context, any, []any) (any, error) {
	return func(_ *Context, v any, a []any) (any, error) {
		q, ok := hostOrNetwork(v)
		if !ok {
			return false, nil
		}
		offset, err := wholeNumberArg("offset", a[0])
		if err != nil || q.Single() {
			return nil, err
		}
		at := offset.Mul(offset, big.NewInt(sign)).Add(offset, q.Int())
		if _, ok := ipnet.FromInt(at, q.Version()); !ok {
			return nil, newError("there is no address %s from %s", Str(a[0]), Str(v))
		}
		return usable(func(q ipAsked, first, last *big.Int) any {
			if at.Cmp(first) < 0 || at.Cmp(last) > 0 {
				return nil
			}
			return q.numbered(at)
		})(q)
	}
}

// ipRange returns the numbers of the first and the last address, by these queries
// where they have an answer. ok is false of what is no address and no network.
func ipRange(v any, first, last string) (from, to *big.Int, ok bool) {
	whole, ok := hostOrNetwork(v)
	if !ok {
		return nil, nil, false
	}
	ends := [2]*big.Int{whole.Int(), whole.Int()}
	for i, query := range []string{first, last} {
		end, err := ipQueries[query](whole)
		if err != nil || !isTrue(end) {
			continue
		}
		n, ok := ipnet.Parse(Str(end))
		if !ok {
			return nil, nil, false
		}
		ends[i] = n.Int()
	}
	return ends[0], ends[1], true
}

// withinIP says whether a network is in the part of another one that two queries
// give.
func withinIP(first, last string) func(*Context, any, []any) (any, error) {
	return func(_ *Context, v any, a []any) (any, error) {
		from, to, ok := ipRange(v, first, last)
		return ok && inRange(a[0], from, to), nil
	}
}

func inRange(v any, from, to *big.Int) bool {
	first, last, ok := ipRange(v, "network", "broadcast")
	return ok && from.Cmp(first) <= 0 && last.Cmp(to) <= 0
}

func filterReduceOnNetwork(c *Context, v any, a []any) (any, error) {
	items, err := c.iterate(v)
	if err != nil {
		return nil, err
	}
	out := []any{}
	from, to, ok := ipRange(a[0], "network", "broadcast")
	for _, e := range items {
		if ok && inRange(e, from, to) {
			out = append(out, e)
		}
	}
	return out, nil
}
