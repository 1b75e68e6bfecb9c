package docker

import (
	"context"
	"encoding/json"

	"fleet/internal/spec"
	"fleet/internal/tasks/docker/client"
	"fleet/internal/tasks/sys"
)

// VolumeInfo tells what the engine reports of a volume. It changes nothing.
//
// Example:
//
//	tasks:
//	  - docker_volume_info:
//	      name: mysql-data
//	    register: data
var VolumeInfo = sys.Define(spec.Module{
	Name:  "docker_volume_info",
	Names: []string{"community.docker.docker_volume_info", "community.general.docker_volume_info"},
}, volumeInfo)

type dockerVolumeInfoArgs struct {
	engineArgs
	// The volume's name.
	Name string `arg:"name,required" alias:"volume_name"`
}

type dockerVolumeInfoResult struct {
	// Whether the volume exists.
	Exists bool `json:"exists"`
	// What the engine reports of it, by the names of its API; null where it does not exist.
	Volume map[string]any `json:"volume"`
	// What did not stop the task but should be known.
	Warnings []string `json:"warnings,omitempty"`
}

func volumeInfo(ctx context.Context, m *sys.Machine, a *dockerVolumeInfoArgs) (any, error) {
	e, err := connect(ctx, m, &a.engineArgs)
	if err != nil {
		return nil, err
	}
	defer e.Close()
	result := &dockerVolumeInfoResult{Warnings: e.warnings}
	found, err := lookup(ctx, e, func(ctx context.Context) (client.Volume, error) {
		return e.Volume(ctx, a.Name)
	})
	if found == nil || err != nil {
		return result, err
	}
	result.Exists = true
	return result, json.Unmarshal(found.Raw, &result.Volume)
}
