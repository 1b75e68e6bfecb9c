package docker

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/moby/moby/api/types/volume"

	"fleet/internal/spec"
	"fleet/internal/tasks/docker/client"
	"fleet/internal/tasks/sys"
)

// Volume makes and removes named volumes. A volume that is there keeps its
// data: it is made anew only where recreate asks for it.
//
// Example:
//
//	tasks:
//	  - docker_volume:
//	      name: mysql-data
var Volume = sys.Define(spec.Module{
	Name:  "docker_volume",
	Names: []string{"community.docker.docker_volume", "community.general.docker_volume"},
}, runVolume)

type dockerVolumeArgs struct {
	engineArgs
	// The volume's name.
	Name string `arg:"volume_name,required" alias:"name"`
	// Whether the volume is to be there (present) or not (absent).
	State string `arg:"state" choices:"absent,present" default:"present"`
	// The volume's driver.
	Driver string `arg:"driver" default:"local"`
	// Options of the driver.
	DriverOptions map[string]any `arg:"driver_options"`
	// Labels.
	Labels map[string]any `arg:"labels"`
	// When a volume that is there is removed, with its data, and made anew: never,
	// always, or when its driver, options or labels differ (options-changed).
	Recreate string `arg:"recreate" choices:"always,never,options-changed" default:"never"`
}

type dockerVolumeResult struct {
	// What the engine reports of the volume, by the names of its API. Empty where it is absent.
	Volume map[string]any `json:"volume"`
	// What did not stop the task but should be known.
	Warnings []string `json:"warnings,omitempty"`
}

// volumeTask is one call of docker_volume.
type volumeTask struct {
	*engine
	args    *dockerVolumeArgs
	options map[string]string
	labels  map[string]string
	have    *client.Volume // nil where there is none
}

func runVolume(ctx context.Context, m *sys.Machine, a *dockerVolumeArgs) (any, error) {
	e, err := connect(ctx, m, &a.engineArgs)
	if err != nil {
		return nil, err
	}
	defer e.Close()
	t := &volumeTask{engine: e, args: a, options: texts(a.DriverOptions), labels: texts(a.Labels)}
	result := &dockerVolumeResult{Volume: map[string]any{}}
	err = settle(ctx, t, a.State, &result.Volume)
	result.Warnings = e.warnings
	return result, err
}

func (t *volumeTask) look(ctx context.Context) (err error) {
	t.have, err = lookup(ctx, t.engine, func(ctx context.Context) (client.Volume, error) {
		return t.Volume(ctx, t.args.Name)
	})
	return err
}

func (t *volumeTask) shown() json.RawMessage {
	if t.have == nil {
		return nil
	}
	return t.have.Raw
}

func (t *volumeTask) present(ctx context.Context) error {
	if t.have == nil {
		return t.m.Change(ctx, sys.Change{What: "create volume " + t.args.Name, Do: t.make})
	}
	diffs := t.differences()
	if t.args.Recreate == "always" || t.args.Recreate == "options-changed" && len(diffs) > 0 {
		before, after := describe(t.args.Name, diffs)
		return t.m.Change(ctx, sys.Change{
			What:   fmt.Sprintf("recreate volume %s: %s", t.args.Name, reasons(diffs)),
			Before: before, After: after, BeforeName: "volume " + t.args.Name, AfterName: "volume " + t.args.Name,
			Do: func(ctx context.Context) error {
				if err := t.remove(ctx); err != nil {
					return err
				}
				return t.make(ctx)
			},
		})
	}
	for _, d := range diffs {
		t.warnings = append(t.warnings, fmt.Sprintf("volume %s: %s is %q and not %q: recreate: options-changed makes it anew, without its data",
			t.args.Name, d.where, d.before, d.after))
	}
	return nil
}

func (t *volumeTask) differences() []difference {
	have := t.have.Volume
	var diffs []difference
	if have.Driver != t.args.Driver {
		diffs = append(diffs, difference{where: "driver", before: have.Driver, after: t.args.Driver})
	}
	for _, k := range sortedKeys(t.options) {
		if have.Options[k] != t.options[k] {
			diffs = append(diffs, difference{where: "driver_options." + k, before: have.Options[k], after: t.options[k]})
		}
	}
	for _, k := range sortedKeys(t.labels) {
		if have.Labels[k] != t.labels[k] {
			diffs = append(diffs, difference{where: "labels." + k, before: have.Labels[k], after: t.labels[k]})
		}
	}
	return diffs
}

func (t *volumeTask) make(ctx context.Context) error {
	err := do(ctx, t.engine, func(ctx context.Context) error {
		return t.CreateVolume(ctx, volume.CreateRequest{Name: t.args.Name, Driver: t.args.Driver, DriverOpts: t.options, Labels: t.labels})
	})
	if err != nil {
		return fmt.Errorf("volume %q cannot be created: %w", t.args.Name, err)
	}
	return nil
}

func (t *volumeTask) absent(ctx context.Context) error {
	if t.have == nil {
		return nil
	}
	return t.m.Change(ctx, sys.Change{What: "remove volume " + t.args.Name, Do: t.remove})
}

func (t *volumeTask) remove(ctx context.Context) error {
	err := do(ctx, t.engine, func(ctx context.Context) error {
		return t.RemoveVolume(ctx, t.args.Name)
	})
	if err != nil {
		return fmt.Errorf("volume %q cannot be removed: %w", t.args.Name, err)
	}
	return nil
}
