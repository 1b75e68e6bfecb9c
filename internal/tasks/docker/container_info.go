package docker

import (
	"context"

	"fleet/internal/spec"
	"fleet/internal/tasks/docker/client"
	"fleet/internal/tasks/sys"
)

// ContainerInfo tells what the engine reports of a container. It changes nothing.
//
// Example:
//
//	tasks:
//	  - docker_container_info:
//	      name: redis
//	    register: redis
var ContainerInfo = sys.Define(spec.Module{
	Name:  "docker_container_info",
	Names: []string{"community.docker.docker_container_info", "community.general.docker_container_info"},
}, containerInfo)

type dockerContainerInfoArgs struct {
	engineArgs
	// The container's name or ID.
	Name string `arg:"name,required"`
}

type dockerContainerInfoResult struct {
	// Whether the container exists.
	Exists bool `json:"exists"`
	// What the engine reports of it, by the names of its API; null where it does not exist.
	Container map[string]any `json:"container"`
	// What did not stop the task but should be known.
	Warnings []string `json:"warnings,omitempty"`
}

func containerInfo(ctx context.Context, m *sys.Machine, a *dockerContainerInfoArgs) (any, error) {
	e, err := connect(ctx, m, &a.engineArgs)
	if err != nil {
		return nil, err
	}
	defer e.Close()
	result := &dockerContainerInfoResult{Warnings: e.warnings}
	found, err := lookup(ctx, e, func(ctx context.Context) (client.Container, error) {
		return e.Container(ctx, a.Name)
	})
	if found == nil || err != nil {
		return result, err
	}
	result.Exists = true
	result.Container, err = inspected(found.Raw)
	return result, err
}
