package facts

import (
	"net"
	"reflect"
	"testing"
)

const routes4 = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
wlan0	00000000	0101A8C0	0003	0	0	600	00000000	0	0	0
eth0	00000000	010200C0	0003	0	0	100	00000000	0	0	0
docker0	000011AC	00000000	0001	0	0	0	0000FFFF	0	0	0
`

const routes6 = `fe800000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 fd000000000000000000000000000001 00000400 00000002 00000000 00000003     eth0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo
`

func TestDefaultRoutes(t *testing.T) {
	if device, gateway := defaultRoute4(routes4); device != "eth0" || gateway != "192.0.2.1" {
		t.Errorf("IPv4: %s by %s", gateway, device)
	}
	if device, gateway := defaultRoute6(routes6); device != "eth0" || gateway != "fd00::1" {
		t.Errorf("IPv6: %s by %s", gateway, device)
	}
	if device, _ := defaultRoute4("nonsense\n"); device != "" {
		t.Errorf("a route out of nothing: %s", device)
	}
}

func TestAddresses(t *testing.T) {
	var addrs []net.Addr
	for _, s := range []string{"192.0.2.10/24", "192.0.2.11/32", "2001:db8::1/64", "fe80::1/64"} {
		ip, network, err := net.ParseCIDR(s)
		if err != nil {
			t.Fatal(err)
		}
		addrs = append(addrs, &net.IPNet{IP: ip, Mask: network.Mask})
	}
	fact := map[string]any{"macaddress": "02:00:00:00:00:01", "mtu": 1500, "type": "ether"}
	all4, all6 := addAddresses(fact, addrs)
	if want := []string{"192.0.2.10", "192.0.2.11"}; !reflect.DeepEqual(all4, want) {
		t.Errorf("IPv4 addresses %v, want %v", all4, want)
	}
	if want := []string{"2001:db8::1", "fe80::1"}; !reflect.DeepEqual(all6, want) {
		t.Errorf("IPv6 addresses %v, want %v", all6, want)
	}
	got := default4(fact, "eth0", "192.0.2.1")
	want := map[string]any{"interface": "eth0", "alias": "eth0", "gateway": "192.0.2.1", "address": "192.0.2.10",
		"netmask": "255.255.255.0", "network": "192.0.2.0", "broadcast": "192.0.2.255", "prefix": "24",
		"macaddress": "02:00:00:00:00:01", "mtu": 1500, "type": "ether"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("default_ipv4 is %v, want %v", got, want)
	}
	if got := default6(fact, "eth0", "fd00::1")["address"]; got != "2001:db8::1" {
		t.Errorf("default_ipv6 has the address %v", got)
	}
}

func TestSelect(t *testing.T) {
	for _, c := range []struct {
		subset  []string
		has     []string
		hasNot  []string
		unknown string
	}{
		{[]string{"all"}, []string{"network", "hardware", "distribution"}, nil, ""},
		{[]string{"min"}, []string{"distribution"}, []string{"network", "hardware"}, ""},
		{[]string{"!all"}, []string{"distribution"}, []string{"network"}, ""},
		{[]string{"!all", "!min", "network"}, []string{"network"}, []string{"distribution", "hardware"}, ""},
		{[]string{"network"}, []string{"network", "distribution"}, []string{"hardware"}, ""},
		{[]string{"!hardware"}, []string{"network", "distribution"}, []string{"hardware", "mounts"}, ""},
		{[]string{"nothing"}, nil, nil, "nothing"},
	} {
		chosen, unknown := Select(c.subset)
		if unknown != c.unknown {
			t.Errorf("%v: unknown is %q", c.subset, unknown)
		}
		for _, name := range c.has {
			if !chosen[name] {
				t.Errorf("%v leaves %s out", c.subset, name)
			}
		}
		for _, name := range c.hasNot {
			if chosen[name] {
				t.Errorf("%v takes %s", c.subset, name)
			}
		}
	}
}

func FuzzDefaultRoutes(f *testing.F) {
	f.Add(routes4)
	f.Add(routes6)
	f.Fuzz(func(_ *testing.T, table string) {
		defaultRoute4(table)
		defaultRoute6(table)
	})
}
