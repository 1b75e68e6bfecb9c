package client

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"github.com/moby/moby/api/types/image"
	"github.com/moby/moby/api/types/registry"
)

// Image is what the engine knows of an image.
type Image struct {
	image.InspectResponse
	Raw json.RawMessage // as the engine said it
}

// Image returns an image by name or ID.
func (c *Client) Image(ctx context.Context, name string) (Image, error) {
	answer, raw, err := callRaw[image.InspectResponse](ctx, c, request{method: http.MethodGet, path: []string{"images", name, "json"}})
	return Image{answer, raw}, err
}

// Images lists the images that are not parts of others.
func (c *Client) Images(ctx context.Context, f Filters) ([]image.Summary, error) {
	return call[[]image.Summary](ctx, c, request{method: http.MethodGet, path: []string{"images", "json"}, query: f.query()})
}

// RemoveImage removes a name of an image and, where it was the last one, the image
// with those of its parts that nothing else needs.
func (c *Client) RemoveImage(ctx context.Context, name string, force bool) error {
	q := url.Values{}
	if force {
		q.Set("force", "1")
	}
	return c.do(ctx, request{method: http.MethodDelete, path: []string{"images", name}, query: q})
}

// TagImage gives an image another name.
func (c *Client) TagImage(ctx context.Context, id, repository, tag string) error {
	return c.do(ctx, request{method: http.MethodPost, path: []string{"images", id, "tag"}, query: url.Values{"repo": {repository}, "tag": {tag}}})
}

// withLogin returns the header for a login, as its JSON in base64; empty is none.
func withLogin(login string) http.Header {
	if login == "" {
		return nil
	}
	return http.Header{registry.AuthHeader: {login}}
}

// PullImage brings an image from its registry: tag is a tag or a digest, platform
// may be empty. It returns what the engine reports, as messages in JSON.
func (c *Client) PullImage(ctx context.Context, repository, tag, platform, login string) (io.ReadCloser, error) {
	q := url.Values{"fromImage": {repository}, "tag": {tag}}
	if platform != "" {
		q.Set("platform", platform)
	}
	return c.stream(ctx, request{method: http.MethodPost, path: []string{"images", "create"}, query: q, header: withLogin(login)})
}

// PushImage brings an image to its registry; otherwise it is as PullImage.
func (c *Client) PushImage(ctx context.Context, repository, tag, login string) (io.ReadCloser, error) {
	if login == "" {
		login = "e30=" // {}: older engines want one
	}
	return c.stream(ctx, request{method: http.MethodPost, path: []string{"images", repository, "push"}, query: url.Values{"tag": {tag}}, header: withLogin(login)})
}

// SaveImage returns an image as a tar.
func (c *Client) SaveImage(ctx context.Context, name string) (io.ReadCloser, error) {
	return c.stream(ctx, request{method: http.MethodGet, path: []string{"images", "get"}, query: url.Values{"names": {name}}})
}

// LoadImage reads images from a tar. It returns what the engine reports, as
// messages in JSON.
func (c *Client) LoadImage(ctx context.Context, tar io.Reader) (io.ReadCloser, error) {
	return c.stream(ctx, request{method: http.MethodPost, path: []string{"images", "load"}, query: url.Values{"quiet": {"1"}}, body: tar})
}

// Build is how an image is built.
type Build struct {
	Tag, Dockerfile, Target, Network, Platform string
	Args, Labels                               map[string]string
	ExtraHosts, CacheFrom                      []string
	NoCache, Pull, KeepContainers              bool
	ShmSize                                    int64 // bytes; 0 is the engine's own
}

func (b *Build) query() url.Values {
	q := url.Values{}
	for key, value := range map[string]string{"t": b.Tag, "dockerfile": b.Dockerfile, "target": b.Target, "networkmode": b.Network, "platform": b.Platform} {
		if value != "" {
			q.Set(key, value)
		}
	}
	for key, on := range map[string]bool{"nocache": b.NoCache, "pull": b.Pull, "forcerm": !b.KeepContainers} {
		if on {
			q.Set(key, "1")
		}
	}
	if b.KeepContainers {
		q.Set("rm", "0")
	}
	for key, values := range map[string]map[string]string{"buildargs": b.Args, "labels": b.Labels} {
		if len(values) > 0 {
			q.Set(key, asJSON(values))
		}
	}
	if len(b.CacheFrom) > 0 {
		q.Set("cachefrom", asJSON(b.CacheFrom))
	}
	for _, host := range b.ExtraHosts {
		q.Add("extrahosts", host)
	}
	if b.ShmSize != 0 {
		q.Set("shmsize", strconv.FormatInt(b.ShmSize, 10))
	}
	return q
}

// BuildImage builds an image from a folder as a tar. It returns what the engine
// reports, as messages in JSON.
func (c *Client) BuildImage(ctx context.Context, tar io.Reader, b Build) (io.ReadCloser, error) {
	return c.stream(ctx, request{method: http.MethodPost, path: []string{"build"}, query: b.query(), body: tar})
}

// InRegistry returns what the registry has under a name.
func (c *Client) InRegistry(ctx context.Context, name, login string) (registry.DistributionInspect, error) {
	return call[registry.DistributionInspect](ctx, c, request{method: http.MethodGet, path: []string{"distribution", name, "json"}, header: withLogin(login)})
}

// Login has the engine try a login at a registry.
func (c *Client) Login(ctx context.Context, login registry.AuthConfig) (registry.AuthResponse, error) {
	return call[registry.AuthResponse](ctx, c, request{method: http.MethodPost, path: []string{"auth"}, body: login})
}
