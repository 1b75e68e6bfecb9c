package facts

import (
	"context"
	"slices"
	"strings"
)

func collectVirtual(_ context.Context, g *gatherer) {
	container := g.container()
	guest := container
	if hypervisor := g.hypervisor(); hypervisor != "" {
		guest = append(guest, hypervisor)
	}
	host := []string{}
	if g.exists("/dev/kvm") {
		host = append(host, "kvm")
	}
	typ, role := "NA", "NA"
	switch {
	case len(guest) > 0:
		typ, role = guest[0], "guest"
	case len(host) > 0:
		typ, role = host[0], "host"
	}
	tech := slices.Clone(guest)
	if len(container) > 0 {
		tech = append(tech, "container")
	}
	slices.Sort(tech)
	g.facts["virtualization_type"], g.facts["virtualization_role"] = typ, role
	g.facts["virtualization_tech_guest"] = append([]string{}, tech...)
	g.facts["virtualization_tech_host"] = host
}

// container returns the kind of container that this is, or nothing. Process 1's
// environment is the surest sign, and only root can read it.
func (g *gatherer) container() []string {
	groups := g.read("/proc/1/cgroup")
	kind := ""
	for _, pair := range strings.Split(g.read("/proc/1/environ"), "\x00") {
		if value, ok := strings.CutPrefix(pair, "container="); ok {
			kind = value
		}
	}
	switch {
	case g.exists("/.dockerenv"), g.exists("/.dockerinit"), strings.Contains(groups, "/docker"), kind == "docker":
		return []string{"docker"}
	case g.exists("/run/.containerenv"), kind == "podman", strings.Contains(groups, "/libpod"):
		return []string{"podman"}
	case kind == "lxc", strings.Contains(groups, "/lxc/"):
		return []string{"lxc"}
	case g.exists("/proc/vz") && !g.exists("/proc/bc"):
		return []string{"openvz"}
	case kind != "":
		return []string{kind}
	case strings.Contains(groups, "/kubepods"):
		return []string{"containerd"}
	}
	return []string{}
}

// vendors maps words of the firmware's table to the kind of virtual machine, in
// the order in which they are looked for.
var vendors = []struct{ file, word, kind string }{
	{"sys_vendor", "Amazon EC2", "kvm"}, {"product_name", "KVM", "kvm"}, {"product_name", "OpenStack", "openstack"},
	{"product_name", "VMware", "VMware"}, {"sys_vendor", "VMware", "VMware"},
	{"product_name", "VirtualBox", "virtualbox"}, {"bios_vendor", "innotek GmbH", "virtualbox"},
	{"product_name", "HVM domU", "xen"}, {"sys_vendor", "Xen", "xen"},
	{"product_name", "Google Compute Engine", "kvm"}, {"product_name", "RHEV", "RHEV"},
	{"product_name", "oVirt", "oVirt"}, {"product_name", "Parallels", "parallels"},
	{"sys_vendor", "Parallels", "parallels"}, {"sys_vendor", "Nutanix", "kvm"},
	{"sys_vendor", "Alibaba Cloud", "kvm"}, {"sys_vendor", "Tencent Cloud", "kvm"}, {"sys_vendor", "DigitalOcean", "kvm"},
	{"sys_vendor", "Hetzner", "kvm"}, {"sys_vendor", "Microsoft Corporation", "VirtualPC"},
	{"sys_vendor", "QEMU", "kvm"}, {"bios_vendor", "SeaBIOS", "kvm"}, {"bios_vendor", "Amazon EC2", "kvm"},
}

// hypervisor returns the kind of virtual machine that this is, or nothing.
func (g *gatherer) hypervisor() string {
	for _, v := range vendors {
		value := g.read("/sys/devices/virtual/dmi/id/" + v.file)
		if v.kind == "VirtualPC" && !strings.Contains(g.read("/sys/devices/virtual/dmi/id/product_name"), "Virtual Machine") {
			continue
		}
		if strings.Contains(value, v.word) {
			return v.kind
		}
	}
	switch {
	case g.exists("/proc/xen"), g.read("/sys/hypervisor/type") == "xen":
		return "xen"
	case strings.Contains(g.read("/proc/cpuinfo"), "QEMU Virtual CPU"):
		return "kvm"
	case g.exists("/sys/bus/virtio") && strings.Contains(g.read("/proc/cpuinfo"), " hypervisor"):
		return "kvm"
	}
	return ""
}
