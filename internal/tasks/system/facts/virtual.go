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
	if len(container) > 0 && !slices.Contains(tech, "container") {
		tech = append(tech, "container")
	}
	slices.Sort(tech)
	g.facts["virtualization_type"], g.facts["virtualization_role"] = typ, role
	g.facts["virtualization_tech_guest"] = append([]string{}, tech...)
	g.facts["virtualization_tech_host"] = host
}

// container returns the kinds of container that this is, the one that is the type
// first, as Ansible looks for them. Process 1's environment only root can read.
func (g *gatherer) container() []string {
	groups := g.read("/proc/1/cgroup")
	var kinds []string
	add := func(kind string, found bool) {
		if found && !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
	}
	add("docker", strings.Contains(groups, "/docker"))
	add("lxc", strings.Contains(groups, "/lxc/"))
	add("containerd", strings.Contains(groups, "/system.slice/containerd.service"))
	for _, pair := range strings.Split(g.read("/proc/1/environ"), "\x00") {
		if kind, ok := strings.CutPrefix(pair, "container="); ok && kind != "" {
			if kind != "lxc" && kind != "podman" {
				kind = "container"
			}
			add(kind, true)
		}
	}
	add("openvz", g.exists("/proc/vz") && !g.exists("/proc/bc"))
	kind := strings.TrimSpace(g.read("/run/systemd/container"))
	add(kind, kind != "")
	add("docker", g.exists("/.dockerenv") || g.exists("/.dockerinit"))
	if len(kinds) == 0 {
		add("podman", g.exists("/run/.containerenv") || strings.Contains(groups, "/libpod"))
		add("containerd", strings.Contains(groups, "/kubepods"))
	}
	return kinds
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
