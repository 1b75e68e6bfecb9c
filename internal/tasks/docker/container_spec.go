package docker

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/docker/go-units"
	"github.com/moby/moby/api/types/container"

	"fleet/internal/tasks/sys"
)

// containerSpec is a container as it was asked for, or as the engine has it.
type containerSpec struct {
	config *container.Config
	host   *container.HostConfig
}

// newSpec builds what the arguments ask for. It leaves empty what they do not
// name, so that the image's and the engine's defaults stand.
func newSpec(m *sys.Machine, a *dockerContainerArgs) (containerSpec, error) {
	s := containerSpec{&container.Config{}, &container.HostConfig{}}
	for _, part := range []func(*sys.Machine, *dockerContainerArgs, containerSpec) error{
		specProcess, specEnv, specHealth, specNetwork, specStorage, specLimits, specRights, specRunning,
	} {
		if err := part(m, a, s); err != nil {
			return s, err
		}
	}
	return s, nil
}

func specProcess(_ *sys.Machine, a *dockerContainerArgs, s containerSpec) (err error) {
	c := s.config
	if c.Cmd, err = command("command", a.Command); err != nil {
		return err
	}
	c.Image, c.Entrypoint = a.Image, a.Entrypoint
	c.User, c.WorkingDir = a.User, a.WorkingDir
	c.Hostname, c.Domainname = a.Hostname, a.Domainname
	c.Labels = texts(a.Labels)
	c.StopSignal, c.StopTimeout = a.StopSignal, a.StopTimeout
	c.Tty, c.OpenStdin = isTrue(a.Tty), isTrue(a.Interactive)
	if !a.Detach {
		c.AttachStdout, c.AttachStderr = true, true
		c.StdinOnce = c.OpenStdin
	}
	return nil
}

func isTrue(b *bool) bool { return b != nil && *b }

func specEnv(m *sys.Machine, a *dockerContainerArgs, s containerSpec) error {
	env := map[string]string{}
	if a.EnvFile != "" {
		path, err := m.Expand(a.EnvFile)
		if err != nil {
			return err
		}
		data, err := m.ReadFile(path)
		if err != nil {
			return fmt.Errorf("env_file: %w", err)
		}
		for i, line := range strings.Split(string(data), "\n") {
			line = strings.TrimLeft(strings.TrimSuffix(line, "\r"), " \t")
			if line == "" || line[0] == '#' {
				continue
			}
			k, v, ok := strings.Cut(line, "=")
			if !ok {
				return fmt.Errorf("env_file %s: line %d is not KEY=value", path, i+1)
			}
			env[strings.TrimSpace(k)] = v
		}
	}
	for k, v := range a.Env {
		text, err := plain(v)
		if err != nil {
			return fmt.Errorf("env.%s %w", k, err)
		}
		env[k] = text
	}
	for _, k := range sortedKeys(env) {
		s.config.Env = append(s.config.Env, k+"="+env[k])
	}
	return nil
}

func specHealth(_ *sys.Machine, a *dockerContainerArgs, s containerSpec) (err error) {
	if a.Healthcheck == nil {
		return nil
	}
	h := &container.HealthConfig{}
	switch test := a.Healthcheck.Test.(type) {
	case nil:
	case string:
		if h.Test = []string{"CMD-SHELL", test}; strings.EqualFold(strings.TrimSpace(test), "NONE") {
			h.Test = []string{"NONE"}
		}
	default:
		if h.Test, err = command("healthcheck.test", test); err != nil {
			return err
		}
		if len(h.Test) == 0 || !slices.Contains([]string{"NONE", "CMD", "CMD-SHELL"}, h.Test[0]) {
			return fmt.Errorf("healthcheck.test: a list starts with CMD, CMD-SHELL or NONE")
		}
	}
	if h.Interval, err = duration("healthcheck.interval", a.Healthcheck.Interval); err != nil {
		return err
	}
	if h.Timeout, err = duration("healthcheck.timeout", a.Healthcheck.Timeout); err != nil {
		return err
	}
	if h.StartPeriod, err = duration("healthcheck.start_period", a.Healthcheck.StartPeriod); err != nil {
		return err
	}
	if h.StartInterval, err = duration("healthcheck.start_interval", a.Healthcheck.StartInterval); err != nil {
		return err
	}
	if a.Healthcheck.Retries != nil {
		h.Retries = *a.Healthcheck.Retries
	}
	s.config.Healthcheck = h
	return nil
}

func specNetwork(_ *sys.Machine, a *dockerContainerArgs, s containerSpec) error {
	bindings, ports, all, err := parsePorts(a.PublishedPorts, a.ExposedPorts, a.DefaultHostIP)
	if err != nil {
		return err
	}
	h := s.host
	h.PortBindings, s.config.ExposedPorts = bindings, ports
	h.PublishAllPorts = all || isTrue(a.PublishAllPorts)
	h.NetworkMode = container.NetworkMode(a.NetworkMode)
	if a.NetworkMode == "" && a.NetworksCLICompatible && len(a.Networks) > 0 {
		h.NetworkMode = container.NetworkMode(a.Networks[0].Name)
	}
	h.Links = a.Links
	for _, server := range a.DNSServers {
		ip, err := netip.ParseAddr(server)
		if err != nil {
			return fmt.Errorf("dns_servers: %q is no address", server)
		}
		h.DNS = append(h.DNS, ip)
	}
	h.DNSOptions, h.DNSSearch = a.DNSOpts, a.DNSSearchDomains
	for _, name := range sortedKeys(a.EtcHosts) {
		h.ExtraHosts = append(h.ExtraHosts, name+":"+a.EtcHosts[name])
	}
	return nil
}

func specRights(_ *sys.Machine, a *dockerContainerArgs, s containerSpec) error {
	h := s.host
	h.Privileged, h.ReadonlyRootfs = isTrue(a.Privileged), isTrue(a.ReadOnly)
	h.CapAdd, h.CapDrop = capabilities(a.Capabilities), capabilities(a.CapDrop)
	h.GroupAdd, h.SecurityOpt, h.Sysctls = a.Groups, a.SecurityOpts, texts(a.Sysctls)
	h.IpcMode, h.PidMode = container.IpcMode(a.IPCMode), container.PidMode(a.PIDMode)
	h.UsernsMode, h.UTSMode = container.UsernsMode(a.UsernsMode), container.UTSMode(a.UTS)
	h.CgroupnsMode, h.CgroupParent = container.CgroupnsMode(a.CgroupnsMode), a.CgroupParent
	h.Runtime, h.DeviceCgroupRules = a.Runtime, a.DeviceCgroupRules
	for _, text := range a.Devices {
		parts := strings.Split(text, ":")
		d := container.DeviceMapping{PathOnHost: parts[0], PathInContainer: parts[0], CgroupPermissions: "rwm"}
		switch {
		case len(parts) > 3 || parts[0] == "":
			return fmt.Errorf("devices: %q: want HOST:CONTAINER:rwm", text)
		case len(parts) == 3:
			d.PathInContainer, d.CgroupPermissions = parts[1], parts[2]
		case len(parts) == 2 && strings.Trim(parts[1], "rwm") == "":
			d.CgroupPermissions = parts[1]
		case len(parts) == 2:
			d.PathInContainer = parts[1]
		}
		h.Devices = append(h.Devices, d)
	}
	return nil
}

// capabilities spells names as the engine does: CAP_NET_ADMIN, ALL.
func capabilities(names []string) []string {
	var out []string
	for _, name := range names {
		name = strings.ToUpper(name)
		if name != "ALL" && !strings.HasPrefix(name, "CAP_") {
			name = "CAP_" + name
		}
		out = append(out, name)
	}
	return out
}

func specRunning(_ *sys.Machine, a *dockerContainerArgs, s containerSpec) error {
	h := s.host
	h.RestartPolicy.Name = container.RestartPolicyMode(a.RestartPolicy)
	if a.RestartRetries != nil {
		if a.RestartPolicy != "on-failure" {
			return fmt.Errorf("argument \"restart_retries\" goes with restart_policy on-failure")
		}
		h.RestartPolicy.MaximumRetryCount = *a.RestartRetries
	}
	h.AutoRemove, h.Init = isTrue(a.AutoRemove), a.Init
	h.LogConfig = container.LogConfig{Type: a.LogDriver, Config: texts(a.LogOptions)}
	return nil
}

func specLimits(_ *sys.Machine, a *dockerContainerArgs, s containerSpec) (err error) {
	h := s.host
	for _, f := range []struct {
		name, text string
		into       *int64
	}{
		{"memory", a.Memory, &h.Memory},
		{"memory_swap", a.MemorySwap, &h.MemorySwap},
		{"memory_reservation", a.MemoryReservation, &h.MemoryReservation},
		{"shm_size", a.ShmSize, &h.ShmSize},
	} {
		if f.text == "" {
			continue
		}
		if *f.into, err = size(f.name, f.text); err != nil {
			return err
		}
	}
	if a.CPUs != nil {
		h.NanoCPUs = int64(*a.CPUs * 1e9)
	}
	for _, f := range []struct {
		from *int
		into *int64
	}{{a.CPUShares, &h.CPUShares}, {a.CPUPeriod, &h.CPUPeriod}, {a.CPUQuota, &h.CPUQuota}} {
		if f.from != nil {
			*f.into = int64(*f.from)
		}
	}
	if a.BlkioWeight != nil {
		h.BlkioWeight = uint16(*a.BlkioWeight)
	}
	if a.OOMScoreAdj != nil {
		h.OomScoreAdj = *a.OOMScoreAdj
	}
	if a.OOMKiller != nil {
		h.OomKillDisable = a.OOMKiller
	}
	h.CpusetCpus, h.CpusetMems, h.StorageOpt = a.CpusetCPUs, a.CpusetMems, texts(a.StorageOpts)
	h.PidsLimit, h.MemorySwappiness = wide(a.PidsLimit), wide(a.MemorySwappiness)
	for _, text := range a.Ulimits {
		u, err := ulimit(text)
		if err != nil {
			return err
		}
		h.Ulimits = append(h.Ulimits, (*units.Ulimit)(u))
	}
	return nil
}

func wide(n *int) *int64 {
	if n == nil {
		return nil
	}
	w := int64(*n)
	return &w
}
