package docker

import (
	"context"
	"encoding/json"

	"github.com/moby/moby/api/types/image"

	"fleet/internal/spec"
	"fleet/internal/tasks/docker/client"
	"fleet/internal/tasks/sys"
)

// ImageInfo tells what the engine reports of images that it has. It changes
// nothing, and asks no registry.
//
// Example:
//
//	tasks:
//	  - docker_image_info:
//	      name: redis:7
//	    register: redis
//	  - debug:
//	      msg: "redis is here"
//	    when: redis.images
var ImageInfo = sys.Define(spec.Module{
	Name:  "docker_image_info",
	Names: []string{"community.docker.docker_image_info", "community.general.docker_image_info"},
}, imageInfo)

type dockerImageInfoArgs struct {
	engineArgs
	// The images, by name with an optional tag (latest), or by ID. Without it, all.
	Name []string `arg:"name"`
}

type dockerImageInfoResult struct {
	// What the engine reports of them, by the names of its API. Those that are not
	// there are left out.
	Images []map[string]any `json:"images"`
	// What did not stop the task but should be known.
	Warnings []string `json:"warnings,omitempty"`
}

func imageInfo(ctx context.Context, m *sys.Machine, a *dockerImageInfoArgs) (any, error) {
	e, err := connect(ctx, m, &a.engineArgs)
	if err != nil {
		return nil, err
	}
	defer e.Close()
	result := &dockerImageInfoResult{Images: []map[string]any{}, Warnings: e.warnings}
	names := a.Name
	if len(names) == 0 && !e.missing {
		all, err := ask(ctx, e, func(ctx context.Context) ([]image.Summary, error) {
			return e.Images(ctx, nil)
		})
		if err != nil {
			return nil, err
		}
		for _, image := range all {
			names = append(names, image.ID)
		}
	}
	for _, name := range names {
		found, err := lookup(ctx, e, func(ctx context.Context) (client.Image, error) { return e.Image(ctx, name) })
		if err != nil {
			return nil, err
		}
		if found == nil {
			continue
		}
		data, err := json.Marshal(found.InspectResponse)
		if err != nil {
			return nil, err
		}
		image := map[string]any{}
		if err := json.Unmarshal(data, &image); err != nil {
			return nil, err
		}
		result.Images = append(result.Images, image)
	}
	return result, nil
}
