package docker

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// options are the arguments that are compared with what the engine reports,
// sorted by name.
var options = []option{
	{name: "auto_remove", view: func(s containerSpec) []item { return one(s.host.AutoRemove) }},
	{name: "blkio_weight", live: true, view: func(s containerSpec) []item { return one(s.host.BlkioWeight) }},
	{name: "cap_drop", kind: set, view: func(s containerSpec) []item { return many(capabilities(s.host.CapDrop)) }},
	{name: "capabilities", kind: set, view: func(s containerSpec) []item { return many(capabilities(s.host.CapAdd)) }},
	{name: "cgroup_parent", view: func(s containerSpec) []item { return one(s.host.CgroupParent) }},
	{name: "cgroupns_mode", view: func(s containerSpec) []item { return one(s.host.CgroupnsMode) }},
	{name: "command", kind: list, view: func(s containerSpec) []item { return many(s.config.Cmd) }},
	{name: "cpu_period", live: true, view: func(s containerSpec) []item { return one(s.host.CPUPeriod) }},
	{name: "cpu_quota", live: true, view: func(s containerSpec) []item { return one(s.host.CPUQuota) }},
	{name: "cpu_shares", live: true, view: func(s containerSpec) []item { return one(s.host.CPUShares) }},
	{name: "cpus", live: true, view: func(s containerSpec) []item { return one(s.host.NanoCPUs) }},
	{name: "cpuset_cpus", live: true, view: func(s containerSpec) []item { return one(s.host.CpusetCpus) }},
	{name: "cpuset_mems", live: true, view: func(s containerSpec) []item { return one(s.host.CpusetMems) }},
	{name: "device_cgroup_rules", kind: list, view: func(s containerSpec) []item { return many(s.host.DeviceCgroupRules) }},
	{name: "devices", kind: dict, view: viewDevices},
	{name: "dns_opts", kind: set, view: func(s containerSpec) []item { return many(s.host.DNSOptions) }},
	{name: "dns_search_domains", kind: list, view: func(s containerSpec) []item { return many(s.host.DNSSearch) }},
	{name: "dns_servers", kind: list, view: viewDNS},
	{name: "domainname", view: func(s containerSpec) []item { return one(s.config.Domainname) }},
	{name: "entrypoint", kind: list, view: func(s containerSpec) []item { return many(s.config.Entrypoint) }},
	{name: "env", kind: dict, hide: true, view: func(s containerSpec) []item { return pairs(s.config.Env, "=") }},
	{name: "etc_hosts", kind: dict, view: func(s containerSpec) []item { return pairs(s.host.ExtraHosts, ":") }},
	{name: "exposed_ports", kind: set, view: viewExposed},
	{name: "groups", kind: set, view: func(s containerSpec) []item { return many(s.host.GroupAdd) }},
	{name: "healthcheck", kind: dict, view: viewHealth},
	{name: "hostname", view: func(s containerSpec) []item { return one(s.config.Hostname) }},
	{name: "init", view: func(s containerSpec) []item { return one(s.host.Init != nil && *s.host.Init) }},
	{name: "interactive", view: func(s containerSpec) []item { return one(s.config.OpenStdin) }},
	{name: "ipc_mode", view: func(s containerSpec) []item { return one(s.host.IpcMode) }},
	{name: "labels", kind: dict, view: func(s containerSpec) []item { return entries(s.config.Labels) }},
	{name: "links", kind: set, view: viewLinks},
	{name: "log_driver", view: func(s containerSpec) []item { return one(s.host.LogConfig.Type) }},
	{name: "log_options", kind: dict, view: func(s containerSpec) []item { return entries(s.host.LogConfig.Config) }},
	{name: "memory", live: true, view: func(s containerSpec) []item { return one(s.host.Memory) }},
	{name: "memory_reservation", live: true, view: func(s containerSpec) []item { return one(s.host.MemoryReservation) }},
	{name: "memory_swap", live: true, view: func(s containerSpec) []item { return one(s.host.MemorySwap) }},
	{name: "memory_swappiness", view: func(s containerSpec) []item { return optional(s.host.MemorySwappiness) }},
	{name: "mounts", kind: dict, view: viewMounts},
	{name: "network_mode", view: viewNetworkMode},
	{name: "oom_killer", view: func(s containerSpec) []item { return one(s.host.OomKillDisable != nil && *s.host.OomKillDisable) }},
	{name: "oom_score_adj", view: func(s containerSpec) []item { return one(s.host.OomScoreAdj) }},
	{name: "pid_mode", view: func(s containerSpec) []item { return one(s.host.PidMode) }},
	{name: "pids_limit", live: true, view: viewPidsLimit},
	{name: "privileged", view: func(s containerSpec) []item { return one(s.host.Privileged) }},
	{name: "publish_all_ports", view: func(s containerSpec) []item { return one(s.host.PublishAllPorts) }},
	{name: "published_ports", kind: dict, view: viewPublished},
	{name: "read_only", view: func(s containerSpec) []item { return one(s.host.ReadonlyRootfs) }},
	{name: "restart_policy", live: true, view: viewRestart},
	{name: "runtime", view: func(s containerSpec) []item { return one(s.host.Runtime) }},
	{name: "security_opts", kind: set, view: func(s containerSpec) []item { return many(s.host.SecurityOpt) }},
	{name: "shm_size", view: func(s containerSpec) []item { return one(s.host.ShmSize) }},
	{name: "stop_signal", view: viewStopSignal},
	{name: "stop_timeout", rule: ignore, view: func(s containerSpec) []item { return optional(s.config.StopTimeout) }},
	{name: "storage_opts", kind: dict, view: func(s containerSpec) []item { return entries(s.host.StorageOpt) }},
	{name: "sysctls", kind: dict, view: func(s containerSpec) []item { return entries(s.host.Sysctls) }},
	{name: "tmpfs", kind: dict, view: func(s containerSpec) []item { return entries(s.host.Tmpfs) }},
	{name: "tty", view: func(s containerSpec) []item { return one(s.config.Tty) }},
	{name: "ulimits", kind: dict, view: viewUlimits},
	{name: "user", view: func(s containerSpec) []item { return one(s.config.User) }},
	{name: "userns_mode", view: func(s containerSpec) []item { return one(s.host.UsernsMode) }},
	{name: "uts", view: func(s containerSpec) []item { return one(s.host.UTSMode) }},
	{name: "volume_driver", view: func(s containerSpec) []item { return one(s.host.VolumeDriver) }},
	{name: "volumes", kind: dict, view: viewVolumes},
	{name: "volumes_from", kind: set, view: func(s containerSpec) []item { return many(s.host.VolumesFrom) }},
	{name: "working_dir", view: func(s containerSpec) []item { return one(s.config.WorkingDir) }},
}

func one(v any) []item { return []item{{value: fmt.Sprint(v)}} }

func optional[T any](p *T) []item {
	if p == nil {
		return nil
	}
	return one(*p)
}

func many(texts []string) []item {
	var out []item
	for _, text := range texts {
		out = append(out, item{value: text})
	}
	return out
}

// pairs splits each text at the separator into key and value.
func pairs(texts []string, sep string) []item {
	var out []item
	for _, text := range texts {
		k, v, _ := strings.Cut(text, sep)
		out = append(out, item{k, v})
	}
	return out
}

func entries(m map[string]string) []item {
	var out []item
	for _, k := range sortedKeys(m) {
		out = append(out, item{k, m[k]})
	}
	return out
}

func viewDevices(s containerSpec) []item {
	var out []item
	for _, d := range s.host.Devices {
		out = append(out, item{d.PathInContainer, d.PathOnHost + ":" + d.CgroupPermissions})
	}
	return out
}

func viewDNS(s containerSpec) []item {
	var out []item
	for _, ip := range s.host.DNS {
		out = append(out, item{value: ip.String()})
	}
	return out
}

func viewExposed(s containerSpec) []item {
	var ports []string
	for port := range s.config.ExposedPorts {
		ports = append(ports, port.String())
	}
	slices.Sort(ports)
	return many(ports)
}

func viewPublished(s containerSpec) []item {
	var out []item
	for port, bindings := range s.host.PortBindings {
		var texts []string
		for _, b := range bindings {
			// No address and 0.0.0.0 are one thing to the engine.
			ip := ""
			if b.HostIP.IsValid() && b.HostIP != netip.IPv4Unspecified() {
				ip = b.HostIP.String() + ":"
			}
			texts = append(texts, ip+firstOf(b.HostPort, "(any)"))
		}
		slices.Sort(texts)
		out = append(out, item{port.String(), strings.Join(texts, " ")})
	}
	return out
}

func viewHealth(s containerSpec) []item {
	h := s.config.Healthcheck
	if h == nil || len(h.Test) > 0 && h.Test[0] == "NONE" {
		return []item{{"test", `["NONE"]`}}
	}
	test, _ := json.Marshal(h.Test) // texts alone always encode
	return []item{
		{"test", string(test)},
		{"interval", orDefault(h.Interval)}, {"timeout", orDefault(h.Timeout)},
		{"start_period", orDefault(h.StartPeriod)}, {"start_interval", orDefault(h.StartInterval)},
		{"retries", strconv.Itoa(h.Retries)},
	}
}

func orDefault(d time.Duration) string {
	if d == 0 {
		return "default"
	}
	return d.String()
}

// viewLinks reads "container:alias" and the engine's "/container:/name/alias".
func viewLinks(s containerSpec) []item {
	var out []item
	for _, link := range s.host.Links {
		from, alias, ok := strings.Cut(link, ":")
		from = strings.TrimPrefix(from, "/")
		if !ok {
			alias = from
		}
		out = append(out, item{value: from + ":" + alias[strings.LastIndexByte(alias, '/')+1:]})
	}
	return out
}

func viewMounts(s containerSpec) []item {
	var out []item
	for _, m := range s.host.Mounts {
		target := m.Target
		m.Target = ""
		if m.Consistency == "default" {
			m.Consistency = ""
		}
		data, _ := json.Marshal(m) // a struct of texts and numbers always encodes
		out = append(out, item{target, string(data)})
	}
	return out
}

func viewNetworkMode(s containerSpec) []item {
	mode := string(s.host.NetworkMode)
	if mode == "" || mode == "default" {
		mode = "bridge"
	}
	return one(mode)
}

func viewPidsLimit(s containerSpec) []item {
	if s.host.PidsLimit == nil || *s.host.PidsLimit <= 0 {
		return one("unlimited")
	}
	return one(*s.host.PidsLimit)
}

func viewRestart(s containerSpec) []item {
	p := s.host.RestartPolicy
	name := firstOf(string(p.Name), "no")
	if p.MaximumRetryCount != 0 {
		name += ":" + strconv.Itoa(p.MaximumRetryCount)
	}
	return one(name)
}

func viewStopSignal(s containerSpec) []item {
	return one(strings.TrimPrefix(strings.ToUpper(s.config.StopSignal), "SIG"))
}

func viewUlimits(s containerSpec) []item {
	var out []item
	for _, u := range s.host.Ulimits {
		out = append(out, item{u.Name, fmt.Sprintf("%d:%d", u.Soft, u.Hard)})
	}
	return out
}

// viewVolumes shows binds and volumes without a name by their path inside.
func viewVolumes(s containerSpec) []item {
	seen := map[string]bool{}
	var out []item
	for _, text := range s.host.Binds {
		b, err := parseBind(text)
		if err != nil {
			out = append(out, item{value: text})
			continue
		}
		seen[b.target] = true
		out = append(out, item{b.target, strings.TrimSpace(b.source + " " + strings.Join(b.mode, ","))})
	}
	for target := range s.config.Volumes {
		if !seen[target] {
			out = append(out, item{key: target, value: "(no name)"})
		}
	}
	return out
}
