package docker

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/image"

	"fleet/internal/spec"
	"fleet/internal/tasks/docker/client"
	"fleet/internal/tasks/sys"
)

// Container brings a container into a state: it makes, starts, stops and
// removes it. What was asked is compared field by field with what the engine
// reports, with the image's own defaults taken in; arguments that are not given
// are not compared. A container is only made anew on a real difference, and the
// change says which one. What the engine can change on a running container, as
// memory and restart_policy, is changed without a new one. A new container that
// cannot be started is removed again, and the old one is put back.
//
// Example:
//
//	tasks:
//	  - docker_container:
//	      name: redis
//	      image: registry.example.com/redis:7.4
//	      command: --requirepass {{ redis_password }}
//	      published_ports: ["16379:6379"]
//	      restart_policy: unless-stopped
//	    register: redis
var Container = sys.Define(spec.Module{
	Name:  "docker_container",
	Names: []string{"community.docker.docker_container", "community.general.docker_container"},
}, runContainer)

type dockerContainerResult struct {
	// What the engine reports of the container, by the names of its API, as
	// NetworkSettings.Networks.bridge.IPAddress. Empty where it does not exist.
	Container any `json:"container"`
	// The exit code of the command, with detach false.
	Status *int64 `json:"status,omitempty"`
	// What did not stop the task but should be known.
	Warnings []string `json:"warnings,omitempty"`
}

// containerTask is one call of docker_container.
type containerTask struct {
	*engine
	args  *dockerContainerArgs
	given map[string]bool
	rules map[string]string
	want  containerSpec
	image imageWish

	have   *container.InspectResponse // nil where there is none
	raw    json.RawMessage
	ended  *client.Ending // of the start, with detach false
	output *string
	status *int64
}

func runContainer(ctx context.Context, m *sys.Machine, a *dockerContainerArgs) (any, error) {
	t, err := newContainerTask(m, a)
	if err != nil {
		return nil, err
	}
	if t.engine, err = connect(ctx, m, &a.engineArgs); err != nil {
		return nil, err
	}
	defer t.Close()
	if err := t.look(ctx); err != nil {
		return nil, err
	}
	if a.State == "absent" {
		err = t.absent(ctx)
	} else {
		err = t.present(ctx)
	}
	result, rerr := t.result(ctx)
	if err == nil {
		err = rerr
	}
	return result, err
}

// newContainerTask checks all that can be known without the engine.
func newContainerTask(m *sys.Machine, a *dockerContainerArgs) (*containerTask, error) {
	t := &containerTask{args: a, given: givenArgs(reflect.ValueOf(a).Elem(), map[string]bool{})}
	var err error
	if t.rules, err = rules(a); err != nil {
		return nil, err
	}
	if t.want, err = newSpec(m, a); err != nil {
		return nil, err
	}
	if t.image.when, err = pullRule(a.Pull); err != nil || a.Image == "" {
		return t, err
	}
	t.image.platform = a.Platform
	if t.image.name, err = parseImage(a.Image); err != nil {
		return nil, err
	}
	t.image.logins, err = readLogins(m, "")
	return t, err
}

func pullRule(v any) (string, error) {
	switch v := v.(type) {
	case bool:
		if v {
			return pullAlways, nil
		}
		return pullMissing, nil
	case string:
		switch strings.ToLower(v) {
		case "missing", "no", "false":
			return pullMissing, nil
		case "always", "yes", "true":
			return pullAlways, nil
		case "never":
			return pullNever, nil
		}
	}
	return "", fmt.Errorf("argument \"pull\" is %v, which is none of never, missing, always", v)
}

// givenArgs adds the names of the arguments that the user gave.
func givenArgs(v reflect.Value, names map[string]bool) map[string]bool {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.Anonymous {
			givenArgs(v.Field(i), names)
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("arg"), ",")
		names[name] = !v.Field(i).IsZero()
	}
	return names
}

// look reads the container as it is.
func (t *containerTask) look(ctx context.Context) error {
	found, err := lookup(ctx, t.engine, func(ctx context.Context) (client.Container, error) {
		return t.Container(ctx, t.args.Name)
	})
	t.have, t.raw = nil, nil
	if found != nil {
		t.have, t.raw = &found.InspectResponse, found.Raw
	}
	return err
}

// present brings the container to every state but absent.
func (t *containerTask) present(ctx context.Context) error {
	img, err := t.wantedImage(ctx)
	if err != nil {
		return err
	}
	if err := t.resolveNetworkMode(ctx); err != nil {
		return err
	}
	if t.have == nil {
		return t.create(ctx)
	}
	diffs := t.differences(img)
	switch {
	case t.args.Recreate || slices.ContainsFunc(diffs, func(d difference) bool { return !d.updatable() }):
		return t.recreate(ctx, diffs)
	case len(diffs) > 0:
		if err := t.update(ctx, diffs); err != nil {
			return err
		}
	}
	if err := t.reconcileNetworks(ctx); err != nil {
		return err
	}
	return t.reachState(ctx)
}

// wantedImage returns the image that the container is to be of. It is nil where
// nobody knows it: in check mode before a pull, or where the container's own
// image is gone.
func (t *containerTask) wantedImage(ctx context.Context) (*image.InspectResponse, error) {
	if t.args.Image != "" && (t.have == nil || t.rules["image"] != ignore) {
		return t.image.ensure(ctx, t.engine)
	}
	if t.have == nil {
		return nil, fmt.Errorf("container %q does not exist, and no image is given to make it from", t.args.Name)
	}
	img, err := t.engine.image(ctx, t.have.Config.Image)
	if img != nil && img.ID == t.have.Image {
		t.want.config.Image = t.have.Config.Image
		return img, nil
	}
	if err != nil {
		return nil, err
	}
	t.want.config.Image = t.have.Image // its name has gone to another image
	return t.engine.image(ctx, t.have.Image)
}

// differences compares the container with what was asked for.
func (t *containerTask) differences(img *image.InspectResponse) []difference {
	diffs := t.imageDifference(img)
	want := t.want
	if len(diffs) == 0 {
		// Of another image, what differs by its defaults alone goes without saying.
		want = want.withImage(img)
	}
	have := containerSpec{t.have.Config, t.have.HostConfig}
	for _, o := range options {
		if t.asked(o.name) {
			diffs = append(diffs, o.compare(want, have, t.rules[o.name])...)
		}
	}
	return diffs
}

// asked reports whether the user gave an option, also by an argument of another name.
func (t *containerTask) asked(name string) bool {
	switch name {
	case "env":
		return t.given["env"] || t.given["env_file"]
	case "network_mode":
		return t.want.host.NetworkMode != ""
	case "publish_all_ports":
		return t.given[name] || t.want.host.PublishAllPorts
	}
	return t.given[name]
}

func (t *containerTask) imageDifference(img *image.InspectResponse) []difference {
	if t.args.Image == "" || t.rules["image"] == ignore || img == nil {
		return nil
	}
	before, after := t.have.Config.Image, t.image.name.String()
	if img.ID != t.have.Image {
		return []difference{{option: "image", where: "image", before: before + " " + shortID(t.have.Image), after: after + " " + shortID(img.ID)}}
	}
	if old, err := parseImage(before); t.args.ImageNameMismatch == "recreate" && (err != nil || old.String() != after) {
		return []difference{{option: "image", where: "image", before: before, after: after}}
	}
	return nil
}

func shortID(id string) string {
	id = strings.TrimPrefix(id, "sha256:")
	return id[:min(len(id), 12)]
}
