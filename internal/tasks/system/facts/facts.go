// Package facts finds out what kind of machine this is: its distribution,
// hardware, network and the like, by the names and values of Ansible's facts.
// It runs on the target. It reads files and asks the kernel; it runs no command
// but the operator's own facts, and python3 and systemctl where they are, and it changes nothing.
package facts

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"

	"fleet/internal/tasks/sys"
)

// Facts are values by name. The names are Ansible's without "ansible_".
type Facts map[string]any

// Collector gathers the facts of one kind.
type Collector struct {
	Name string
	// Groups are the wider names that stand for this collector among others.
	Groups []string
	// Facts are the names of what it tells, with blanks between them; a name that
	// ends in "_" is the beginning of several. The network's are its interfaces, too.
	Facts   string
	collect func(ctx context.Context, g *gatherer)
}

// gatherer is one run of the collectors.
type gatherer struct {
	m     *sys.Machine
	opts  Options
	facts Facts
	// distribution finds out once what several collectors tell about.
	distribution func() Distribution
}

// Options say how facts are gathered.
type Options struct {
	// LocalDir holds the operator's own facts.
	LocalDir string
}

// Collectors lists all collectors, in the order in which they run.
var Collectors = []Collector{
	{"apparmor", minimal, "apparmor", collectAppArmor},
	{"chroot", nil, "is_chroot", collectChroot},
	{"cmdline", minimal, "cmdline proc_cmdline", collectCmdline},
	{"date_time", minimal, "date_time", collectDateTime},
	{"distribution", minimal, "distribution distribution_file_parsed distribution_file_path distribution_file_variety distribution_major_version " +
		"distribution_minor_version distribution_release distribution_version os_family", collectDistribution},
	{"dns", minimal, "dns", collectDNS},
	{"env", minimal, "env", collectEnv},
	{"fips", minimal, "fips", collectFIPS},
	{"hardware", nil, "bios_date bios_vendor bios_version board_asset_tag board_name board_serial board_vendor board_version chassis_asset_tag " +
		"chassis_serial chassis_vendor chassis_version form_factor memfree_mb memory_mb memtotal_mb processor processor_cores " +
		"processor_count processor_nproc processor_threads_per_core processor_vcpus product_name product_serial product_uuid " +
		"product_version swapfree_mb swaptotal_mb system_vendor uptime_seconds", collectHardware},
	{"local", minimal, "local", collectLocal},
	{"lsb", minimal, "lsb", collectLSB},
	{"mounts", []string{"hardware"}, "mounts", collectMounts},
	{"devices", []string{"hardware"}, "devices", collectDevices},
	{"loadavg", nil, "loadavg", collectLoad},
	{"network", nil, "all_ipv4_addresses all_ipv6_addresses default_ipv4 default_ipv6 interfaces", collectNetwork},
	{"pkg_mgr", minimal, "pkg_mgr", collectPackageManager},
	{"platform", minimal, "architecture domain fqdn hostname kernel kernel_version machine machine_id nodename system userspace_architecture " +
		"userspace_bits", collectPlatform},
	{"python", minimal, "python python_version", collectPython},
	{"selinux", minimal, "selinux selinux_python_present", collectSELinux},
	{"service_mgr", minimal, "service_mgr", collectServiceManager},
	{"ssh_pub_keys", minimal, "ssh_host_key_", collectHostKeys},
	{"systemd", nil, "systemd", collectSystemd},
	{"user", minimal, "effective_group_id effective_user_id real_group_id real_user_id user_dir user_gecos user_gid user_id user_shell user_uid", collectUser},
	{"virtual", nil, "virtualization_role virtualization_tech_guest virtualization_tech_host virtualization_type", collectVirtual},
}

var minimal = []string{"min"}

// aliases are names of subsets that Ansible knows for what one collector here
// gathers, or for what is not gathered here at all (an empty name).
var aliases = map[string]string{
	"interfaces": "network", "default_ipv4": "network", "default_ipv6": "network",
	"all_ipv4_addresses": "network", "all_ipv6_addresses": "network",
	"processor": "hardware", "processor_cores": "hardware", "processor_count": "hardware", "dmi": "hardware",
	"virtualization_type": "virtual", "virtualization_role": "virtual", "virtualization_tech_guest": "virtual",
	"distribution_version": "distribution", "distribution_release": "distribution",
	"distribution_major_version": "distribution", "os_family": "distribution",
	"architecture": "platform", "kernel": "platform", "machine": "platform", "machine_id": "platform",
	"python_version": "python", "system": "platform", "is_chroot": "chroot", "user_id": "user",
	"caps": "", "system_capabilities": "", "facter": "", "ohai": "",
	"fibre_channel_wwn": "", "iscsi": "", "nvme": "",
}

// Subsets returns the names of subsets that Select takes, sorted.
func Subsets() []string {
	known := map[string]bool{"all": true, "min": true}
	for _, c := range Collectors {
		known[c.Name] = true
	}
	for name := range aliases {
		known[name] = true
	}
	return slices.Sorted(maps.Keys(known))
}

// Select returns the names of the collectors that a gather_subset asks for, as
// Ansible reads it: the minimal ones always, unless "!min" or both "!all" and
// "!min" are given; all of them where nothing but exclusions is given. unknown
// is the first name that is no subset, or empty.
func Select(subset []string) (chosen map[string]bool, unknown string) {
	add, drop := map[string]bool{}, map[string]bool{}
	positive, noMin := false, false
	for _, name := range subset {
		bare, not := strings.CutPrefix(name, "!")
		names := expand(bare)
		if names == nil {
			return nil, name
		}
		switch {
		case not && bare == "all": // the minimal ones stay
			positive = true
		case not:
			noMin = noMin || bare == "min"
			addAll(drop, names)
		default:
			positive = true
			addAll(add, names)
		}
	}
	if !positive {
		addAll(add, expand("all"))
	}
	if !noMin {
		for _, name := range expand("min") {
			// An exclusion by its own name wins over the minimal set.
			add[name] = add[name] || !drop[name]
		}
	}
	maps.DeleteFunc(add, func(name string, _ bool) bool { return drop[name] && !(slices.Contains(subset, name)) })
	return add, ""
}

func addAll(set map[string]bool, names []string) {
	for _, name := range names {
		set[name] = true
	}
}

// expand returns the collectors that a subset's name stands for, or nil.
func expand(name string) []string {
	if target, ok := aliases[name]; ok {
		if target == "" {
			return []string{}
		}
		name = target
	}
	var names []string
	for _, c := range Collectors {
		if name == "all" || name == c.Name || slices.Contains(c.Groups, name) {
			names = append(names, c.Name)
		}
	}
	return names
}

// Gather runs the chosen collectors. A fact that cannot be found out is left
// out, or has the value that Ansible gives it then; gathering does not fail.
func Gather(ctx context.Context, m *sys.Machine, chosen map[string]bool, opts Options) Facts {
	g := &gatherer{m: m, opts: opts, facts: Facts{}}
	g.distribution = sync.OnceValue(func() Distribution { return FindDistribution(m) })
	for _, c := range Collectors {
		if chosen[c.Name] && ctx.Err() == nil {
			c.collect(ctx, g)
		}
	}
	return g.facts
}

func (g *gatherer) exists(path string) bool { return g.m.Exists(path) }

// orNA returns s, or what Ansible says for a value that is not there.
func orNA(s string) string {
	if s == "" {
		return "NA"
	}
	return s
}
