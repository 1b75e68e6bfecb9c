package docker

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// Prune removes what no container uses: stopped containers, images, networks,
// volumes and build cache. Only what is asked for is pruned. It looks first
// whether there is anything to remove.
//
// Example:
//
//	tasks:
//	  - docker_prune:
//	      containers: true
//	      images: true
//	      images_filters: {dangling: false}
var Prune = sys.Define(spec.Module{
	Name:  "docker_prune",
	Names: []string{"community.docker.docker_prune", "community.general.docker_prune"},
}, runPrune)

type dockerPruneArgs struct {
	engineArgs
	// Prune containers that do not run.
	Containers bool `arg:"containers" default:"false"`
	// Which of them, as until: 24h or label: a=b.
	ContainersFilters map[string]any `arg:"containers_filters"`
	// Prune images without a name that no container uses.
	Images bool `arg:"images" default:"false"`
	// Which of them; dangling: false takes those with a name too.
	ImagesFilters map[string]any `arg:"images_filters"`
	// Prune networks that no container uses.
	Networks bool `arg:"networks" default:"false"`
	// Which of them.
	NetworksFilters map[string]any `arg:"networks_filters"`
	// Prune volumes that no container uses. Newer engines take those without a name
	// only, unless volumes_filters has all: true.
	Volumes bool `arg:"volumes" default:"false"`
	// Which of them.
	VolumesFilters map[string]any `arg:"volumes_filters"`
	// Prune the build cache.
	BuilderCache bool `arg:"builder_cache" default:"false"`
	// All of it, not only what nothing refers to.
	BuilderCacheAll bool `arg:"builder_cache_all" default:"false"`
	// Which of it.
	BuilderCacheFilters map[string]any `arg:"builder_cache_filters"`
	// How much of it to keep, as 2G.
	BuilderCacheKeepStorage string `arg:"builder_cache_keep_storage"`
}

type dockerPruneResult struct {
	// Whether anything was removed, or in check mode whether there is something to look at.
	Changed bool `json:"changed"`
	// The IDs of the containers that were removed.
	Containers []string `json:"containers"`
	// How many bytes they took.
	ContainersSpaceReclaimed uint64 `json:"containers_space_reclaimed"`
	// The images that were removed: Untagged or Deleted with a name or ID.
	Images []map[string]string `json:"images"`
	// How many bytes they took.
	ImagesSpaceReclaimed uint64 `json:"images_space_reclaimed"`
	// The names of the networks that were removed.
	Networks []string `json:"networks"`
	// The names of the volumes that were removed.
	Volumes []string `json:"volumes"`
	// How many bytes they took.
	VolumesSpaceReclaimed uint64 `json:"volumes_space_reclaimed"`
	// The IDs of the build cache's records that were removed.
	BuilderCacheCachesDeleted []string `json:"builder_cache_caches_deleted"`
	// How many bytes they took.
	BuilderCacheSpaceReclaimed uint64 `json:"builder_cache_space_reclaimed"`
	// What did not stop the task but should be known.
	Warnings []string `json:"warnings,omitempty"`
}

// pruning is one kind of things to prune.
type pruning struct {
	what    string
	on      bool
	filters client.Filters
	// look tells whether there is something that might be removed.
	look func(context.Context, client.Filters) (bool, error)
	// prune removes it and tells whether it was anything.
	prune func(context.Context, client.Filters) (bool, error)
}

func runPrune(ctx context.Context, m *sys.Machine, a *dockerPruneArgs) (any, error) {
	keep := int64(0)
	if a.BuilderCacheKeepStorage != "" {
		var err error
		if keep, err = size("builder_cache_keep_storage", a.BuilderCacheKeepStorage); err != nil {
			return nil, err
		}
	}
	e, err := connect(ctx, m, &a.engineArgs)
	if err != nil {
		return nil, err
	}
	defer e.Close()
	r := &dockerPruneResult{Containers: []string{}, Images: []map[string]string{}, Networks: []string{}, Volumes: []string{},
		BuilderCacheCachesDeleted: []string{}, Warnings: e.warnings}
	if e.missing {
		return r, nil
	}
	for _, p := range []pruning{
		{"containers", a.Containers, filters(a.ContainersFilters), e.stoppedContainers, r.containers(e)},
		{"images", a.Images, filters(a.ImagesFilters), e.unusedImages, r.images(e)},
		{"networks", a.Networks, filters(a.NetworksFilters), e.unusedNetworks, r.networks(e)},
		{"volumes", a.Volumes, filters(a.VolumesFilters), e.unusedVolumes, r.volumes(e)},
		{"build cache", a.BuilderCache, filters(a.BuilderCacheFilters), e.unusedCache, r.cache(e, a.BuilderCacheAll, keep)},
	} {
		if !p.on {
			continue
		}
		some, err := p.look(ctx, p.filters)
		if err != nil {
			return r, fmt.Errorf("%s: %w", p.what, err)
		}
		if !some {
			continue
		}
		err = m.Change(ctx, sys.Change{What: "prune " + p.what, Do: func(ctx context.Context) error {
			removed, err := p.prune(ctx, p.filters)
			r.Changed = r.Changed || removed
			return err
		}})
		if err != nil {
			return r, fmt.Errorf("%s: %w", p.what, err)
		}
		r.Changed = r.Changed || m.Check
	}
	return r, nil
}

// filters turns Ansible's mappings into the engine's: {label: [a, b], dangling: true}.
func filters(given map[string]any) client.Filters {
	out := client.Filters{}
	for k, v := range given {
		switch v := v.(type) {
		case []any:
			for _, item := range v {
				out.Add(k, fmt.Sprint(item))
			}
		case map[string]any:
			for name, item := range v {
				out.Add(k, strings.TrimSuffix(name+"="+fmt.Sprint(item), "="))
			}
		default:
			out.Add(k, fmt.Sprint(v))
		}
	}
	return out
}

// listing returns the filters that a list knows too, with more added.
func listing(f client.Filters, known []string, more client.Filters) client.Filters {
	out := client.Filters{}
	for k, v := range f {
		if slices.Contains(known, k) {
			out[k] = maps.Clone(v)
		}
	}
	for k, v := range more {
		if _, given := out[k]; !given {
			out[k] = v
		}
	}
	return out
}

func (e *engine) stoppedContainers(ctx context.Context, f client.Filters) (bool, error) {
	stopped := client.Filters{}.Add("status", string(container.StateCreated), string(container.StateExited), string(container.StateDead))
	list, err := ask(ctx, e, func(ctx context.Context) (client.ContainerListResult, error) {
		return e.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: listing(f, []string{"label"}, stopped)})
	})
	return len(list.Items) > 0, err
}

func (e *engine) unusedImages(ctx context.Context, f client.Filters) (bool, error) {
	more := client.Filters{}
	if !f["dangling"]["false"] && !f["dangling"]["0"] {
		more.Add("dangling", "true")
	}
	list, err := ask(ctx, e, func(ctx context.Context) (client.ImageListResult, error) {
		return e.ImageList(ctx, client.ImageListOptions{Filters: listing(f, []string{"label"}, more)})
	})
	if err != nil || len(list.Items) == 0 {
		return false, err
	}
	users, err := ask(ctx, e, func(ctx context.Context) (client.ContainerListResult, error) {
		return e.ContainerList(ctx, client.ContainerListOptions{All: true})
	})
	used := map[string]bool{}
	for _, c := range users.Items {
		used[c.ImageID] = true
	}
	for _, image := range list.Items {
		if !used[image.ID] {
			return true, err
		}
	}
	return false, err
}

func (e *engine) unusedNetworks(ctx context.Context, f client.Filters) (bool, error) {
	list, err := ask(ctx, e, func(ctx context.Context) (client.NetworkListResult, error) {
		return e.NetworkList(ctx, client.NetworkListOptions{Filters: listing(f, []string{"label"}, client.Filters{}.Add("dangling", "true"))})
	})
	return len(list.Items) > 0, err
}

func (e *engine) unusedVolumes(ctx context.Context, f client.Filters) (bool, error) {
	list, err := ask(ctx, e, func(ctx context.Context) (client.VolumeListResult, error) {
		return e.VolumeList(ctx, client.VolumeListOptions{Filters: listing(f, []string{"label"}, client.Filters{}.Add("dangling", "true"))})
	})
	return len(list.Items) > 0, err
}

func (e *engine) unusedCache(ctx context.Context, _ client.Filters) (bool, error) {
	usage, err := ask(ctx, e, func(ctx context.Context) (client.DiskUsageResult, error) {
		return e.DiskUsage(ctx, client.DiskUsageOptions{BuildCache: true})
	})
	return usage.BuildCache.TotalCount > 0, err
}

type pruneFunc func(context.Context, client.Filters) (bool, error)

func (r *dockerPruneResult) containers(e *engine) pruneFunc {
	return func(ctx context.Context, f client.Filters) (bool, error) {
		done, err := ask(ctx, e, func(ctx context.Context) (client.ContainerPruneResult, error) {
			return e.ContainerPrune(ctx, client.ContainerPruneOptions{Filters: f})
		})
		r.Containers, r.ContainersSpaceReclaimed = append(r.Containers, done.Report.ContainersDeleted...), done.Report.SpaceReclaimed
		return len(r.Containers) > 0, err
	}
}

func (r *dockerPruneResult) images(e *engine) pruneFunc {
	return func(ctx context.Context, f client.Filters) (bool, error) {
		done, err := ask(ctx, e, func(ctx context.Context) (client.ImagePruneResult, error) {
			return e.ImagePrune(ctx, client.ImagePruneOptions{Filters: f})
		})
		for _, image := range done.Report.ImagesDeleted {
			if image.Untagged != "" {
				r.Images = append(r.Images, map[string]string{"Untagged": image.Untagged})
			}
			if image.Deleted != "" {
				r.Images = append(r.Images, map[string]string{"Deleted": image.Deleted})
			}
		}
		r.ImagesSpaceReclaimed = done.Report.SpaceReclaimed
		return len(r.Images) > 0, err
	}
}

func (r *dockerPruneResult) networks(e *engine) pruneFunc {
	return func(ctx context.Context, f client.Filters) (bool, error) {
		done, err := ask(ctx, e, func(ctx context.Context) (client.NetworkPruneResult, error) {
			return e.NetworkPrune(ctx, client.NetworkPruneOptions{Filters: f})
		})
		r.Networks = append(r.Networks, done.Report.NetworksDeleted...)
		return len(r.Networks) > 0, err
	}
}

func (r *dockerPruneResult) volumes(e *engine) pruneFunc {
	return func(ctx context.Context, f client.Filters) (bool, error) {
		done, err := ask(ctx, e, func(ctx context.Context) (client.VolumePruneResult, error) {
			return e.VolumePrune(ctx, client.VolumePruneOptions{Filters: f})
		})
		r.Volumes, r.VolumesSpaceReclaimed = append(r.Volumes, done.Report.VolumesDeleted...), done.Report.SpaceReclaimed
		return len(r.Volumes) > 0, err
	}
}

func (r *dockerPruneResult) cache(e *engine, all bool, keep int64) pruneFunc {
	return func(ctx context.Context, f client.Filters) (bool, error) {
		done, err := ask(ctx, e, func(ctx context.Context) (client.BuildCachePruneResult, error) {
			return e.BuildCachePrune(ctx, client.BuildCachePruneOptions{All: all, ReservedSpace: keep, Filters: f})
		})
		r.BuilderCacheCachesDeleted, r.BuilderCacheSpaceReclaimed = append(r.BuilderCacheCachesDeleted, done.Report.CachesDeleted...), done.Report.SpaceReclaimed
		return len(r.BuilderCacheCachesDeleted) > 0, err
	}
}
