package docker

import (
	"slices"
	"strings"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/image"
	"github.com/moby/moby/api/types/network"
)

// withImage returns s with what the engine takes from the image where s says
// nothing. img may be nil.
func (s containerSpec) withImage(img *image.InspectResponse) containerSpec {
	if img == nil || img.Config == nil {
		return s
	}
	merged := *s.config
	from := img.Config
	have := map[string]bool{}
	for _, kv := range merged.Env {
		k, _, _ := strings.Cut(kv, "=")
		have[k] = true
	}
	merged.Env = slices.Clone(merged.Env)
	for _, kv := range from.Env {
		if k, _, _ := strings.Cut(kv, "="); !have[k] {
			merged.Env = append(merged.Env, kv)
		}
	}
	merged.Labels = mergeMaps(from.Labels, merged.Labels)
	merged.Volumes = mergeMaps(from.Volumes, merged.Volumes)
	ports := network.PortSet{}
	for text := range from.ExposedPorts {
		if port, err := network.ParsePort(text); err == nil {
			ports[port] = struct{}{}
		}
	}
	merged.ExposedPorts = mergeMaps(ports, merged.ExposedPorts)
	if len(merged.Entrypoint) == 0 && len(merged.Cmd) == 0 {
		merged.Cmd = from.Cmd
	}
	if merged.Entrypoint == nil {
		merged.Entrypoint = from.Entrypoint
	}
	merged.User = firstOf(merged.User, from.User)
	merged.WorkingDir = firstOf(merged.WorkingDir, from.WorkingDir)
	merged.StopSignal = firstOf(merged.StopSignal, from.StopSignal)
	merged.Healthcheck = mergeHealth(from.Healthcheck, merged.Healthcheck)
	return containerSpec{&merged, s.host}
}

func mergeMaps[K comparable, V any](below, above map[K]V) map[K]V {
	out := make(map[K]V, len(below)+len(above))
	for k, v := range below {
		out[k] = v
	}
	for k, v := range above {
		out[k] = v
	}
	return out
}

func mergeHealth(below, above *container.HealthConfig) *container.HealthConfig {
	if below == nil || above == nil {
		if above == nil {
			return below
		}
		return above
	}
	h := *above
	if len(h.Test) == 0 {
		h.Test = below.Test
	}
	if h.Interval == 0 {
		h.Interval = below.Interval
	}
	if h.Timeout == 0 {
		h.Timeout = below.Timeout
	}
	if h.StartPeriod == 0 {
		h.StartPeriod = below.StartPeriod
	}
	if h.StartInterval == 0 {
		h.StartInterval = below.StartInterval
	}
	if h.Retries == 0 {
		h.Retries = below.Retries
	}
	return &h
}
