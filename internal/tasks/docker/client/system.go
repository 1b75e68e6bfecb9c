package client

import (
	"context"
	"net/http"
	"strconv"

	"github.com/moby/moby/api/types/build"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/image"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/api/types/system"
	"github.com/moby/moby/api/types/volume"
)

// Info returns what the engine says about itself and its machine.
func (c *Client) Info(ctx context.Context) (system.Info, error) {
	return call[system.Info](ctx, c, request{method: http.MethodGet, path: []string{"info"}})
}

// prune removes what is not used of a kind.
func prune[T any](ctx context.Context, c *Client, kind string, f Filters) (T, error) {
	return call[T](ctx, c, request{method: http.MethodPost, path: []string{kind, "prune"}, query: f.query()})
}

// PruneContainers removes containers that do not run.
func (c *Client) PruneContainers(ctx context.Context, f Filters) (container.PruneReport, error) {
	return prune[container.PruneReport](ctx, c, "containers", f)
}

// PruneImages removes images that nothing uses.
func (c *Client) PruneImages(ctx context.Context, f Filters) (image.PruneReport, error) {
	return prune[image.PruneReport](ctx, c, "images", f)
}

// PruneNetworks removes networks that nothing uses.
func (c *Client) PruneNetworks(ctx context.Context, f Filters) (network.PruneReport, error) {
	return prune[network.PruneReport](ctx, c, "networks", f)
}

// PruneVolumes removes volumes that nothing uses.
func (c *Client) PruneVolumes(ctx context.Context, f Filters) (volume.PruneReport, error) {
	return prune[volume.PruneReport](ctx, c, "volumes", f)
}

// PruneCache removes what builds have left, down to so many bytes where keep is not 0.
func (c *Client) PruneCache(ctx context.Context, all bool, keep int64, f Filters) (build.CachePruneReport, error) {
	q := f.query()
	if all {
		q.Set("all", "1")
	}
	if keep != 0 && c.minor < 48 {
		q.Set("keep-storage", strconv.FormatInt(keep, 10))
	} else if keep != 0 {
		q.Set("reserved-space", strconv.FormatInt(keep, 10))
	}
	return call[build.CachePruneReport](ctx, c, request{method: http.MethodPost, path: []string{"build", "prune"}, query: q})
}
