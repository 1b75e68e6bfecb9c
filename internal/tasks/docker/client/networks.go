package client

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/api/types/volume"
)

// Network is what the engine knows of a network.
type Network struct {
	network.Inspect
	Raw json.RawMessage // as the engine said it
}

// Network returns a network by its name or ID.
func (c *Client) Network(ctx context.Context, name string) (Network, error) {
	answer, raw, err := callRaw[network.Inspect](ctx, c, request{method: http.MethodGet, path: []string{"networks", name}})
	return Network{answer, raw}, err
}

// Networks lists the networks.
func (c *Client) Networks(ctx context.Context, f Filters) ([]network.Summary, error) {
	return call[[]network.Summary](ctx, c, request{method: http.MethodGet, path: []string{"networks"}, query: f.query()})
}

// CreateNetwork makes a network.
func (c *Client) CreateNetwork(ctx context.Context, n network.CreateRequest) (network.CreateResponse, error) {
	return call[network.CreateResponse](ctx, c, request{method: http.MethodPost, path: []string{"networks", "create"}, body: n})
}

// RemoveNetwork removes a network that nobody uses.
func (c *Client) RemoveNetwork(ctx context.Context, id string) error {
	return c.do(ctx, request{method: http.MethodDelete, path: []string{"networks", id}})
}

// JoinNetwork connects a container to a network.
func (c *Client) JoinNetwork(ctx context.Context, name, container string, settings *network.EndpointSettings) error {
	return c.do(ctx, request{method: http.MethodPost, path: []string{"networks", name, "connect"},
		body: network.ConnectRequest{Container: container, EndpointConfig: settings}})
}

// LeaveNetwork disconnects a container; with force one that is no more, too.
func (c *Client) LeaveNetwork(ctx context.Context, name, container string, force bool) error {
	return c.do(ctx, request{method: http.MethodPost, path: []string{"networks", name, "disconnect"},
		body: network.DisconnectRequest{Container: container, Force: force}})
}

// Volume is what the engine knows of a volume.
type Volume struct {
	volume.Volume
	Raw json.RawMessage // as the engine said it
}

// Volume returns a volume.
func (c *Client) Volume(ctx context.Context, name string) (Volume, error) {
	answer, raw, err := callRaw[volume.Volume](ctx, c, request{method: http.MethodGet, path: []string{"volumes", name}})
	return Volume{answer, raw}, err
}

// Volumes lists the volumes.
func (c *Client) Volumes(ctx context.Context, f Filters) ([]volume.Volume, error) {
	answer, err := call[volume.ListResponse](ctx, c, request{method: http.MethodGet, path: []string{"volumes"}, query: f.query()})
	return answer.Volumes, err
}

// CreateVolume makes a volume.
func (c *Client) CreateVolume(ctx context.Context, v volume.CreateRequest) error {
	return c.do(ctx, request{method: http.MethodPost, path: []string{"volumes", "create"}, body: v})
}

// RemoveVolume removes a volume that nobody uses.
func (c *Client) RemoveVolume(ctx context.Context, name string) error {
	return c.do(ctx, request{method: http.MethodDelete, path: []string{"volumes", name}})
}
