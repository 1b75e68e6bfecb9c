package docker

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/moby/moby/api/types/build"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/image"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/api/types/volume"

	"fleet/internal/spec"
	"fleet/internal/tasks/docker/client"
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
	list, err := ask(ctx, e, func(ctx context.Context) ([]container.Summary, error) {
		return e.Containers(ctx, true, listing(f, []string{"label"}, stopped))
	})
	return len(list) > 0, err
}

func (e *engine) unusedImages(ctx context.Context, f client.Filters) (bool, error) {
	more := client.Filters{}
	if !f["dangling"]["false"] && !f["dangling"]["0"] {
		more.Add("dangling", "true")
	}
	list, err := ask(ctx, e, func(ctx context.Context) ([]image.Summary, error) {
		return e.Images(ctx, listing(f, []string{"label"}, more))
	})
	if err != nil || len(list) == 0 {
		return false, err
	}
	users, err := ask(ctx, e, func(ctx context.Context) ([]container.Summary, error) {
		return e.Containers(ctx, true, nil)
	})
	used := map[string]bool{}
	for _, c := range users {
		used[c.ImageID] = true
	}
	for _, image := range list {
		if !used[image.ID] {
			return true, err
		}
	}
	return false, err
}

func (e *engine) unusedNetworks(ctx context.Context, f client.Filters) (bool, error) {
	list, err := ask(ctx, e, func(ctx context.Context) ([]network.Summary, error) {
		return e.Networks(ctx, listing(f, []string{"label"}, client.Filters{}.Add("dangling", "true")))
	})
	return len(list) > 0, err
}

func (e *engine) unusedVolumes(ctx context.Context, f client.Filters) (bool, error) {
	list, err := ask(ctx, e, func(ctx context.Context) ([]volume.Volume, error) {
		return e.Volumes(ctx, listing(f, []string{"label"}, client.Filters{}.Add("dangling", "true")))
	})
	return len(list) > 0, err
}

func (e *engine) unusedCache(ctx context.Context, _ client.Filters) (bool, error) {
	usage, err := ask(ctx, e, func(ctx context.Context) (client.DiskUsage, error) {
		return e.DiskUsage(ctx, false, "build-cache")
	})
	return usage.BuildCache.TotalCount > 0, err
}

type pruneFunc func(context.Context, client.Filters) (bool, error)

func (r *dockerPruneResult) containers(e *engine) pruneFunc {
	return func(ctx context.Context, f client.Filters) (bool, error) {
		done, err := ask(ctx, e, func(ctx context.Context) (container.PruneReport, error) {
			return e.PruneContainers(ctx, f)
		})
		r.Containers, r.ContainersSpaceReclaimed = append(r.Containers, done.ContainersDeleted...), done.SpaceReclaimed
		return len(r.Containers) > 0, err
	}
}

func (r *dockerPruneResult) images(e *engine) pruneFunc {
	return func(ctx context.Context, f client.Filters) (bool, error) {
		done, err := ask(ctx, e, func(ctx context.Context) (image.PruneReport, error) {
			return e.PruneImages(ctx, f)
		})
		for _, image := range done.ImagesDeleted {
			if image.Untagged != "" {
				r.Images = append(r.Images, map[string]string{"Untagged": image.Untagged})
			}
			if image.Deleted != "" {
				r.Images = append(r.Images, map[string]string{"Deleted": image.Deleted})
			}
		}
		r.ImagesSpaceReclaimed = done.SpaceReclaimed
		return len(r.Images) > 0, err
	}
}

func (r *dockerPruneResult) networks(e *engine) pruneFunc {
	return func(ctx context.Context, f client.Filters) (bool, error) {
		done, err := ask(ctx, e, func(ctx context.Context) (network.PruneReport, error) {
			return e.PruneNetworks(ctx, f)
		})
		r.Networks = append(r.Networks, done.NetworksDeleted...)
		return len(r.Networks) > 0, err
	}
}

func (r *dockerPruneResult) volumes(e *engine) pruneFunc {
	return func(ctx context.Context, f client.Filters) (bool, error) {
		done, err := ask(ctx, e, func(ctx context.Context) (volume.PruneReport, error) {
			return e.PruneVolumes(ctx, f)
		})
		r.Volumes, r.VolumesSpaceReclaimed = append(r.Volumes, done.VolumesDeleted...), done.SpaceReclaimed
		return len(r.Volumes) > 0, err
	}
}

func (r *dockerPruneResult) cache(e *engine, all bool, keep int64) pruneFunc {
	return func(ctx context.Context, f client.Filters) (bool, error) {
		done, err := ask(ctx, e, func(ctx context.Context) (build.CachePruneReport, error) {
			return e.PruneCache(ctx, all, keep, f)
		})
		r.BuilderCacheCachesDeleted, r.BuilderCacheSpaceReclaimed = append(r.BuilderCacheCachesDeleted, done.CachesDeleted...), done.SpaceReclaimed
		return len(r.BuilderCacheCachesDeleted) > 0, err
	}
}
