package docker

import (
	"context"
	"encoding/json"

	"fleet/internal/spec"
	"fleet/internal/tasks/docker/client"
	"fleet/internal/tasks/sys"
)

// HostInfo tells what the engine reports of itself, and lists what it holds. It
// changes nothing.
//
// Example:
//
//	tasks:
//	  - docker_host_info:
//	      containers: true
//	      containers_all: true
//	      containers_filters: {name: todo-}
//	    register: engine
var HostInfo = sys.Define(spec.Module{
	Name:  "docker_host_info",
	Names: []string{"community.docker.docker_host_info", "community.general.docker_host_info"},
}, hostInfo)

type dockerHostInfoArgs struct {
	engineArgs
	// List containers that run.
	Containers bool `arg:"containers" default:"false"`
	// List those that do not run too.
	ContainersAll bool `arg:"containers_all" default:"false"`
	// Which containers, as name: todo- or label: a=b.
	ContainersFilters map[string]any `arg:"containers_filters"`
	// List images.
	Images bool `arg:"images" default:"false"`
	// Which images.
	ImagesFilters map[string]any `arg:"images_filters"`
	// List networks.
	Networks bool `arg:"networks" default:"false"`
	// Which networks.
	NetworksFilters map[string]any `arg:"networks_filters"`
	// List volumes.
	Volumes bool `arg:"volumes" default:"false"`
	// Which volumes.
	VolumesFilters map[string]any `arg:"volumes_filters"`
	// Tell how much space everything takes.
	DiskUsage bool `arg:"disk_usage" default:"false"`
	// List everything that the engine reports, not only the most important.
	VerboseOutput bool `arg:"verbose_output" default:"false"`
}

type dockerHostInfoResult struct {
	// Whether the engine answered.
	CanTalkToDocker bool `json:"can_talk_to_docker"`
	// What the engine reports of itself, by the names of its API.
	HostInfo any `json:"host_info"`
	// The containers, where they were asked for.
	Containers []map[string]any `json:"containers,omitzero"`
	// The images, where they were asked for.
	Images []map[string]any `json:"images,omitzero"`
	// The networks, where they were asked for.
	Networks []map[string]any `json:"networks,omitzero"`
	// The volumes, where they were asked for.
	Volumes []map[string]any `json:"volumes,omitzero"`
	// What containers, images, volumes and build cache take, where it was asked for.
	DiskUsage any `json:"disk_usage,omitempty"`
	// What did not stop the task but should be known.
	Warnings []string `json:"warnings,omitempty"`
}

func hostInfo(ctx context.Context, m *sys.Machine, a *dockerHostInfoArgs) (any, error) {
	e, err := connect(ctx, m, &a.engineArgs)
	if err != nil {
		return nil, err
	}
	defer e.Close()
	r := &dockerHostInfoResult{CanTalkToDocker: !e.missing, HostInfo: map[string]any{}, Warnings: e.warnings}
	if e.missing {
		return r, e.listAll(ctx, a, r)
	}
	info, err := ask(ctx, e, e.Info)
	if err != nil {
		return r, err
	}
	r.HostInfo = info
	if err := e.listAll(ctx, a, r); err != nil {
		return r, err
	}
	if a.DiskUsage {
		usage, err := ask(ctx, e, func(ctx context.Context) (client.DiskUsage, error) {
			return e.Client.DiskUsage(ctx, a.VerboseOutput, "container", "image", "volume", "build-cache")
		})
		if err != nil {
			return r, err
		}
		r.DiskUsage = usage
	}
	return r, nil
}

// listAll fills in the lists that were asked for.
func (e *engine) listAll(ctx context.Context, a *dockerHostInfoArgs, r *dockerHostInfoResult) error {
	for _, list := range []struct {
		on    bool
		into  *[]map[string]any
		short []string // what is kept without verbose_output
		fetch func(context.Context) (any, error)
	}{
		{a.Containers || a.ContainersAll, &r.Containers, []string{"Id", "Image", "Command", "Created", "Status", "State", "Ports", "Names"}, func(ctx context.Context) (any, error) {
			l, err := e.Containers(ctx, a.ContainersAll, filters(a.ContainersFilters))
			return l, err
		}},
		{a.Images, &r.Images, []string{"Id", "RepoTags", "RepoDigests", "Created", "Size"}, func(ctx context.Context) (any, error) {
			l, err := e.Images(ctx, filters(a.ImagesFilters))
			return l, err
		}},
		{a.Networks, &r.Networks, []string{"Id", "Driver", "Name", "Scope"}, func(ctx context.Context) (any, error) {
			l, err := e.Networks(ctx, filters(a.NetworksFilters))
			return l, err
		}},
		{a.Volumes, &r.Volumes, []string{"Driver", "Name"}, func(ctx context.Context) (any, error) {
			l, err := e.Volumes(ctx, filters(a.VolumesFilters))
			return l, err
		}},
	} {
		if !list.on {
			continue
		}
		if *list.into = []map[string]any{}; e.missing {
			continue
		}
		items, err := ask(ctx, e, list.fetch)
		if err != nil {
			return err
		}
		if *list.into, err = fields(items, list.short, a.VerboseOutput); err != nil {
			return err
		}
	}
	return nil
}

// fields returns the items by the names of the engine's API, all of them or
// only those that are named.
func fields(items any, names []string, all bool) ([]map[string]any, error) {
	data, err := json.Marshal(items)
	if err != nil {
		return nil, err
	}
	full := []map[string]any{}
	if err := json.Unmarshal(data, &full); err != nil || all {
		return full, err
	}
	out := make([]map[string]any, len(full))
	for i, item := range full {
		out[i] = map[string]any{}
		for _, name := range names {
			if v, ok := item[name]; ok {
				out[i][name] = v
			}
		}
	}
	return out, nil
}
