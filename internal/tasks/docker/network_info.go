package docker

import (
	"context"
	"encoding/json"

	"fleet/internal/spec"
	"fleet/internal/tasks/docker/client"
	"fleet/internal/tasks/sys"
)

// NetworkInfo tells what the engine reports of a network. It changes nothing.
//
// Example:
//
//	tasks:
//	  - docker_network_info:
//	      name: backend
//	    register: backend
var NetworkInfo = sys.Define(spec.Module{
	Name:  "docker_network_info",
	Names: []string{"community.docker.docker_network_info", "community.general.docker_network_info"},
}, networkInfo)

type dockerNetworkInfoArgs struct {
	engineArgs
	// The network's name or ID.
	Name string `arg:"name,required"`
}

type dockerNetworkInfoResult struct {
	// Whether the network exists.
	Exists bool `json:"exists"`
	// What the engine reports of it, by the names of its API; null where it does not exist.
	Network map[string]any `json:"network"`
	// What did not stop the task but should be known.
	Warnings []string `json:"warnings,omitempty"`
}

func networkInfo(ctx context.Context, m *sys.Machine, a *dockerNetworkInfoArgs) (any, error) {
	e, err := connect(ctx, m, &a.engineArgs)
	if err != nil {
		return nil, err
	}
	defer e.Close()
	result := &dockerNetworkInfoResult{Warnings: e.warnings}
	found, err := lookup(ctx, e, func(ctx context.Context) (client.Network, error) {
		return e.Network(ctx, a.Name)
	})
	if found == nil || err != nil {
		return result, err
	}
	result.Exists = true
	return result, json.Unmarshal(found.Raw, &result.Network)
}
