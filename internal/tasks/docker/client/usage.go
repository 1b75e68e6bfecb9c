package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/moby/moby/api/types/build"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/image"
	"github.com/moby/moby/api/types/system"
	"github.com/moby/moby/api/types/volume"
)

// Usage is the disk space that things of one kind take, in bytes.
type Usage[T any] struct {
	ActiveCount, TotalCount, Reclaimable, TotalSize int64

	Items []T // where they were asked for
}

// add counts one thing of which so many bytes are its own.
func (u *Usage[T]) add(size int64, active bool) {
	u.TotalCount++
	u.TotalSize += size
	if active {
		u.ActiveCount++
	} else {
		u.Reclaimable += size
	}
}

// DiskUsage is the disk space that the engine takes.
type DiskUsage struct {
	Containers Usage[container.Summary]
	Images     Usage[image.Summary]
	BuildCache Usage[build.CacheRecord]
	Volumes    Usage[volume.Volume]
}

// DiskUsage returns what the kinds ("container", "image", "volume", "build-cache")
// take, each thing for itself where items are wanted.
func (c *Client) DiskUsage(ctx context.Context, items bool, kinds ...string) (DiskUsage, error) {
	q := url.Values{"type": kinds}
	if items {
		q.Set("verbose", "1")
	}
	r := request{method: http.MethodGet, path: []string{"system", "df"}, query: q}
	var out DiskUsage
	if c.minor < 52 {
		lists, err := call[usageLists](ctx, c, r)
		return lists.sum(items), err
	}
	answer, err := call[system.DiskUsage](ctx, c, r)
	if err != nil {
		return out, err
	}
	// The engine's type of each kind has the fields of Usage, by the same names.
	for from, to := range map[any]any{answer.ContainerUsage: &out.Containers, answer.ImageUsage: &out.Images,
		answer.BuildCacheUsage: &out.BuildCache, answer.VolumeUsage: &out.Volumes} {
		data, err := json.Marshal(from)
		if err == nil {
			err = json.Unmarshal(data, to)
		}
		if err != nil {
			return out, err
		}
	}
	return out, nil
}

// usageLists is the answer before API 1.52, which leaves adding up to the client.
type usageLists struct {
	LayersSize int64
	Images     []image.Summary
	Containers []container.Summary
	Volumes    []volume.Volume
	BuildCache []build.CacheRecord
}

func (l *usageLists) sum(items bool) DiskUsage {
	var out DiskUsage
	for _, i := range l.Images {
		own := int64(0)
		if i.Containers == 0 && i.Size != -1 && i.SharedSize != -1 {
			own = i.Size - i.SharedSize
		}
		out.Images.add(own, i.Containers > 0)
	}
	out.Images.TotalSize = l.LayersSize // layers that images share count once
	for _, c := range l.Containers {
		out.Containers.add(c.SizeRw, c.State == container.StateRunning || c.State == container.StatePaused || c.State == container.StateRestarting)
	}
	for _, v := range l.Volumes {
		if v.UsageData == nil {
			out.Volumes.TotalCount++
			continue
		}
		out.Volumes.add(max(v.UsageData.Size, 0), v.UsageData.RefCount > 0)
	}
	for _, b := range l.BuildCache {
		own := b.Size
		if b.Shared {
			own = 0
		}
		out.BuildCache.add(own, b.InUse)
	}
	if items {
		out.Images.Items, out.Containers.Items, out.Volumes.Items, out.BuildCache.Items = l.Images, l.Containers, l.Volumes, l.BuildCache
	}
	return out
}
