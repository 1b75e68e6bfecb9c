package client

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
)

// Container is what the engine knows of a container.
type Container struct {
	container.InspectResponse
	Raw json.RawMessage // as the engine said it
}

func containerPath(id string, more ...string) []string {
	return append([]string{"containers", id}, more...)
}

// Container returns a container by its name or ID.
func (c *Client) Container(ctx context.Context, id string) (Container, error) {
	answer, raw, err := callRaw[container.InspectResponse](ctx, c, request{method: http.MethodGet, path: containerPath(id, "json")})
	return Container{answer, raw}, err
}

// Containers lists the containers that run or, with all, every one.
func (c *Client) Containers(ctx context.Context, all bool, f Filters) ([]container.Summary, error) {
	q := f.query()
	if all {
		q.Set("all", "1")
	}
	return call[[]container.Summary](ctx, c, request{method: http.MethodGet, path: []string{"containers", "json"}, query: q})
}

// NewContainer is a container that is to be made.
type NewContainer struct {
	Name     string
	Platform string // os/arch[/variant]; empty is the engine's own
	Config   *container.Config
	Host     *container.HostConfig
	Network  *network.NetworkingConfig
}

// CreateContainer makes a container.
func (c *Client) CreateContainer(ctx context.Context, n NewContainer) (container.CreateResponse, error) {
	q := url.Values{}
	for key, value := range map[string]string{"name": n.Name, "platform": n.Platform} {
		if value != "" {
			q.Set(key, value)
		}
	}
	body := container.CreateRequest{Config: n.Config, NetworkingConfig: n.Network}
	if n.Host != nil {
		host := *n.Host
		host.CapAdd, host.CapDrop = capabilities(host.CapAdd), capabilities(host.CapDrop)
		body.HostConfig = &host
	}
	return call[container.CreateResponse](ctx, c, request{method: http.MethodPost, path: []string{"containers", "create"}, query: q, body: body})
}

// capabilities writes names of capabilities as the kernel does, each once and sorted:
// older engines take no others.
func capabilities(names []string) []string {
	out := slices.Clone(names)
	for i, name := range out {
		if name = strings.ToUpper(name); name != "ALL" && !strings.HasPrefix(name, "CAP_") {
			name = "CAP_" + name
		}
		out[i] = name
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// tell makes a request about a container that is answered by being done.
func (c *Client) tell(ctx context.Context, id, verb string, q url.Values) error {
	return c.do(ctx, request{method: http.MethodPost, path: containerPath(id, verb), query: q})
}

// StartContainer starts a container. One that runs is left.
func (c *Client) StartContainer(ctx context.Context, id string) error {
	return c.tell(ctx, id, "start", nil)
}

// StopContainer stops a container and waits so many seconds before it is killed;
// nil is as many as the container itself says.
func (c *Client) StopContainer(ctx context.Context, id string, seconds *int) error {
	return c.tell(ctx, id, "stop", grace(seconds))
}

// RestartContainer is StopContainer and StartContainer.
func (c *Client) RestartContainer(ctx context.Context, id string, seconds *int) error {
	return c.tell(ctx, id, "restart", grace(seconds))
}

func grace(seconds *int) url.Values {
	if seconds == nil {
		return nil
	}
	return url.Values{"t": {strconv.Itoa(*seconds)}}
}

// KillContainer sends a signal; an empty one is KILL.
func (c *Client) KillContainer(ctx context.Context, id, signal string) error {
	if signal == "" {
		return c.tell(ctx, id, "kill", nil)
	}
	return c.tell(ctx, id, "kill", url.Values{"signal": {signal}})
}

// PauseContainer pauses a container, or lets it go on.
func (c *Client) PauseContainer(ctx context.Context, id string, pause bool) error {
	if pause {
		return c.tell(ctx, id, "pause", nil)
	}
	return c.tell(ctx, id, "unpause", nil)
}

// RenameContainer gives a container another name.
func (c *Client) RenameContainer(ctx context.Context, id, name string) error {
	return c.tell(ctx, id, "rename", url.Values{"name": {name}})
}

// RemoveContainer removes a container although it runs, with its unnamed volumes
// where these are not wanted either.
func (c *Client) RemoveContainer(ctx context.Context, id string, volumes bool) error {
	q := url.Values{"force": {"1"}}
	if volumes {
		q.Set("v", "1")
	}
	return c.do(ctx, request{method: http.MethodDelete, path: containerPath(id), query: q})
}

// UpdateContainer changes what a container may use, and when it is restarted. It
// returns the engine's warnings.
func (c *Client) UpdateContainer(ctx context.Context, id string, u container.UpdateConfig) ([]string, error) {
	answer, err := call[container.UpdateResponse](ctx, c, request{method: http.MethodPost, path: containerPath(id, "update"), body: u})
	return answer.Warnings, err
}

// LogsOfContainer returns the end of what a container has written, so many lines;
// empty is all. It is in the engine's frames unless the container has a terminal.
func (c *Client) LogsOfContainer(ctx context.Context, id, lines string) (io.ReadCloser, error) {
	q := url.Values{"stdout": {"1"}, "stderr": {"1"}}
	if lines != "" && lines != "all" {
		q.Set("tail", lines)
	}
	return c.stream(ctx, request{method: http.MethodGet, path: containerPath(id, "logs"), query: q})
}

// Ending is how a container ends: one of the channels gets one value.
type Ending struct {
	Result <-chan container.WaitResponse
	Error  <-chan error
}

// NextEnd returns where the next end of a container will be told. It returns once
// the engine waits for it.
func (c *Client) NextEnd(ctx context.Context, id string) Ending {
	result, failed := make(chan container.WaitResponse, 1), make(chan error, 1)
	body, err := c.stream(ctx, request{method: http.MethodPost, path: containerPath(id, "wait"),
		query: url.Values{"condition": {string(container.WaitConditionNextExit)}}})
	if err != nil {
		failed <- err
		return Ending{result, failed}
	}
	go func() { // it ends with the answer, or with ctx
		defer body.Close()
		var answer container.WaitResponse
		if err := json.NewDecoder(body).Decode(&answer); err != nil {
			failed <- err
			return
		}
		result <- answer
	}()
	return Ending{result, failed}
}
