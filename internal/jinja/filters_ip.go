package jinja

import (
	"math/big"
	"slices"
	"strconv"
	"strings"

	"fleet/internal/jinja/ipnet"
)

// ipFilters are those of the collection ansible.utils for addresses, which
// playbooks also call by their names alone and by those of ansible.netcommon.
var ipFilters = []filter{
	{name: "ipaddr ansible.utils.ipaddr ansible.netcommon.ipaddr", params: "query=''", fn: filterIP("ipaddr", 0)},
	{name: "ipv4 ansible.utils.ipv4 ansible.netcommon.ipv4", params: "query=''", fn: filterIP("ipv4", 4)},
	{name: "ipv6 ansible.utils.ipv6 ansible.netcommon.ipv6", params: "query=''", fn: filterIP("ipv6", 6)},
	{name: "ipwrap ansible.utils.ipwrap ansible.netcommon.ipwrap", params: "query=''", fn: filterIPWrap},
	{name: "ipsubnet ansible.utils.ipsubnet ansible.netcommon.ipsubnet", params: "query='' index=none", fn: filterIPSubnet},
}

// ipAsked is a query of these filters: what of, and how.
type ipAsked struct {
	ipnet.Network
	value   any  // as it was given, or as a number would be written
	network bool // the length of the prefix was given
	version int  // the only one that will do; 0 is both
	filter  string
}

func filterIP(name string, version int) func(*Context, any, []any) (any, error) {
	return func(_ *Context, v any, a []any) (any, error) {
		switch v.(type) {
		case string, bool, int, *big.Int, []any:
			return askIP(v, Str(a[0]), version, name)
		}
		return nil, newError("Unrecognized type <%s> for %s filter <value>", typeName(v), name)
	}
}

// askIP answers the query for an address, or for each of a list; false is no
// address, or none that fits.
func askIP(v any, query string, version int, name string) (any, error) {
	if list, ok := v.([]any); ok {
		out := []any{}
		for _, e := range list {
			r, err := askIP(e, query, version, name)
			if err != nil {
				return nil, err
			}
			if isTrue(r) {
				out = append(out, r)
			}
		}
		return out, nil
	}
	q, ok := readIP(v, version)
	if !ok {
		return false, nil
	}
	q.filter = name
	if version != 0 && q.Version() != version {
		return false, nil
	}
	if ipQueries[query] == nil && !isDigits(query) {
		if around, ok := readIP(query, 0); ok {
			return q.yes(around.Contains(q.Network)), nil
		}
	}
	if answer := ipQueries[query]; answer != nil {
		return answer(q)
	}
	return q.indexed(query)
}

func isDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// readIP reads an address: a number, a text, or a number with the length of a
// prefix behind it.
func readIP(v any, version int) (ipAsked, bool) {
	text := Str(v)
	if _, said := v.(bool); said || v == nil || v == 0 || text == "" {
		return ipAsked{}, false
	}
	if isDigits(text) {
		n, ok := numberedIP(text, version)
		return ipAsked{Network: n, value: n.String(), version: version}, ok
	}
	number, bits, network := strings.Cut(text, "/")
	if n, ok := ipnet.Parse(text); ok {
		return ipAsked{Network: n, value: v, network: network, version: version}, true
	}
	length, err := strconv.Atoi(bits)
	if !network || err != nil || !isDigits(number) {
		return ipAsked{}, false
	}
	for _, version := range []int{4, 6} {
		if n, ok := numberedIP(number, version); ok {
			if n, ok = n.WithBits(length); ok {
				return ipAsked{Network: n, value: n.String(), network: true, version: version}, true
			}
		}
	}
	return ipAsked{}, false
}

func numberedIP(text string, version int) (ipnet.Network, bool) {
	v, _ := new(big.Int).SetString(text, 10)
	if version != 6 {
		if n, ok := ipnet.FromInt(v, 4); ok {
			return n, true
		}
	}
	return ipnet.FromInt(v, 6)
}

// indexed answers a number: that host of the network.
func (q ipAsked) indexed(query string) (any, error) {
	index, ok := new(big.Int).SetString(query, 10)
	switch _, err := strconv.ParseFloat(query, 64); {
	case err != nil:
		return nil, newError("%s: unknown filter type: %s", q.filter, query)
	case q.Single() && !q.network:
		return ipnet.Text(q.Addr()), nil
	case q.Single():
		return q.String(), nil
	case !ok:
		return false, nil
	}
	at, ok := q.At(index)
	if !ok {
		return false, nil
	}
	return ipnet.Text(at) + "/" + strconv.Itoa(q.Bits()), nil
}

// yes is the value where it fits.
func (q ipAsked) yes(fits bool) any {
	if fits {
		return q.value
	}
	return nil
}

// filterIPWrap puts addresses of IPv6 into brackets, and leaves alone what is
// none. It takes a query as the others do, and heeds none.
func filterIPWrap(_ *Context, v any, _ []any) (any, error) {
	switch v := v.(type) {
	case []any:
		out := slices.Clone(v)
		for i, e := range v {
			out[i] = wrapped(e)
		}
		return out, nil
	case string:
		if q, ok := readIP(v, 0); ok {
			plain, _ := plainIP(q)
			return wrapped(plain), nil
		}
		return v, nil
	case bool:
		return v, nil
	}
	return nil, newError("Unrecognized type <%s> for ipwrap filter <value>", typeName(v))
}

// wrapped returns v, in brackets where it is an address that wants them.
func wrapped(v any) any {
	if q, ok := readIP(v, 0); ok {
		return wrapIP(q)
	}
	return v
}

func isTrue(v any) bool {
	yes, err := Truth(v)
	return err == nil && yes
}
