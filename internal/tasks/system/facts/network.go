package facts

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

func collectNetwork(_ context.Context, g *gatherer) {
	g.facts["interfaces"] = []string{}
	g.facts["all_ipv4_addresses"], g.facts["all_ipv6_addresses"] = []string{}, []string{}
	g.facts["default_ipv4"], g.facts["default_ipv6"] = map[string]any{}, map[string]any{}
	interfaces, err := net.Interfaces()
	if err != nil {
		return
	}
	var all4, all6 []string
	found := []string{}
	byName := map[string]map[string]any{}
	for _, i := range interfaces {
		fact := g.device(i)
		addrs, _ := i.Addrs()
		v4, v6 := addAddresses(fact, addrs)
		all4, all6 = append(all4, v4...), append(all6, v6...)
		found = append(found, i.Name)
		byName[i.Name] = fact
		g.facts[factName(i.Name)] = fact
	}
	g.facts["interfaces"] = found
	g.facts["all_ipv4_addresses"] = append([]string{}, all4...)
	g.facts["all_ipv6_addresses"] = append([]string{}, all6...)
	if name, gateway := defaultRoute4(g.read("/proc/net/route")); name != "" {
		g.facts["default_ipv4"] = default4(byName[name], name, gateway)
	}
	if name, gateway := defaultRoute6(g.read("/proc/net/ipv6_route")); name != "" {
		g.facts["default_ipv6"] = default6(byName[name], name, gateway)
	}
}

// factName makes a variable's name of an interface's.
func factName(name string) string {
	return strings.NewReplacer("-", "_", ":", "_", ".", "_").Replace(name)
}

// device returns what the kernel says of an interface apart from its addresses.
func (g *gatherer) device(i net.Interface) map[string]any {
	folder := "/sys/class/net/" + i.Name
	fact := map[string]any{"device": i.Name, "mtu": i.MTU, "type": g.deviceType(i, folder)}
	state := g.read(folder + "/operstate")
	fact["active"] = state == "up" || state == "unknown" && i.Flags&net.FlagUp != 0
	flags, _ := strconv.ParseUint(strings.TrimPrefix(g.read(folder+"/flags"), "0x"), 16, 32)
	fact["promisc"] = flags&0x100 != 0
	if len(i.HardwareAddr) > 0 && i.Flags&net.FlagLoopback == 0 {
		fact["macaddress"] = i.HardwareAddr.String()
	}
	if speed, err := strconv.Atoi(g.read(folder + "/speed")); err == nil {
		fact["speed"] = speed
	}
	if to, err := os.Readlink(g.m.Path(folder + "/device")); err == nil {
		fact["pciid"] = filepath.Base(to)
	}
	if module, err := os.Readlink(g.m.Path(folder + "/device/driver/module")); err == nil {
		fact["module"] = filepath.Base(module)
	}
	if g.exists(folder + "/bridge") {
		fact["id"] = g.read(folder + "/bridge/bridge_id")
		fact["stp"] = g.read(folder+"/bridge/stp_state") == "1"
		fact["interfaces"] = names(g.m.Path(folder + "/brif"))
	}
	if g.exists(folder + "/bonding") {
		mode, _, _ := strings.Cut(g.read(folder+"/bonding/mode"), " ")
		fact["mode"] = mode
		fact["miimon"] = g.read(folder + "/bonding/miimon")
		fact["slaves"] = strings.Fields(g.read(folder + "/bonding/slaves"))
	}
	return fact
}

func (g *gatherer) deviceType(i net.Interface, folder string) string {
	switch {
	case g.exists(folder + "/bridge"):
		return "bridge"
	case g.exists(folder + "/bonding"):
		return "bonding"
	}
	return map[string]string{"1": "ether", "32": "infiniband", "512": "ppp", "772": "loopback",
		"65534": "tunnel"}[either(g.read(folder+"/type"), loopType(i))]
}

func loopType(i net.Interface) string {
	if i.Flags&net.FlagLoopback != 0 {
		return "772"
	}
	return "1"
}

// addAddresses adds the addresses to fact and returns those that are not the
// loop's own.
func addAddresses(fact map[string]any, addrs []net.Addr) (all4, all6 []string) {
	for _, addr := range addrs {
		ipnet, ok := addr.(*net.IPNet)
		if !ok {
			continue
		}
		ip, _ := netip.AddrFromSlice(ipnet.IP)
		ip = ip.Unmap()
		bits, _ := ipnet.Mask.Size()
		if ip.Is4() {
			v4 := ipv4(ip, bits)
			if _, second := fact["ipv4"]; second {
				more, _ := fact["ipv4_secondaries"].([]any)
				fact["ipv4_secondaries"] = append(more, v4)
			} else {
				fact["ipv4"] = v4
			}
			if !ip.IsLoopback() {
				all4 = append(all4, ip.String())
			}
			continue
		}
		list, _ := fact["ipv6"].([]map[string]any)
		fact["ipv6"] = append(list, map[string]any{"address": ip.String(), "prefix": strconv.Itoa(bits), "scope": scope(ip)})
		if !ip.IsLoopback() {
			all6 = append(all6, ip.String())
		}
	}
	return all4, all6
}

func ipv4(ip netip.Addr, bits int) map[string]any {
	mask := net.CIDRMask(bits, 32)
	network := netip.PrefixFrom(ip, bits).Masked().Addr()
	broadcast := ""
	if !ip.IsLoopback() && bits < 31 {
		raw := ip.As4()
		for i := range raw {
			raw[i] |= ^mask[i]
		}
		broadcast = netip.AddrFrom4(raw).String()
	}
	return map[string]any{"address": ip.String(), "netmask": net.IP(mask).String(), "network": network.String(),
		"broadcast": broadcast, "prefix": strconv.Itoa(bits)}
}

func scope(ip netip.Addr) string {
	switch {
	case ip.IsLoopback():
		return "host"
	case ip.IsLinkLocalUnicast():
		return "link"
	}
	return "global"
}

// defaultRoute4 reads /proc/net/route: the interface and gateway of the default
// route with the smallest metric.
func defaultRoute4(table string) (device, gateway string) {
	best := -1
	for _, line := range strings.Split(table, "\n") {
		f := strings.Fields(line)
		if len(f) < 8 || f[1] != "00000000" || f[7] != "00000000" {
			continue
		}
		metric, err := strconv.Atoi(f[6])
		raw, err2 := hex.DecodeString(f[2])
		if err != nil || err2 != nil || len(raw) != 4 || best >= 0 && metric >= best {
			continue
		}
		// The kernel writes the address as a number of this machine's byte order.
		var ip [4]byte
		binary.NativeEndian.PutUint32(ip[:], binary.BigEndian.Uint32(raw))
		best, device, gateway = metric, f[0], netip.AddrFrom4(ip).String()
	}
	return device, gateway
}

// defaultRoute6 reads /proc/net/ipv6_route in the same way.
func defaultRoute6(table string) (device, gateway string) {
	best := int64(-1)
	for _, line := range strings.Split(table, "\n") {
		f := strings.Fields(line)
		if len(f) < 10 || strings.Trim(f[0], "0") != "" || f[1] != "00" || f[9] == "lo" {
			continue
		}
		metric, err := strconv.ParseInt(f[5], 16, 64)
		raw, err2 := hex.DecodeString(f[4])
		if err != nil || err2 != nil || len(raw) != 16 || best >= 0 && metric >= best {
			continue
		}
		best, device, gateway = metric, f[9], netip.AddrFrom16([16]byte(raw)).String()
	}
	return device, gateway
}

func default4(device map[string]any, name, gateway string) map[string]any {
	fact := map[string]any{"interface": name, "gateway": gateway, "alias": name}
	if own, ok := device["ipv4"].(map[string]any); ok {
		for key, value := range own {
			fact[key] = value
		}
	}
	copyKeys(fact, device, "macaddress", "mtu", "type")
	return fact
}

func default6(device map[string]any, name, gateway string) map[string]any {
	fact := map[string]any{"interface": name, "gateway": gateway}
	list, _ := device["ipv6"].([]map[string]any)
	for _, own := range list {
		if own["scope"] == "global" {
			copyKeys(fact, own, "address", "prefix", "scope")
			break
		}
	}
	copyKeys(fact, device, "macaddress", "mtu", "type")
	return fact
}

func copyKeys(to, from map[string]any, keys ...string) {
	for _, key := range keys {
		if value, ok := from[key]; ok {
			to[key] = value
		}
	}
}
